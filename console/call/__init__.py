"""The page of one call: its timeline, and why keys were not counted."""
