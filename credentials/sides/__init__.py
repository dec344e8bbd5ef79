"""The store as each side uses it: the call, the settings site, the operator."""
