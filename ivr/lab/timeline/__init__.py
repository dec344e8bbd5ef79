"""A whole call on one line of time: what was said, pressed, heard and not heard. As a picture, and as a page."""

from ivr.lab.timeline.model import Bar, Mark, Span, Timeline, TimelineRecorder

__all__ = ["Bar", "Mark", "Span", "Timeline", "TimelineRecorder"]
