"""The site's texts: one catalogue for each language, all with the same keys."""
