"""Certificates of our own: an authority that is trusted, one that is not, and what they issue for servers."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class Certificates:
    """Two authorities, of which only the first is trusted, and certificates of theirs, each valid for a day.

    Args:
        folder: where the authorities' certificates are written.

    Attributes:
        authority: the file with the trusted one's certificate.
        stranger: that of the other one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority, self._key, self._name = self._make_authority("trusted")
        self.stranger, self._stranger_key, self._stranger_name = self._make_authority("stranger")

    def issue(self, *addresses: str, trusted: bool = True) -> tuple[bytes, bytes]:
        """Issue a new certificate for a server's IP addresses; returns it and its key, in PEM form."""
        issuer, signer = (self._name, self._key) if trusted else (self._stranger_name, self._stranger_key)
        key = ec.generate_private_key(ec.SECP256R1())
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address)) for address in addresses])
        made = _builder(_name("server"), issuer, key.public_key()).add_extension(alternative, critical=False)
        return made.sign(signer, SHA256()).public_bytes(Encoding.PEM), _pem(key)

    def file(self, *addresses: str, trusted: bool = True) -> Path:
        """Write a new certificate and its key into one new file, and return that."""
        path = self._folder / f"server-{x509.random_serial_number()}.pem"
        path.write_bytes(b"".join(self.issue(*addresses, trusted=trusted)))
        return path

    def server_context(self, address: str = "127.0.0.1", *, trusted: bool = True) -> ssl.SSLContext:
        """Return a server's context, with a new certificate for an address."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file(address, trusted=trusted))
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return a client's context that trusts the authority alone."""
        return ssl.create_default_context(cafile=self.authority)

    def _make_authority(self, name: str) -> tuple[Path, ec.EllipticCurvePrivateKey, x509.Name]:
        key, subject = ec.generate_private_key(ec.SECP256R1()), _name(name)
        made = _builder(subject, subject, key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        path = self._folder / f"{name}.pem"
        path.write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
        return path, key, subject


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
