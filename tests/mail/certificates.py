"""Certificates that are made for the tests: an authority of their own, and a server's for 127.0.0.1."""

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
    """Two authorities, of which only the first is trusted, and certificates of theirs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority, self._key, self._name = self._make_authority("trusted")
        self.stranger, self._stranger_key, self._stranger_name = self._make_authority("stranger")

    def server_context(self, address: str = "127.0.0.1", *, trusted: bool = True) -> ssl.SSLContext:
        """Return a server's context, with a certificate for an address."""
        issuer, signer = (self._name, self._key) if trusted else (self._stranger_name, self._stranger_key)
        key = ec.generate_private_key(ec.SECP256R1())
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        made = _builder(_name("server"), issuer, key.public_key()).add_extension(alternative, critical=False)
        path = self._folder / f"server-{x509.random_serial_number()}.pem"
        path.write_bytes(made.sign(signer, SHA256()).public_bytes(Encoding.PEM) + _pem(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        self.latest = path
        return context

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
