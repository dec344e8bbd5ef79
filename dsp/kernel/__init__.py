"""The arithmetic that the detector stands on: compilation, the Goertzel recursion, least squares."""
