"""The store as each side uses it: the access number, the settings site, the operator."""
