"""`eval --from FILE --ask`: a model is really asked, its answers count, and so does what they cost. `eval OWNER/REPO`:
what people did with our labels counts."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from bot.appraisal import command, rehearsal
from bot.appraisal.run import gathered
from bot.appraisal.tables import tables
from bot.demo.past import NAME, past
from bot.domain.history.rows import dump
from bot.domain.history.values import Change, ChangeKind, Setter
from bot.store.backfills import Backfills
from bot.store.database import open_pool
from bot.store.history import History
from tests.support.stand_in_model import Asked, completion, stand_in

COUNT: Final = 100
TOKENS: Final = 321


async def test_a_model_is_asked_where_the_others_are_unsure_and_its_answers_and_tokens_are_in_the_figures(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reply(asked: Asked) -> web.StreamResponse:
        return web.json_response(
            completion(json.dumps({"kind": "bug", "confidence": 0.9, "evidence": ""}), tokens=TOKENS)
        )

    told: list[tuple[str, ...]] = []
    monkeypatch.setattr(command, "configure_logs", lambda _level, _style, secrets: told.append(secrets))
    monkeypatch.setattr(rehearsal, "STRETCHES", (0.8,))
    file = tmp_path / "past.jsonl"
    file.write_text("".join(dump(row) + "\n" for row in islice(past(), 1 + 2 * COUNT)), "utf-8")
    async with stand_in(reply) as model:
        given = {
            "DATABASE_URL": database_url, "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "a-key-of-ours",
            "ASSISTANT_MODEL": "stand-in", "ASSISTANT_DATA_DIR": str(tmp_path),
        }  # fmt: skip
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        for _again in range(2):
            found = await asyncio.to_thread(command.appraisal, "", file, None, lambda *_: None, ask=True)
    triage = found.triage
    assert triage is not None
    assert triage.asked > 0
    assert len(model.asked) == 2 * triage.asked, "what was answered before would seem to cost nothing"
    assert (triage.tokens, triage.tokens_measured, triage.silences) == (TOKENS * triage.asked, True, {})
    assert triage.by_method["model"] > 0
    assert any("a-key-of-ours" in one for one in told), "the logs would show the key"
    cells = [cell for table in tables(found) for column in table.columns for cell in column.cells]
    assert f"{triage.asked} times, {triage.asked} answers, {triage.tokens:,} tokens" in cells


async def test_a_label_of_ours_that_a_person_took_off_lately_counts_against_it(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    known = gathered(islice(past(), 1 + 2 * 60))
    ours = replace(known[0][0], number=500, labels=())
    changes = (
        Change(500, ChangeKind.LABELED, "question", Setter.US, now - timedelta(hours=2), "event:9001"),
        Change(500, ChangeKind.UNLABELED, "question", Setter.PERSON, now - timedelta(hours=1), "event:9002"),
    )
    async with open_pool(database_url, size=1) as pool:
        history = History(pool)
        await Backfills(pool).name(1, NAME)
        await history.store(
            1, [ours, *(item for item, _ in known)], [*changes, *(one for _, each in known for one in each)]
        )
    monkeypatch.setattr(command, "configure_logs", lambda *_: None)
    monkeypatch.setattr(rehearsal, "STRETCHES", (0.9,))
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path))
    found = await asyncio.to_thread(command.appraisal, NAME, None, None, lambda *_: None, ask=False)
    assert found.triage is not None
    standing = found.triage.earned["question by the rules"]
    assert (standing["earned"], standing["reason"]) == (False, "people corrected 1 of the last 1: less than 90% right")
