"""How testers make calls: simulated ones, real ones, on good lines and bad."""
