"""Checks of what is kept: the database, its disk, its key, and who else can read it."""
