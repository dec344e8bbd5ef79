"""`python -m dsp`: the same as the command `dtmf`."""

from dsp.cli import app

app()
