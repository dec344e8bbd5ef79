"""Pictures of what the receiver heard."""
