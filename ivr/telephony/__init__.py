"""The protocols between an Asterisk and us: each a sans-I/O codec and a thin asyncio shell."""
