"""The arithmetic of the detector: compilation, the Goertzel recursion, least squares."""
