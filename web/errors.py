"""Errors of a site that cannot be served. They say why, and what to do."""


class ServingError(Exception):
    """A site cannot be served as the settings say: its port is in use, or its certificate cannot be used."""
