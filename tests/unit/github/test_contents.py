"""Which answers about contents are files."""

import base64
from typing import Any, Final

import pytest

from bot.github.contents import decode_content

FILE: Final = {"type": "file", "encoding": "base64", "content": base64.b64encode("héllo\n".encode()).decode()}


def test_a_file_is_its_text() -> None:
    assert decode_content(FILE) == "héllo\n"


NO_FILES: Final[dict[str, Any]] = {
    "a folder": [FILE],
    "nothing": None,
    "a symbolic link": FILE | {"type": "symlink"},
    "a link that was followed": FILE | {"target": "../../etc/passwd"},
    "a submodule": FILE | {"type": "submodule"},
    "a submodule that says it is a file": FILE | {"submodule_git_url": "git://example.org/x.git"},
    "too large for the answer": FILE | {"encoding": "none", "content": ""},
    "no base64": FILE | {"content": "abc"},
    "no text": FILE | {"content": base64.b64encode(b"\xff\xfe\x00").decode()},
}


@pytest.mark.parametrize("answer", NO_FILES.values(), ids=NO_FILES)
def test_everything_else_is_none(answer: Any) -> None:
    assert decode_content(answer) is None


def test_what_is_no_text_may_be_read_with_replacements() -> None:
    assert decode_content(NO_FILES["no text"], errors="replace") == "��\x00"
