"""What every table needs: the border to the database, its migrations, the clock, private files."""
