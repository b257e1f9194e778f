"""A repository's configuration: what is taken, what is refused, and where each mistake is said to be."""

from typing import Final

import pytest

from bot.capabilities import REGISTRY
from bot.domain.capability import Manifest, Mode, Options
from bot.domain.repo_config import DEFAULT_LABELS, ConfigSchema, RepoConfig

SCHEMA: Final = ConfigSchema(tuple(one.manifest for one in REGISTRY))
BY_ID: Final = {one.manifest.id: one.manifest for one in REGISTRY}


def good(text: str, under: str | None = None) -> RepoConfig:
    parsed = SCHEMA.parse(text, under=under)
    assert isinstance(parsed, RepoConfig), parsed
    return parsed


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "{}", "null", "~"])
def test_nothing_gives_the_defaults(text: str) -> None:
    found = good(text)
    assert found == SCHEMA.default()
    assert (found.mode, found.labels.allow, found.labels.needs_info) == (Mode.ACT, DEFAULT_LABELS, "needs-info")
    assert found.budgets.events_per_author_day == 200
    assert found.links.prefixes == ()
    assert {found.mode_of(one) for one in BY_ID.values() if one.default} == {Mode.ACT}


@pytest.mark.parametrize("mode", ["off", "observe", "suggest", "act"])
@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_modes_are_what_they_look_like(mode: str, quote: str) -> None:
    """YAML 1.1 reads a bare `off` as false."""
    found = good(f"mode: {quote}{mode}{quote}\ntriage: {{mode: {quote}{mode}{quote}}}\n")
    assert found.mode is Mode(mode)
    assert found.mode_of(BY_ID["triage"]) is Mode(mode)


def test_a_capability_s_own_mode_goes_before_the_repository_s() -> None:
    found = good("mode: observe\ntriage:\n  mode: act\n")
    assert (found.mode_of(BY_ID["triage"]), found.mode_of(BY_ID["docs"])) == (Mode.ACT, Mode.OBSERVE)


OPT_IN: Final = Manifest("extra", "Extra", "An opt-in.", frozenset(), frozenset(), {}, (), Options, default=False)


@pytest.mark.parametrize(("text", "mode"), [("mode: act\n", Mode.OFF), ("extra:\n  mode: suggest\n", Mode.SUGGEST)])
def test_an_opt_in_is_off_without_a_mode_of_its_own(text: str, mode: Mode) -> None:
    found = ConfigSchema((OPT_IN,)).parse(text)
    assert isinstance(found, RepoConfig)
    assert found.mode_of(OPT_IN) is mode


def test_the_label_that_asks_for_information_is_allowed() -> None:
    found = good("labels:\n  allow: [bug]\n  needs_info: waiting\n")
    assert found.allowed_labels() >= {"bug", "waiting"}
    assert "question" not in found.allowed_labels()


# the file, and the lines that people read
MISTAKES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "an unknown key": ("mode: act\nmoods: off\n", ("line 2, column 1: “moods” is not a known key",)),
    "an unknown key below": (
        "labels:\n  allowed: [bug]\n", ("line 2, column 3: “labels.allowed” is not a known key",),
    ),
    "an unknown option": ("triage:\n  moods: 1\n", ("line 2, column 3: “triage.moods” is not a known key",)),
    "a key twice": ("mode: act\nmode: off\n", ("line 2, column 1: “mode” is there twice",)),
    "a key that is a list": ("? [a]\n: 1\n", ("line 1, column 3: a key must be text",)),
    "a bad mode": (
        "mode: loud\n", ("line 1, column 1: mode: Input should be 'off', 'observe', 'suggest', 'act' or 'earned'",),
    ),
    "two mistakes, in the order of the file": (
        "zebra: 1\napple: 1\n",
        ("line 1, column 1: “zebra” is not a known key", "line 2, column 1: “apple” is not a known key"),
    ),
    "an alias": ("labels: &a {allow: [bug]}\nlinks: *a\n", ("line 1, column 1: anchors and aliases are not allowed",)),
}  # fmt: skip


@pytest.mark.parametrize(("text", "lines"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named_with_their_place(text: str, lines: tuple[str, ...]) -> None:
    assert SCHEMA.mistakes(text) == lines


REFUSED: Final[dict[str, str]] = {
    "a list": "- mode\n",
    "a word": "off\n",
    "cut": "triage: [\n",
    "a tab": "triage:\n\tmode: off\n",
    "a Python object": "mode: !!python/object/apply:os.system ['true']\n",
    "a tag of its own": "labels: !secret x\n",
    "two documents": "mode: act\n---\nmode: off\n",
    "a control character": "mode: \x00act\n",
    "a bad date": "labels: {needs_info: 2026-99-99}\n",
    "a number as text": "labels: {needs_info: 5}\n",
    "an empty label": "labels: {needs_info: ''}\n",
    "a long label": f"labels: {{needs_info: {'x' * 51}}}\n",
    "too many labels": f"labels: {{allow: [{', '.join(f'l{n}' for n in range(101))}]}}\n",
    "no budget": "budgets: {events_per_author_day: 0}\n",
    "a huge budget": "budgets: {events_per_author_day: 100001}\n",
    "too many prefixes": f"links: {{prefixes: [{', '.join(f'https://e.example/{n}/' for n in range(21))}]}}\n",
    "too large": "# " + "x" * 64 * 1024,
    "too large in bytes": "# " + "é" * 33_000,
    "too deep": "labels: " + "[" * 13 + "]" * 13,
    "far too deep": "labels: " + "[" * 20_000,
    "too many entries": "labels: {allow: [" + ", ".join(["a"] * 5_001) + "]}\n",
    "many anchors": "a: &a [x]\nb: [*a, *a, *a]\n",
    "an endless anchor": "labels: &a [*a]\n",
    "a merge key": "labels: &a {allow: [bug]}\ntriage: {<<: *a}\n",
    "an endpoint": "model: {base_url: 'https://evil.example/v1'}\n",
    "a lone surrogate": "mode: \ud800\n",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_used_is_refused_and_never_raises(text: str) -> None:
    lines = SCHEMA.mistakes(text)
    assert lines
    assert all(one.startswith("line ") for one in lines)


CAPS: Final = {
    "size": ("# " + "x" * 64 * 1024, "larger than 64 kB"),
    "bytes": ("# " + "é" * 33_000, "larger than 64 kB"),
    "depth": ("labels: " + "[" * 13 + "]" * 13, "nested too deeply"),
    "entries": ("labels: {allow: [" + ", ".join(["a"] * 5_001) + "]}\n", "too many entries"),
}


@pytest.mark.parametrize(("text", "reason"), CAPS.values(), ids=CAPS)
def test_caps_are_named(text: str, reason: str) -> None:
    assert reason in SCHEMA.mistakes(text)[0]


def test_twenty_mistakes_are_enough() -> None:
    assert len(SCHEMA.mistakes("".join(f"key{number}: 1\n" for number in range(50)))) == 20


# the repository's file, the organisation's, and what then holds: mode, allow-list, needs_info
MERGED: Final = {
    "the repository alone": ("mode: observe\n", None, (Mode.OBSERVE, DEFAULT_LABELS, "needs-info")),
    "the organisation alone": ("", "mode: off\n", (Mode.OFF, DEFAULT_LABELS, "needs-info")),
    "the repository over it": ("mode: act\n", "mode: off\n", (Mode.ACT, DEFAULT_LABELS, "needs-info")),
    "key by key": (
        "labels: {allow: [bug]}\n", "mode: off\nlabels: {needs_info: waiting, allow: [x]}\n",
        (Mode.OFF, ("bug",), "waiting"),
    ),
    "a broken organisation": ("labels: {allow: [bug]}\n", "mode: loud\n", (Mode.ACT, ("bug",), "needs-info")),
    "an unreadable organisation": ("mode: observe\n", "triage: [\n", (Mode.OBSERVE, DEFAULT_LABELS, "needs-info")),
    "an organisation that is a list": ("mode: observe\n", "- 1\n", (Mode.OBSERVE, DEFAULT_LABELS, "needs-info")),
}  # fmt: skip


@pytest.mark.parametrize(("text", "under", "holds"), MERGED.values(), ids=MERGED)
def test_the_organisation_s_file_holds_below(
    text: str, under: str | None, holds: tuple[Mode, tuple[str, ...], str]
) -> None:
    found = good(text, under)
    assert (found.mode, found.labels.allow, found.labels.needs_info) == holds


def test_mistakes_of_the_repository_are_not_hidden_by_the_organisation_s_file() -> None:
    assert not isinstance(SCHEMA.parse("moods: 1\n", under="mode: off\n"), RepoConfig)


def test_the_schema_is_closed_everywhere() -> None:
    schema = SCHEMA.json_schema()
    closed = [schema, *(one for one in schema["$defs"].values() if one.get("type") == "object")]
    assert all(one.get("additionalProperties") is False for one in closed)
    assert set(schema["properties"]) == {"mode", "labels", "budgets", "links", *BY_ID}
