"""What the page of one call shows: its timeline, and why keys were not counted."""
