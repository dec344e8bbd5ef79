"""What telephone lines and coders do to samples, and what is done against it."""
