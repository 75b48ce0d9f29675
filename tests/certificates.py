"""A certificate authority of a test's own, and a server's certificate from it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of tests")])


@attrs.frozen
class Certificates:
    """PEM texts: the authority's certificate, and a server's for 127.0.0.1 with its key."""

    authority: bytes
    server: bytes
    key: bytes

    def server_context(self, folder: Path) -> ssl.SSLContext:
        """What a server on 127.0.0.1 needs."""
        path = folder / "server.pem"
        path.write_bytes(self.key + self.server)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@cache
def make_certificates() -> Certificates:
    """Make them once for all tests."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = (
        _builder(authority_key, _NAME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    place = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    server = _builder(key, name).add_extension(place, critical=False)
    pem = serialization.Encoding.PEM
    return Certificates(
        authority=authority.public_bytes(pem),
        server=server.sign(authority_key, hashes.SHA256()).public_bytes(pem),
        key=key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _builder(key: ec.EllipticCurvePrivateKey, subject: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
    )
