"""Small texts are looked through on the loop, large ones beside it."""

import threading

import pytest

from bot.computing import SMALL, computed


@pytest.mark.parametrize(("size", "at_once"), [(0, True), (SMALL, True), (SMALL + 1, False), (65_536, False)])
async def test_where_texts_are_looked_through(size: int, at_once: bool) -> None:
    assert (await computed(threading.get_ident, size) == threading.get_ident()) is at_once


async def test_an_error_reaches_the_caller() -> None:
    def failing() -> None:
        raise ValueError("broken")

    for size in (0, SMALL + 1):
        with pytest.raises(ValueError, match="broken"):
            await computed(failing, size)
