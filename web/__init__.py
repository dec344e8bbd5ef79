"""Shared by the console and the settings site: server, guard, client addresses, forgery checks, login queue."""
