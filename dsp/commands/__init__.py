"""What commands have in common: the option that names a channel, and a group whose help is shown at once."""
