"""Fetches hours of human speech without keys, for `dtmf conformance --speech`.

    python -m tests.dsp.conformance.fetch_speech DIR

The speech is Debian unstable's voice prompts for Asterisk, in six languages, from the mirror that this machine uses.
The packages are downloaded and unpacked below DIR, within Asterisk's root file system (`docker/asterisk-rootfs`, which
is built if it is missing). Nothing is installed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.repository import ROOT

ROOTFS: Final = ROOT / "docker" / "asterisk-rootfs"
SOUNDS: Final = tuple(f"asterisk-core-sounds-{language}-wav" for language in ("en", "es", "fr", "it", "ru"))

# All that apt keeps stays in the folder for the speech, so that the root file system does not grow. A mirror that lags
# is good enough, as for the root file system; signatures are checked.
UNPACK: Final = r"""
set -eu
cd /mnt
trap 'rm -rf /mnt/fetched' EXIT
mkdir -p fetched/lists/partial fetched/archives/partial
export APT_CONFIG=/mnt/fetched/apt.conf
cat >"$APT_CONFIG" <<'.'
Dir::State::lists "/mnt/fetched/lists";
Dir::Cache "/mnt/fetched";
APT::Sandbox::User "root";
Acquire::Check-Valid-Until "false";
.
apt-get --quiet update
# what remains under these names is the same speech in other codings
prompts=$(apt-cache pkgnames asterisk-prompt- | grep -v -e '-alaw$' -e '-gsm$')
cd fetched
apt-get --quiet download "$@" $prompts
for package in *.deb; do dpkg-deb --extract "$package" /mnt; done
"""


def fetch(folder: Path) -> None:
    """Download the prompts and unpack them below a folder.

    Raises:
        subprocess.CalledProcessError: the root file system cannot be built, or a package cannot be fetched; the failure
            has been printed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([ROOTFS, "build"], check=True)
    unpack = ["--bind", f"{folder.resolve()}:/mnt", "--", "sh", "-c", UNPACK, "sh", *SOUNDS]
    subprocess.run([ROOTFS, "exec", *unpack], check=True)


def main() -> int:
    """Fetch into the folder that the command line names."""
    parser = argparse.ArgumentParser(prog="fetch_speech", description="Fetch speech for `dtmf conformance --speech`.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="where to unpack it; 160 MB")
    folder: Path = parser.parse_args().folder
    try:
        fetch(folder)
    except subprocess.CalledProcessError as error:
        print(f"fetch_speech: nothing fetched (exit status {error.returncode}, see above)", file=sys.stderr)
        return 1
    print(f"dtmf conformance --speech {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
