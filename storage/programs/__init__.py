"""The programs that use the database: which run on which host, and how they fare. Each reports itself now and then."""
