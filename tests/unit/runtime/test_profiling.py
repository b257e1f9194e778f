"""Which texts may go where."""

from typing import Any, cast

import pytest

from bot.runtime.profiling import Profiling
from bot.store.embeddings import Unembedded

NOTHING = cast(Any, None)


class GitHub:
    """Says of every repository whether it is private."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def client(self, _installation: int | None, _repository: int) -> "GitHub":
        return self

    async def get(self, _url: str) -> dict[str, Any]:
        return self._answer


@pytest.mark.parametrize(
    ("installation", "answer", "private"),
    [(5, {"private": False}, False), (5, {"private": True}, True), (5, {}, True), (None, {"private": False}, True)],
    ids=["public", "private", "unsaid", "nobody can be asked"],
)
async def test_what_is_not_known_to_be_public_is_private(
    installation: int | None, answer: dict[str, Any], private: bool
) -> None:
    made = Profiling(NOTHING, NOTHING, cast(Any, GitHub(answer)), NOTHING, "")
    assert await made._is_private(Unembedded(1, installation)) is private
