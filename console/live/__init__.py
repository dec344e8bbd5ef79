"""What goes on now."""
