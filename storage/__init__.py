"""The base of every table: the border to the database, its migrations, the clock, private files."""
