"""A line's credentials, as states: which numbers a page shows, and what operators may do about logins."""
