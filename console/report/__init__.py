"""The report: how well calls went, and how well keys were heard."""
