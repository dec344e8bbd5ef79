"""Call notices in the store's database: settings, verdicts and their mails, and how far the journals were read."""
