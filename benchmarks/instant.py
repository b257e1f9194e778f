"""An instant GitHub: answers canned bytes and judges nothing, so that it is the service that is measured.

The sandbox checks every request against what GitHub would allow, and is slower than the service; correctness is judged
there, by the tests. Here only the number of requests of each kind is kept, and bodies of comments that were written.

    python -m benchmarks.instant FOLDER REPOSITORIES DELIVERIES

writes the App's key, its webhook secret and the deliveries to FOLDER, and prints its port when it is ready.
"""

import asyncio
import itertools
import json
import re
import socket
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.canned import Canned, answer
from benchmarks.town import Delivery, Town
from bot.sandbox.credentials import generate

COUNTS: Final = b"/_counts"
_NOT_FOUND: Final = answer("404 Not Found", {"message": "Not Found"})
_NOT_THERE: Final = answer(
    "422 Unprocessable Entity", {"message": "There is at least one repository that does not exist"}
)
_FINE: Final = answer("200 OK", [])
_REACTED: Final = answer("201 Created", {"id": 1, "content": "+1"})
_UNCHANGED: Final = b"HTTP/1.1 304 Not Modified\r\nETag: "
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MATCH: Final = re.compile(rb"\r\nif-none-match: *([^\r]+)", re.IGNORECASE)
_KINDS: Final = (
    (re.compile(r"\?.*"), ""),
    (re.compile(r"^(\w+) /repos/[^/]+/\.github/"), r"\1 {owner}/.github/"),
    (re.compile(r"^(\w+) /repos/[^/]+/[^/]+"), r"\1 "),
    (re.compile(r"/contents/.*"), "/contents/…"),
    (re.compile(r"/trees/.*"), "/trees/…"),
    (re.compile(r"/commits/.*"), "/commits/…"),
    (re.compile(r"/collaborators/[^/]+"), "/collaborators/…"),
    (re.compile(r"/(labels)/.*"), r"/\1/…"),
    (re.compile(r"/\d+"), "/N"),
)


class Instant:
    """The state of the stand-in: canned answers, the comments that were written, and counters."""

    def __init__(self, canned: Canned) -> None:
        self._gets = canned.gets
        self._comments: dict[bytes, str] = {}
        self._ids = itertools.count(7_000_000)
        self.counts: Counter[bytes] = Counter()

    def respond(self, method: bytes, target: bytes, head: bytes, body: bytes) -> bytes:
        """The whole answer to one request."""
        if target == COUNTS:
            return answer("200 OK", kinds(self.counts))
        self.counts[method + b" " + target] += 1
        if method == b"GET":
            return self._get(target, head)
        return self._write(target, body)

    def _get(self, target: bytes, head: bytes) -> bytes:
        path, _, query = target.partition(b"?")
        chosen = next((path + b"?" + one for one in query.split(b"&") if path + b"?" + one in self._gets), path)
        found = self._gets.get(chosen)
        if found is None:
            text = self._comments.get(path.rpartition(b"/")[2])
            if path == b"/app/hook/deliveries":
                return _FINE
            return _NOT_FOUND if text is None else answer("200 OK", {"id": 1, "body": text})
        etag, whole = found
        given = _MATCH.search(head)
        return _UNCHANGED + etag + b"\r\n\r\n" if given and given[1] == etag else whole

    def _write(self, target: bytes, body: bytes) -> bytes:
        last = target.rpartition(b"/")[2]
        data: Any = json.loads(body or b"null")
        if last == b"access_tokens":
            return _token(data)
        if last == b"comments":
            number = next(self._ids)
            self._comments[b"%d" % number] = data["body"]
            return answer("201 Created", {"id": number, "body": data["body"]})
        if last in self._comments:
            self._comments[last] = data["body"]
        if last == b"reviews":
            return answer("200 OK", {"id": next(self._ids)})
        return _REACTED if last == b"reactions" else _FINE


def kinds(counts: Counter[bytes]) -> dict[str, int]:
    """Requests by kind: names, numbers and queries taken out."""
    found: Counter[str] = Counter()
    for raw, count in counts.items():
        kind = raw.decode()
        for pattern, put in _KINDS:
            kind = pattern.sub(put, kind)
        found[kind] += count
    return dict(found)


def _token(wanted: dict[str, Any]) -> bytes:
    if wanted.get("repositories"):
        return _NOT_THERE
    expires = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return answer("201 Created", {"token": "ghs_" + "x" * 36, "expires_at": expires})


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, just enough for one client that behaves."""

    def __init__(self, instant: Instant) -> None:
        self._instant = instant
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            given = _LENGTH.search(head)
            length = int(given[1]) if given else 0
            if len(self._buffer) < end + 4 + length:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + length], self._buffer[end + 4 + length :]
            method, target, _version = head.split(b"\r\n", 1)[0].split(b" ")
            self._transport.write(self._instant.respond(method, target, head, body))


def load(folder: Path) -> list[Delivery]:
    """The deliveries that the stand-in wrote down."""
    return [
        Delivery(event, guid, body.encode(), signature)
        for event, guid, body, signature in map(json.loads, (folder / "deliveries").read_text().splitlines())
    ]


def _save(folder: Path, made: list[Delivery]) -> None:
    lines = [json.dumps([one.event, one.guid, one.body.decode(), one.signature]) for one in made]
    (folder / "deliveries").write_text("\n".join(lines))


async def main(folder: Path, repositories: int, count: int) -> None:
    """Until killed."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    port = listener.getsockname()[1]
    credentials = generate()
    town = Town(repositories, url=f"http://127.0.0.1:{port}")
    _save(folder, town.deliveries(count, credentials.webhook_secret.encode()))
    (folder / "key.pem").write_text(credentials.private_key)
    (folder / "secret").write_text(credentials.webhook_secret)
    instant = Instant(Canned(town))
    server = await asyncio.get_running_loop().create_server(lambda: Connection(instant), sock=listener)
    print(port, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
