"""What the report shows: how well calls went, and how well keys were heard."""
