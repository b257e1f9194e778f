"""Hidden first lines by which we know our own comments again; worth nothing without our key."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9_./#-]{1,200}", re.ASCII)
MARKER_START: Final = "<!-- contribution-assistant:"
_LINE: Final = re.compile(rf"{MARKER_START}({_NAME.pattern}):({_NAME.pattern}) ([0-9a-f]{{32}}) -->", re.ASCII)


@dataclass(frozen=True, slots=True)
class Marker:
    """What a comment of ours is (`kind`) and about what (`subject`)."""

    kind: str
    subject: str


def make_marker(kind: str, subject: str, key: bytes) -> str:
    """One line of HTML comment, signed with `key`. Raises ValueError outside [A-Za-z0-9_./#-]{1,200}."""
    if not (_NAME.fullmatch(kind) and _NAME.fullmatch(subject)):  # guard: marker-names (11)
        raise ValueError("a marker's kind and subject are made of letters, digits and _ . / # -")
    return f"{MARKER_START}{kind}:{subject} {_sign(kind, subject, key)} -->"


def find_marker(body: str, key: bytes) -> Marker | None:
    """The marker on the first line of a comment, if it is signed with `key`."""
    found = _LINE.fullmatch(body.split("\n", 1)[0].removesuffix("\r"))
    if found is None:
        return None
    kind, subject, signature = found.groups()
    if not hmac.compare_digest(signature, _sign(kind, subject, key)):  # guard: marker-signatures (3)
        return None
    return Marker(kind, subject)


def is_marker(line: str) -> bool:
    """Whether the line has the form that `make_marker` gives (the signature is not checked)."""
    return _LINE.fullmatch(line) is not None


def _sign(kind: str, subject: str, key: bytes) -> str:
    return hmac.new(key, f"{kind}:{subject}".encode(), hashlib.sha256).hexdigest()[:32]
