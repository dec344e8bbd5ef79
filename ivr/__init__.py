"""The access number: a call that sets a temporary password."""
