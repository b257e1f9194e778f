"""The adversary's lane with small numbers, and that its guards are missed when they are gone."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.domain.text import Prose, RenderPolicy, Text
from bot.domain.text import render as product_render
from bot.domain.text.render import Rendered
from tests.safety import adversary
from tests.safety.adversary_service import Told, through_service
from tests.safety.adversary_texts import PUBLISHED, drawn, hostile
from tests.safety.adversary_wire import ACTIONS, through_executor
from tests.safety.judge import Violation

FEW = ("hi @everyone", "![a](https://evil.example)", "fixes #1", "/close", "a\u200bb", "<svg>", "```suggestion\nx\n```")


async def test_hostile_answers_through_the_service(database_url: str) -> None:
    told = await through_service(database_url, 16, adversary.SEED)
    assert told.violations == []
    assert told.outputs["answers that fit the schema"] > 3
    assert told.outputs["answers outside the schema"] > 1
    assert told.texts["comments that quote the answer"] > 1
    assert told.texts["labels that a person took off, and the model wanted again"] > 0


async def test_hostile_texts_through_every_action() -> None:
    texts = drawn(hostile, 36, adversary.SEED)
    told = await through_executor(texts, everywhere=False)
    assert told.violations == []
    assert set(told.outputs) == set(ACTIONS)
    assert told.outputs.total() == len(texts)


async def test_named_tricks_through_every_action() -> None:
    names = sorted(PUBLISHED)[::16]
    told = await through_executor([PUBLISHED[name] for name in names], everywhere=True)
    assert told.violations == []
    assert dict(told.outputs) == dict.fromkeys(ACTIONS, len(names))


async def test_without_the_renderer_the_judge_speaks_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(text: Text, policy: RenderPolicy, **rest: Any) -> Rendered:
        made = product_render((), policy, **rest)
        words = "\n\n".join(one.markdown for one in text if isinstance(one, Prose))
        head, _, foot = made.body.partition("\n") if rest.get("marker") else ("", "", made.body)
        object.__setattr__(made, "body", f"{head}\n{words}\n\n{foot}".lstrip("\n"))
        return made

    make: Callable[..., Rendered] = careless
    monkeypatch.setattr("bot.domain.compose.render", make)
    monkeypatch.setattr("bot.domain.status.render", make)
    told = await through_executor(FEW, everywhere=True)
    found = {one.check for one in told.violations}
    assert found >= {
        "no live mention",
        "no image, raw HTML, title, definition, live fence",
        "no hidden character",
        "no closing keyword, no reference",
        "no command or mention at the start of a line",
        "suggestions keep their fence",
    }


def test_the_full_lane_draws_enough_and_each_seed_once() -> None:
    parts = adversary.parts(nightly=False)
    assert sum(one.count for one in parts) > 11_000
    assert len({(one.service, one.seed) for one in parts}) == len(parts)
    assert sum(one.count for one in adversary.parts(nightly=True)) > 1_100_000


def test_a_violation_fails_the_lane() -> None:
    told = Told()
    told.outputs["answers that fit the schema"] = 10_000
    assert not adversary.section(told, 1.0, nightly=False).failed
    told.violations.append(Violation("no live mention", "x"))
    assert adversary.section(told, 1.0, nightly=False).failed
