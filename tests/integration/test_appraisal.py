"""`eval --from FILE --ask`: a model is really asked, its answers count, and so does what they cost."""

import asyncio
import json
from itertools import islice
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from bot.appraisal import command, rehearsal
from bot.appraisal.tables import tables
from bot.demo.past import past
from bot.domain.history.rows import dump
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
    assert triage.asked > 0
    assert len(model.asked) == 2 * triage.asked, "what was answered before would seem to cost nothing"
    assert (triage.tokens, triage.tokens_measured, triage.silences) == (TOKENS * triage.asked, True, {})
    assert triage.by_method["model"] > 0
    assert any("a-key-of-ours" in one for one in told), "the logs would show the key"
    cells = [cell for table in tables(found) for column in table.columns for cell in column.cells]
    assert f"{triage.asked} times, {triage.asked} answers, {triage.tokens:,} tokens" in cells
