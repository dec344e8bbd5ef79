"""A simulated call, drawn with what its caller sent: as a picture, and as a page."""

from ivr.lab.drawing.model import DrawnCall, DrawnCallRecorder, Span

__all__ = ["DrawnCall", "DrawnCallRecorder", "Span"]
