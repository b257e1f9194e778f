"""What never reaches a log: secrets in any form, tokens by their form, bodies by their size."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from bot.logs import redact, redactor

ROOT: Final = Path(__file__).parents[2]
SECRET: Final = "canary-Sécret/42+value"
EVERY_SIGN: Final = "canary-?>~>??4ZaX}?Yc{}"
"""Encoded from any of three alignments it has both signs by which the alphabets of base64 differ."""
OTHER: Final = "canary-Sécret/42"
PEM: Final = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7Tq\nqL9xkQm0canaryPEM\n-----END RSA PRIVATE KEY-----\n"

TOKENS: Final = {
    "an installation token": "ghs_" + "aB3dE6gH9j" * 4,
    "a long installation token": "ghs_" + "aB3.dE_gH-" * 52,
    "a personal token": "ghp_" + "aB3dE6gH9j" * 4,
    "a fine-grained token": "github_pat_" + "aB3dE6_H9j" * 8,
    "an OAuth token": "gho_" + "aB3dE6gH9j" * 4,
    "a refresh token": "ghr_" + "aB3dE6gH9j" * 7,
    "a JWT": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NSIsImV4cCI6MX0.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
    "a key of a model": "sk-proj-aB3dE6gH9jaB3dE6gH9j",
    "a private key": PEM,
    "half a private key": PEM[:80],
    "a private key in one line": PEM.replace("\n", "\\n"),
    "a private key of the other form": PEM.replace("RSA ", ""),
    "a bearer": "Authorization: Bearer aB3dE6gH9jaB3dE6gH9j",
    "a database": "postgresql://user:aB3dE6gH9j@host/db",
    "a database of a platform": "postgres://user:aB3dE6gH9j@host/db",
    "a database whose password has an @": "postgres://user:aB3d@E6gH9j@host/db",
}
_TAILS: Final = ("aB3d", "E6gH9j", "eyJpc3", "c2lnbm", "MIIEow", "canaryPEM")

SHORT: Final = {
    "prose": "The report says that it crashed; see ghs_ and sk- in the documentation.",
    "a commit": "9fceb02d0ae598e95dc970b74767f19372d61af8",
    "a model": "gpt-5.1-mini",
    "a GUID": "0b3a9f3e-6f5a-4f5e-9d7c-0123456789ab",
    "an address": "https://api.github.com/repos/octo/hello/issues/1",
}


def raw(text: str) -> bytes:
    return text.encode()


DISGUISES: Final = {
    "plain": SECRET,
    "inside a sentence": f"it was {SECRET}, which is wrong",
    "base64": base64.b64encode(raw(SECRET)).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(raw(SECRET)).decode(),
    "base64 without its end": base64.b64encode(raw(SECRET)).decode().rstrip("="),
    "base64 after one letter": base64.b64encode(raw(f"x{SECRET}y")).decode(),
    "base64 after two letters": base64.b64encode(raw(f"xx{SECRET}yy")).decode(),
    "base64 of a login": base64.b64encode(raw(f"user:{SECRET}")).decode(),
    "hexadecimal": raw(SECRET).hex(),
    "hexadecimal in capitals": raw(SECRET).hex().upper(),
    "reversed": SECRET[::-1],
    "in JSON": json.dumps(SECRET),
    "in an address": quote(SECRET, safe=""),
    "in the path of an address": quote(SECRET),
}
_HEX: Final = raw("cret").hex()
_PIECES: Final = ("cret", "terc", "value", _HEX, _HEX.upper(), base64.b64encode(b"42+val").decode())


def logged(**values: Any) -> str:
    event = redactor((SECRET, OTHER, PEM, "tiny"))(None, "info", {"event": "something", **values})
    return json.dumps(event, ensure_ascii=False)


@pytest.mark.parametrize("text", TOKENS.values(), ids=TOKENS)
def test_tokens_are_known_by_their_form(text: str) -> None:
    found = redact(f"before {text} after")
    assert found.startswith("before ")
    assert "[hidden]" in found
    assert not any(tail in found for tail in _TAILS)


@pytest.mark.parametrize("text", SHORT.values(), ids=SHORT)
def test_ordinary_text_is_not_touched(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", DISGUISES.values(), ids=DISGUISES)
def test_configured_secrets_are_known_in_disguise(text: str) -> None:
    found = logged(reason=text)
    assert "[hidden]" in found
    assert not any(piece in found for piece in _PIECES)


ENCODINGS: Final = {"base64": base64.b64encode, "base64 for addresses": base64.urlsafe_b64encode}


@pytest.mark.parametrize("before", ["", "x", "xx"])
@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_both_alphabets_of_base64_are_known_wherever_the_secret_begins(
    encode: Callable[[bytes], bytes], before: str
) -> None:
    shown = encode(raw(f"{before}{EVERY_SIGN}")).decode().rstrip("=")
    assert all(sign in shown for sign in ("+/" if encode is base64.b64encode else "-_"))
    found = redactor((EVERY_SIGN,))(None, "info", {"event": f"it was {shown} here"})["event"]
    assert found.startswith("it was ")
    assert "[hidden]" in found
    assert len(found) < len("it was [hidden] here") + 6


@pytest.mark.parametrize("line", PEM.splitlines()[1:3])
def test_each_line_of_a_key_is_a_secret(line: str) -> None:
    assert line not in logged(reason=f"near {line}")


def test_a_secret_that_begins_another_does_not_leave_its_end() -> None:
    assert "value" not in redact(f"x {SECRET}", (OTHER, SECRET))
    assert logged(reason=SECRET).count("[hidden]") == 1


def test_secrets_too_short_to_be_told_from_words_are_left() -> None:
    assert "tiny" in logged(reason="a tiny thing")


class Odd:
    def __str__(self) -> str:
        return f"<Odd {SECRET}>"


NESTED: Final[dict[str, Any]] = {
    "a list": [SECRET],
    "a tuple": ("a", (SECRET,)),
    "a set": {SECRET},
    "a dictionary": {"a": {"b": [SECRET]}},
    "a key of a dictionary": {SECRET: 1},
    "an exception": ValueError(f"bad: {SECRET}"),
    "an object": Odd(),
    "bytes": raw(SECRET),
    "a bytearray": bytearray(raw(SECRET)),
    "a view": memoryview(raw(SECRET)),
}


@pytest.mark.parametrize("value", NESTED.values(), ids=NESTED)
def test_secrets_inside_other_values(value: Any) -> None:
    found = logged(value=value)
    assert "cret" not in found
    assert "99, 97, 110" not in found


def test_numbers_stay_numbers() -> None:
    event = redactor(())(None, "info", {"event": "x", "a": 1, "b": 0.5, "c": True, "d": None})
    assert event == {"event": "x", "a": 1, "b": 0.5, "c": True, "d": None}


def test_what_contains_itself_ends() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert "too deep" in logged(value=endless)


def test_long_texts_lose_their_middle() -> None:
    found = json.loads(logged(reason="start " + "x" * 50_000 + " end"))["reason"]
    assert found.startswith("start")
    assert found.endswith("end")
    assert len(found) < 2_100


def test_huge_texts_are_only_counted() -> None:
    assert "(100000 characters)" in logged(reason=SECRET.ljust(100_000, "x"))


SCRIPT: Final = """
import logging, sys
import structlog
from bot.logs import configure_logs
configure_logs("info", sys.argv[1], (sys.argv[2],))
log = structlog.get_logger()
log.debug("not_shown")
log.info("something_happened", reason=f"it said {sys.argv[2]}", half="\\ud800")
try:
    raise ValueError(f"the key {sys.argv[2]} is wrong")
except ValueError:
    log.exception("it_failed")
    logging.getLogger("library").exception("no %s", sys.argv[2])
logging.getLogger("library").info("not shown")
"""


@pytest.mark.parametrize("style", ["console", "json"])
def test_what_a_process_writes_holds_no_secret(style: str) -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT, style, "canary-argument"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, cwd=ROOT)
    assert done.returncode == 0
    assert done.stdout == ""
    assert "canary" not in done.stderr
    assert "not_shown" not in done.stderr
    assert "not shown" not in done.stderr
    assert done.stderr.count("ValueError: the key [hidden] is wrong") == 2
    assert "no [hidden]" in done.stderr


def test_json_lines_are_json() -> None:
    command = [sys.executable, "-c", SCRIPT, "json", "canary-argument"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, cwd=ROOT)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["something_happened", "it_failed", "no [hidden]"]
    assert all({"level", "timestamp"} <= line.keys() for line in lines)
