"""The protocols between Asterisk and us. Each is a sans-I/O codec with a thin asyncio shell."""
