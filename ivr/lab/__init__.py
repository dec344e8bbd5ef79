"""How testers make calls: simulated ones and real ones, on good lines and bad."""
