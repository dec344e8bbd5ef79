"""Checks of this machine: settings and files, names and ports, what the system permits us."""
