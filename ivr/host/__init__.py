"""The parts of the machine that an instance uses: settings, ports, processes, limits."""
