"""What the settings of several rooms share: kinds of values, and errors that name variable, value and remedy."""
