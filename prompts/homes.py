"""Finds the catalogue of a language: an operator's own replaces the product's, language by language.

An operator's directory holds a link `<language>` for each language. It leads to a directory beside it, which is laid
out like the product's (`<language>.toml`, `audio/<language>/`). A new catalogue is written into a new directory, and
then the link is switched to it at once: a reader finds either all of the old one or all of the new one. To go back to
the product's, remove the link.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prompts.catalogue import HERE
from prompts.errors import ReplacementError


def languages(own: Path | None = None) -> tuple[str, ...]:
    """Return the languages that have a catalogue, in order.

    Args:
        own: the operator's directory, which need not exist; None for only the product's catalogues.
    """
    found = {path.stem for path in HERE.glob("*.toml")}
    if own is not None:
        found |= {path.stem for path in own.glob("*/*.toml") if path.stem == path.parent.name}
    return tuple(sorted(found))


def home(language: str, own: Path | None = None) -> Path:
    """Return the directory of a language's catalogue: the operator's own if there is one, else the product's.

    Args:
        language: the language tag.
        own: the operator's directory, which need not exist; None for only the product's catalogues.
    """
    if own is not None and (own / language / f"{language}.toml").is_file():
        return own / language
    return HERE


@contextmanager
def new_home(language: str, own: Path) -> Iterator[Path]:
    """Enter with a new directory for the operator's catalogue of a language; at the end it replaces the old one.

    If the block raises, the old one stays and the new one is removed.

    Raises:
        ReplacementError: something that no import made has its place.
    """
    link = own / language
    if link.exists() and not link.is_symlink():
        raise ReplacementError(f"{link} was not made by an import; move it away")
    own.mkdir(parents=True, exist_ok=True)
    old = link.resolve() if link.is_symlink() else None
    draft = Path(tempfile.mkdtemp(prefix=f".{language}-", dir=own))
    try:
        draft.chmod(0o755)  # nothing in it is secret, and the service may run as another user
        yield draft
        turned = draft / "link"
        turned.symlink_to(draft.name)
        turned.replace(link)
    except BaseException:
        shutil.rmtree(draft)
        raise
    if old is not None and old.parent == own.resolve():
        shutil.rmtree(old)
