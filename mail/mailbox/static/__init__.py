"""What the mailbox's pages load besides the files that all sites share."""
