"""What the console and the settings site share: server, guard, addresses, forgery, the queue before a login."""
