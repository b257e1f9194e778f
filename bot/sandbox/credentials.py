"""The App's secrets: its RSA key and its webhook secret."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True, slots=True)
class Credentials:
    private_key: str
    """PEM"""
    webhook_secret: str

    def public_key(self) -> bytes:
        """Return the public half as PEM; the server keeps only this."""
        private = serialization.load_pem_private_key(self.private_key.encode(), None)
        return private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def generate(webhook_secret: str | None = None) -> Credentials:
    """Make a 2048-bit key in the PKCS#1 form that GitHub hands out, and a secret if none is given."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return Credentials(pem.decode(), webhook_secret or secrets.token_hex(20))


def load_or_create(path: Path, webhook_secret: str | None = None) -> Credentials:
    """Read the key at `path`, or make one there with mode 0600."""
    if path.exists():
        return Credentials(path.read_text(), webhook_secret or secrets.token_hex(20))
    made = generate(webhook_secret)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(made.private_key)
    return made
