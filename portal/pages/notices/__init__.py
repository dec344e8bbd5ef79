"""The pages of call notices: what is set for a number, the forms that change it, and why a call came without a mail."""
