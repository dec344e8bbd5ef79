"""The pages of the site. What comes before each of them is in `portal.endpoints`."""
