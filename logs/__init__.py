"""The logs that each of our processes writes."""
