"""Compiled code: Python source that numba turns into machine code.

`DetectorBank` passes what it is fed to one compiled function, `lanes.advance`, which goes through its channels frame by
frame. Everything that this calls (`screen.see`, `burst`, `verdict`) is compiled with it. With NUMBA_DISABLE_JIT=1 the
same source runs as plain Python, only some hundred times slower.

Compiling takes some seconds, once: the result is kept on disk, and other processes that want it at the same time wait
for it. numba notices when the file of a cached function changes, but not when a file changes that this function calls.
So everything is kept in a folder named after a digest of all sources of this package, and of the constants in `sound`
that are compiled into it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar, cast

import numba

from sound import telephone

P = ParamSpec("P")
R = TypeVar("R")

_CONFIG: Final[Any] = numba.config
_njit: Final[Any] = numba.njit
_OPTIONS: Final[dict[str, Any]] = {
    # sums may be computed in any order, which vectors need; not-a-number and infinity keep their meaning
    "fastmath": {"reassoc", "contract", "nsz"},
    "error_model": "numpy",
}


def inner(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only compiled functions call, as a part of them."""
    return _compiled(function)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile as `inner` does, and inline the function at each call: it pays if arrays are passed often."""
    return _compiled(function, inline="always")


def outer(*arguments: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function that Python calls, at once, for arguments of these numba types.

    If nothing can be kept on disk (a read-only installation whose user has no home), each process compiles it again;
    NUMBA_CACHE_DIR names a folder to keep it in.
    """

    def compile_now(function: Callable[P, R]) -> Callable[P, R]:
        folder = _folder()
        if folder is None:
            return _compiled(function, arguments)
        before, _CONFIG.CACHE_DIR = _CONFIG.CACHE_DIR, str(folder)
        try:
            with (folder / "compiling").open("w") as one_at_a_time:
                fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
                return _compiled(function, arguments, cache=True)
        finally:
            _CONFIG.CACHE_DIR = before

    return compile_now


def _compiled(function: Callable[P, R], *signature: Any, **options: Any) -> Callable[P, R]:
    return cast(Callable[P, R], _njit(*signature, **options, **_OPTIONS)(function))


_SOURCES: Final = ("*.py", "kernel/*.py", "detector/*.py")


@cache
def _folder() -> Path | None:
    """Return the folder for compiled code; None if none can be written."""
    digest = hashlib.sha256()
    dsp = Path(__file__).parents[1]
    sources = sorted(file for pattern in _SOURCES for file in dsp.glob(pattern))
    for source in (*sources, Path(telephone.__file__)):
        digest.update(source.read_bytes())
    for parent in _parents():
        folder = parent / f"dsp-{digest.hexdigest()[:16]}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


def _parents() -> Iterator[Path]:
    if _CONFIG.CACHE_DIR:
        yield Path(_CONFIG.CACHE_DIR)
    yield Path(__file__).with_name("__pycache__")
    if kept := os.environ.get("XDG_CACHE_HOME"):
        yield Path(kept) / "karipass"
    elif home := os.environ.get("HOME"):
        yield Path(home) / ".cache" / "karipass"
