"""The memory of a process that must not stand still."""

from __future__ import annotations

import gc


def settle() -> None:
    """Have the garbage collector leave alone for ever what has been made so far. Call it when all is loaded.

    A full collection goes through every object, and modules and libraries alone are 200,000: it takes 0.1 s here, in
    which each caller hears a gap of five frames. What calls make is little beside that.
    """
    gc.collect()
    gc.freeze()
