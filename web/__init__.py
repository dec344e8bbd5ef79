"""What the console and the settings site share: server, guard, client addresses, forgery checks, the login queue."""
