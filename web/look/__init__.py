"""The look that our sites share: colours, type, focus, and the mark. A site adds its own parts to it."""
