"""Call notices as operators see them: incoming calls, what came of each, and addresses that are paused."""
