"""Makes clips: by voices, from recordings, and checks them."""
