"""The pages of one-time passwords: the choice, the code at a login, the address and its link, the confirmation."""
