"""One-time passwords of the settings site: the choice, the address, what confirms a change, and the codes."""
