"""Secrets that can be told from everything else, the disguises in which they could turn up, and a search for them."""

import base64
import gzip
import json
import re
import secrets
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

import psycopg
from psycopg import sql

_SHORTEST: Final = 8
_WORDS: Final = re.compile(rb"[\x20-\x7e]{8,}")
_ODD: Final = "%s/+=&:@ %s"


def odd_secret(name: str) -> str:
    """A secret of its own whose every disguise differs from it: with signs that addresses and base64 change."""
    return _ODD % (f"canary-{name}-{secrets.token_hex(8)}", secrets.token_hex(12))


def visible_secret(name: str) -> str:
    """The same for where spaces cannot be: headers."""
    return odd_secret(name).replace(" ", "~")


def pieces(secret: str) -> tuple[str, ...]:
    """Both halves of each line that says something: whoever shows a whole line shows them too."""
    lines = [line for line in secret.split("\n") if len(line) >= 2 * _SHORTEST and not line.startswith("-----")]
    return tuple(part for line in lines for part in (line[: len(line) // 2], line[len(line) // 2 :]))


def disguises(text: str) -> Iterator[tuple[str, str]]:
    """(name, form): how a text can be written without being plain to see."""
    raw = text.encode()
    yield "plain", text
    yield "reversed", text[::-1]
    yield "hex", raw.hex()
    yield "upper hex", raw.hex().upper()
    yield "quoted", quote(text, safe="")
    yield "quoted as a path", quote(text)
    yield "quoted as a form", quote_plus(text)
    yield "in JSON", json.dumps(text)[1:-1]
    for shift in range(3):
        start, end = (shift * 4 + 2) // 3, (shift + len(raw)) * 4 // 3
        yield f"base64 at {shift}", base64.b64encode(bytes(shift) + raw).decode()[start:end]
        yield f"base64 for addresses at {shift}", base64.urlsafe_b64encode(bytes(shift) + raw).decode()[start:end]


def leaks(places: Mapping[str, bytes], canaries: Mapping[str, str]) -> list[str]:
    """Every canary that shows in a place, with its disguise, but never with its value."""
    wanted = {
        form.encode(): f"{name}, {disguise}"
        for name, secret in canaries.items()
        for piece in pieces(secret)
        for disguise, form in disguises(piece)
        if len(form) >= _SHORTEST
    }
    return sorted(
        {f"{what} in {place}" for place, data in places.items() for form, what in wanted.items() if form in data}
    )


def raw_leaks(places: Mapping[str, bytes], name: str, key: bytes) -> list[str]:
    """The same for a key of bytes."""
    forms = {"raw": key, "hex": key.hex().encode(), "base64": base64.b64encode(key)[:-2],
             "base64 for addresses": base64.urlsafe_b64encode(key)[:-2], "reversed": key[::-1],
             "written by Python": repr(key)[2:-1].encode()}  # fmt: skip
    return sorted(
        f"{name}, {disguise} in {place}" for place, data in places.items() for disguise, one in forms.items()
        if one[: len(one) // 2] in data or one[len(one) // 2 :] in data
    )  # fmt: skip


def files_below(folder: Path, *, besides: frozenset[str]) -> dict[str, bytes]:
    """What is readable in the files of a folder, those besides left out; each string once."""
    found: set[bytes] = set()
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in besides:
            found.update(_WORDS.findall(path.read_bytes()))
    return {f"files in {folder.name}": b"\n".join(found)}


def rows(url: str, *, besides: frozenset[str]) -> dict[str, bytes]:
    """All rows of all tables as text, those tables besides left out; bodies of deliveries as they came."""
    places: dict[str, bytes] = {}
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            if table not in besides:
                statement = sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(schema, table))
                places[f"table {table}"] = "\n".join(str(row[0]) for row in connection.execute(statement)).encode()
        bodies = connection.execute("SELECT body FROM assistant.deliveries").fetchall()
        places["bodies of deliveries"] = b"\n".join(_plain(bytes(row[0])) for row in bodies)
    return places


def _plain(body: bytes) -> bytes:
    if body.startswith(b"\x1f\x8b"):
        return gzip.decompress(body)
    return zlib.decompress(body) if body else b""
