"""Catalogues of texts: one for each language, all with the same keys. An operator may replace any text."""
