"""The console's pages: what each one shows, and what its forms do."""
