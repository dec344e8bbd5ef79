"""Makes clips by voices and from recordings, and checks them."""
