"""Where the catalogue of a language is: an operator's own takes the place of the product's, a language at a time.

An operator's directory holds one entry a language, `<language>`, a link to a directory beside it that is laid out
as the product's is (`<language>.toml`, `audio/<language>/`). A new catalogue is written into a directory of its own,
and then the link is turned over to it at once: whoever reads finds the old one whole or the new one whole. To go
back to the product's, remove the link.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prompts.catalogue import HERE
from prompts.errors import ReplacementError


def languages(own: Path | None = None) -> tuple[str, ...]:
    """The languages that there are catalogues of, in order.

    Args:
        own: The operator's directory, which need not exist; None for the product's catalogues alone.
    """
    found = {path.stem for path in HERE.glob("*.toml")}
    if own is not None:
        found |= {path.stem for path in own.glob("*/*.toml") if path.stem == path.parent.name}
    return tuple(sorted(found))


def home(language: str, own: Path | None = None) -> Path:
    """The directory in which the catalogue of a language is: the operator's own, if there is one, or the product's.

    Args:
        language: Language tag.
        own: The operator's directory, which need not exist; None for the product's catalogues alone.
    """
    if own is not None and (own / language / f"{language}.toml").is_file():
        return own / language
    return HERE


@contextmanager
def new_home(language: str, own: Path) -> Iterator[Path]:
    """A new directory for the operator's catalogue of a language, which takes the old one's place at the end.

    If the block raises, the old one stays and the new one is removed.

    Raises:
        ReplacementError: The place is taken by what no import made.
    """
    link = own / language
    if link.exists() and not link.is_symlink():
        raise ReplacementError(f"{link} was not made by an import; move it away")
    own.mkdir(parents=True, exist_ok=True)
    old = link.resolve() if link.is_symlink() else None
    draft = Path(tempfile.mkdtemp(prefix=f".{language}-", dir=own))
    try:
        draft.chmod(0o755)  # nothing in it is secret, and the service may be another user
        yield draft
        turned = draft / "link"
        turned.symlink_to(draft.name)
        turned.replace(link)
    except BaseException:
        shutil.rmtree(draft)
        raise
    if old is not None and old.parent == own.resolve():
        shutil.rmtree(old)
