"""What an instance takes of its machine: settings, ports, processes, limits."""
