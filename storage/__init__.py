"""What every table stands on: the border to the database, its migrations, the clock, private files."""
