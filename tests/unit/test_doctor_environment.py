"""What `doctor` says of the variables: what cannot be read, what can but hardly is meant, and what is there instead."""

from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from bot.doctor.checks import State
from bot.doctor.environment import read
from bot.doctor.examine import examine
from tests.support.model_modes import error
from tests.support.stand_in_model import Asked, sending, stand_in

URL: Final = "http://127.0.0.1:9/v1"
PRICED: Final = '[[endpoint]]\nname = "a"\nurl = "http://h/v1"\nmodel = "m"\nprice_out = 0.1\n'
EMBEDDED: Final = '[embedding]\nurl = "http://h/v1"\nmodel = "m"\nprice_in = 0.1\n'
FREE: Final = PRICED.replace("price_out = 0.1", "private = true")


def doubts(given: dict[str, str]) -> dict[str, str]:
    return {one.name: f"{one.detail}: {one.remedy}" for one in read(given).checks if one.state is State.WARNING}


@pytest.mark.parametrize(
    ("given", "name", "said"),
    [
        ({"ASSISTANT_MODLE": "m"}, "environment: ASSISTANT_MODLE", "Is ASSISTANT_MODEL meant?"),
        ({"ASSISTANT_ENDPOINT": "a.toml"}, "environment: ASSISTANT_ENDPOINT", "Is ASSISTANT_ENDPOINTS meant?"),
        ({"OPENAI_BASE_URL": URL}, "environment: model", "ASSISTANT_MODEL is not: no model is asked"),
        (
            {"OPENAI_BASE_URL": URL, "ASSISTANT_MODEL": "m", "ASSISTANT_MONEY_PER_DAY": "1"},
            "environment: ASSISTANT_MONEY_PER_DAY", "no endpoint has a price",
        ),
    ],
    ids=["a typing error", "another one", "an address without a model", "money without prices"],
)  # fmt: skip
def test_what_hardly_is_meant(given: dict[str, str], name: str, said: str) -> None:
    found = doubts(given)
    assert list(found) == [name]
    assert said in found[name]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"OPENAI_API_KEY": "sk-of-other-programs"},
        {"OPENAI_BASE_URL": URL, "ASSISTANT_EMBEDDING_MODEL": "m"},
        {"ASSISTANT_SOMETHING_ELSE": "x", "OPENAI_ORGANIZATION": "x"},
    ],
    ids=["nothing", "a key alone", "embeddings alone", "others"],
)
def test_what_needs_no_word(given: dict[str, str]) -> None:
    assert doubts(given) == {}


@pytest.mark.parametrize(("text", "limits"), [(PRICED, True), (EMBEDDED, True), (FREE, False)])
def test_money_limits_who_has_a_price(text: str, limits: bool, tmp_path: Path) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text(text)
    given = {"ASSISTANT_ENDPOINTS": str(path), "ASSISTANT_MONEY_PER_DAY": "1"}
    assert ("environment: ASSISTANT_MONEY_PER_DAY" not in doubts(given)) is limits


async def test_what_cannot_be_read_is_not_called_absent(tmp_path: Path) -> None:
    given = {
        "OPENAI_BASE_URL": "127.0.0.1:9/v1", "ASSISTANT_MODEL": "m", "ASSISTANT_EMBEDDING_MODEL": "e",
        "ASSISTANT_DATA_DIR": str(tmp_path / "none"),
    }  # fmt: skip
    found = {one.name: one for one in await examine(read(given), lambda _part: None)}
    assert found["environment: model"].detail.startswith("OPENAI_BASE_URL must be an http(s) address")
    assert found["model"].detail == "its settings cannot be read: the rules decide alone"
    assert found["embeddings"].detail == "their settings cannot be read: likeness is learned from the texts alone"


async def test_what_an_endpoint_has_instead_is_named(tmp_path: Path) -> None:
    models = [{"id": f"m{number}"} for number in range(7)]

    async def reply(asked: Asked) -> web.StreamResponse:
        listing = asked.request.path.endswith("/models")
        return await (sending({"data": models}) if listing else error("model not found", status=404))(asked)

    async with stand_in(reply) as server:
        given = {"OPENAI_BASE_URL": server.url, "ASSISTANT_MODEL": "m", "ASSISTANT_EMBEDDING_MODEL": "e"}
        checks = await examine(read({**given, "ASSISTANT_DATA_DIR": str(tmp_path / "none")}), lambda _part: None)
    found = {one.name: one for one in checks if one.state is State.FAILURE}
    assert found.keys() == {"endpoint model", "embeddings"}
    assert all(one.remedy.endswith("is installed. It has m0, m1, m2, m3, m4, ….") for one in found.values())


def test_a_mistake_about_embeddings_does_not_hide_the_model(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text(PRICED + EMBEDDED.replace("price_in", "price"))
    found = read({"ASSISTANT_ENDPOINTS": str(path)})
    assert [one.name for one in found.checks] == ["environment: embeddings"]
    assert found.settings.model is not None
    assert found.embedding is None
