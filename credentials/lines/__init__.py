"""Lines and their numbers: the form of a number, the file of lines, and its import."""
