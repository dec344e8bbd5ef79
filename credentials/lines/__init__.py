"""Lines and their numbers: what a number is, what the file of lines says, how it is taken over."""
