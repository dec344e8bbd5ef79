"""PostgreSQL servers of our own: one alone, and one with a replica that can take over."""
