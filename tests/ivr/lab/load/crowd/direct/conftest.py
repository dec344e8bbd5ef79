"""The service of tests of the service: the callers of a load call it, too."""

from tests.ivr.service.conftest import house

__all__ = ["house"]
