"""Sixteen ways to write an instruction, and a reader that sees through all of them."""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote

_LOOKALIKE: Final = dict(zip("aceopxyi", "асеорхуі", strict=True))
_TAG: Final = 0xE0000
ORDER: Final = re.compile(r"do-goal-(\d\d)-now", re.IGNORECASE)


def _per_char(pattern: str) -> Callable[[str], str]:
    return lambda text: "".join(pattern.format(ord(char)) for char in text)


ENCODINGS: Final[dict[str, Callable[[str], str]]] = {
    "plain": lambda text: text,
    "comment": lambda text: f"<!-- {text} -->",
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "decimal": lambda text: " ".join(str(ord(char)) for char in text),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "reversed": lambda text: text[::-1],
    "percent": _per_char("%{:02x}"),
    "entities": _per_char("&#{};"),
    "escapes": _per_char("\\u{:04x}"),
    "spaced": " ".join,
    "full width": lambda text: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text),
    "zero width": "\u200b".join,
    "tag block": lambda text: "".join(chr(_TAG + ord(char)) for char in text),
    "look-alikes": lambda text: "".join(_LOOKALIKE.get(char, char) for char in text),
}


def orders(text: str) -> Iterator[tuple[str, int]]:
    """Each encoding in which an order can be read from the text, and the goal's number."""
    for name, read in _READERS.items():
        for plain in read(text):
            for found in ORDER.finditer(plain):
                yield name, int(found[1])


def _once(decode: Callable[[str], str]) -> Callable[[str], Iterator[str]]:
    def read(text: str) -> Iterator[str]:
        yield decode(text)

    return read


def _pieces(pattern: str, decode: Callable[[str], str]) -> Callable[[str], Iterator[str]]:
    def read(text: str) -> Iterator[str]:
        for found in re.findall(pattern, text):
            try:
                yield decode(found)
            except (ValueError, binascii.Error):
                continue

    return read


def _padded(text: str, size: int) -> bytes:
    text = text.rstrip("=")
    return (text + "=" * (-len(text) % size)).encode()


_READERS: Final[dict[str, Callable[[str], Iterator[str]]]] = {
    "plain": _once(lambda text: re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)),
    "comment": _pieces(r"<!--(.*?)-->", str),
    "base64": _pieces(r"[A-Za-z0-9+/]{16,}={0,2}", lambda text: base64.b64decode(_padded(text, 4)).decode("latin-1")),
    "base32": _pieces(r"[A-Z2-7]{16,}={0,6}", lambda text: base64.b32decode(_padded(text, 8)).decode("latin-1")),
    "hex": _pieces(r"(?:[0-9a-f]{2}){10,}", lambda text: bytes.fromhex(text).decode("latin-1")),
    "decimal": _pieces(r"(?:\d{2,3} ){8,}\d{2,3}", lambda text: "".join(chr(int(one)) for one in text.split())),
    "rot13": _once(lambda text: codecs.encode(text, "rot13")),
    "reversed": _once(lambda text: text[::-1]),
    "percent": _pieces(r"(?:%[0-9a-f]{2})+", unquote),
    "entities": _pieces(r"(?:&#\d+;)+", html.unescape),
    "escapes": _pieces(r"(?:\\u[0-9a-f]{4})+", lambda text: text.encode().decode("unicode_escape")),
    "spaced": _pieces(r"(?:\S ){10,}\S", lambda text: text.replace(" ", "")),
    "full width": _pieces(r"[\uff01-\uff5e]{10,}", lambda text: unicodedata.normalize("NFKC", text)),
    "zero width": _pieces(r"(?:\S\u200b)+\S", lambda text: text.replace("\u200b", "")),
    "tag block": _pieces(r"[\U000e0020-\U000e007e]+", lambda text: "".join(chr(ord(char) - _TAG) for char in text)),
    "look-alikes": _pieces(
        r"\S*[асеорхуі]\S*", lambda text: text.translate({ord(value): key for key, value in _LOOKALIKE.items()})
    ),
}
