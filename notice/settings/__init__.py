"""What a number has chosen about its call notices: `model` has the values, `checking` the rules, `table` the rows."""
