"""A site's own certificate, which can be renewed while the site serves."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from web.errors import ServingError

_OTHERS_KEY: Final = "KEY_VALUES_MISMATCH"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key.

    Attributes:
        certificate: the file with the certificate and those between it and its root, in PEM form.
        key: the file with its private key, in PEM form and without a passphrase.
        setting: what the names of the two settings start with, for errors.
    """

    certificate: Path
    key: Path
    setting: str

    def context(self) -> ssl.SSLContext:
        """Return what TLS 1.2 or newer needs of them, as they are now.

        Raises:
            ServingError: they cannot be used.
        """
        _require_readable(f"{self.setting}_CERTIFICATE", self.certificate, "a certificate")
        _require_readable(f"{self.setting}_KEY", self.key, "a private key")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_passphrase)
        except (OSError, ssl.SSLError) as error:
            if isinstance(error, ssl.SSLError) and error.reason == _OTHERS_KEY:
                why = "the key is another certificate's"
            else:
                why = "one of them is no such PEM file, or the key has a passphrase"
            raise ServingError(
                f"{self.setting}_CERTIFICATE={self.certificate} and {self.setting}_KEY={self.key} cannot be used"
                f" together: {why}: write a chain that starts with the site's certificate, and its key without a"
                " passphrase"
            ) from None
        return context


class RenewableCertificate:
    """A certificate as connections get it: the newest that could be used.

    Attributes:
        context: what a server listens with; each connection then gets the newest certificate.

    Args:
        certificate: its files.

    Raises:
        ServingError: they cannot be used.
    """

    def __init__(self, certificate: Certificate) -> None:
        self._certificate = certificate
        self.context = self._newest = certificate.context()
        self.context.sni_callback = self._give_newest

    def renew(self) -> None:
        """Read the files again. Connections that are open keep the certificate that they have.

        Raises:
            ServingError: they cannot be used; the former certificate stays.
        """
        self._newest = self._certificate.context()

    def _give_newest(self, connection: Any, _name: str | None, _context: ssl.SSLContext) -> None:
        # The whole context is exchanged, so no connection ever meets a new certificate with an old key.
        connection.context = self._newest


def _require_readable(setting: str, path: Path, what: str) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise ServingError(
            f"{setting}={path}: cannot be read ({error.strerror}): name a PEM file with {what} that the site's user"
            " can read"
        ) from None


def _no_passphrase() -> str:
    return ""  # OpenSSL would ask for it at the terminal
