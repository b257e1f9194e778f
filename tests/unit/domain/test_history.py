"""The history's rules: what is a duplicate of what, who set what, how far a reading is, what a line says."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import pytest

from bot.domain.facts import AppIdentity
from bot.domain.history import (
    Change,
    ChangeKind,
    Entry,
    HistoryItem,
    Setter,
    Writer,
    canonical,
    ledger,
    removed_by_people,
    said_duplicate,
    standing_duplicate,
)
from bot.domain.history.cursors import EventCursor, ItemCursor, Progress, from_json, to_json
from bot.domain.history.rows import Header, RowError, dump, load
from bot.domain.history.sightings import change, item, may_mark, noted, origin
from bot.domain.history.values import MAX_BODY, author_digest, clean

HERE: Final = "octo/rocket"
AT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
APP: Final = AppIdentity(5, "helper")
digest: Final = partial(author_digest, b"key")

SAID: Final[dict[str, tuple[str, int | None]]] = {
    "as GitHub takes it": ("Duplicate of #12", 12),
    "in small letters, with a stop": ("duplicate of #12.", 12),
    "in a sentence": ("This is a duplicate of #12, closing.", 12),
    "closing": ("Closing as duplicate of #12", 12),
    "short": ("dup of #12", 12),
    "by address": ("Duplicate of https://github.com/octo/rocket/issues/12", 12),
    "by the address of a pull request": ("Duplicate of https://github.com/Octo/Rocket/pull/12#issuecomment-1", 12),
    "by a link": ("Duplicate of [#12](https://github.com/octo/rocket/issues/12)", 12),
    "with the name of the repository": ("Duplicate of octo/rocket#12", 12),
    "after a greeting": ("Thanks for the report!\n\nDuplicate of #12", 12),
    "on the next line": ("Thanks!\nDuplicate of #12", 12),
    "the last one counts": ("Duplicate of #3\n\nNo: duplicate of #4\n\nDuplicate of #12", 12),
    "another repository": ("Duplicate of octo/moon#12", None),
    "another repository's address": ("Duplicate of https://github.com/octo/moon/issues/12", None),
    "not a duplicate": ("This is not a duplicate of #12", None),
    "perhaps": ("Possible duplicate of #12", None),
    "a question": ("Is this a duplicate of #12?", None),
    "a quote": ("> Duplicate of #12\n\nI think so too", None),
    "a list": ("- Duplicate of #12", None),
    "code": ("`Duplicate of #12`", None),
    "a code block": ("```\nDuplicate of #12\n```", None),
    "in HTML": ("<!-- Duplicate of #12 -->", None),
    "no number": ("Duplicate of the other one", None),
    "number nought": ("Duplicate of #0", None),
    "a number beyond the database's": ("Duplicate of #4294967296", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("comment", "number"), SAID.values(), ids=SAID)
def test_what_a_comment_calls_the_original(comment: str, number: int | None) -> None:
    assert said_duplicate(comment, HERE) == number


CHAINS: Final[dict[str, tuple[dict[int, int], dict[int, int]]]] = {
    "none": ({}, {}),
    "one": ({5: 3}, {5: 3}),
    "a chain": ({9: 7, 7: 5, 5: 2}, {9: 2, 7: 2, 5: 2}),
    "a newer original": ({3: 8, 5: 3}, {3: 8, 5: 8}),
    "itself": ({4: 4}, {}),
    "each other": ({4: 6, 6: 4}, {6: 4}),
    "a circle of three": ({4: 6, 6: 9, 9: 4}, {6: 4, 9: 4}),
    "a chain into a circle": ({12: 11, 11: 6, 6: 4, 4: 6}, {12: 4, 11: 4, 6: 4}),
    "two that meet": ({9: 3, 8: 3, 3: 1}, {9: 1, 8: 1, 3: 1}),
}


@pytest.mark.parametrize(("links", "originals"), CHAINS.values(), ids=CHAINS)
def test_the_original_behind_each(links: dict[int, int], originals: dict[int, int]) -> None:
    assert canonical(links) == originals


def test_originals_are_never_duplicates_however_the_links_are() -> None:
    for seed in range(200):
        links = {number: (number * 7 + seed) % 13 for number in range(1, 13) if (number + seed) % 3}
        found = canonical(links)
        assert not set(found) & set(found.values())


def test_a_long_chain_is_followed_without_recursion() -> None:
    assert canonical({number + 1: number for number in range(1, 20_000)})[20_000] == 1


def mark(kind: ChangeKind, at: datetime) -> Change:
    return Change(5, kind, "", Setter.PERSON, at, f"event:{at.timestamp():.0f}")


def test_what_was_said_holds_until_the_mark_is_taken_off() -> None:
    off = [mark(ChangeKind.MARKED, AT), mark(ChangeKind.UNMARKED, AT + SECOND)]
    assert standing_duplicate(5, [(AT, 3)], ()) == 3
    assert standing_duplicate(5, [(AT, 3), (AT + SECOND, 4)], ()) == 4
    assert standing_duplicate(5, [(AT, 5)], ()) is None
    assert standing_duplicate(5, [(AT, 3)], off) is None
    assert standing_duplicate(5, [(AT, 3), (AT + 2 * SECOND, 4)], off) == 4


def changed(kind: ChangeKind, label: str, setter: Setter, source: str, at: datetime = AT) -> Change:
    return Change(5, kind, label, setter, at, source)


ON, OFF = ChangeKind.LABELED, ChangeKind.UNLABELED
LEDGERS: Final[dict[str, tuple[tuple[str, ...], tuple[Change, ...], Entry]]] = {
    "set by a person": (
        ("bug",), (changed(ON, "bug", Setter.PERSON, "event:1"),), Entry("bug", True, Setter.PERSON, AT),
    ),
    "whatever its case": (("Bug",), (changed(ON, "bug", Setter.US, "event:1"),), Entry("Bug", True, Setter.US, AT)),
    "removed by a person": (
        (), (changed(ON, "bug", Setter.US, "event:1"), changed(OFF, "bug", Setter.PERSON, "event:2")),
        Entry("bug", False, Setter.PERSON, AT),
    ),
    "the list's order is by id": (
        ("bug",), (changed(ON, "bug", Setter.BOT, "event:10"), changed(OFF, "bug", Setter.PERSON, "event:9")),
        Entry("bug", True, Setter.BOT, AT),
    ),
    "time before ids": (
        ("bug",),
        (changed(ON, "bug", Setter.BOT, "event:1", AT + SECOND), changed(OFF, "bug", Setter.PERSON, "event:9")),
        Entry("bug", True, Setter.BOT, AT + SECOND),
    ),
    "deliveries of one second in their order": (
        (), (changed(ON, "bug", Setter.US, "delivery:z"), changed(OFF, "bug", Setter.PERSON, "delivery:a")),
        Entry("bug", False, Setter.PERSON, AT),
    ),
    "nobody knows who set it": (("bug",), (), Entry("bug", True, None, None)),
    "set though the last that is known took it off": (
        ("bug",), (changed(OFF, "bug", Setter.PERSON, "event:1"),), Entry("bug", True, None, None),
    ),
    "gone though nobody is known to have taken it off": (
        (), (changed(ON, "bug", Setter.PERSON, "event:1"),), Entry("bug", False, None, None),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("present", "changes", "entry"), LEDGERS.values(), ids=LEDGERS)
def test_who_set_what(present: tuple[str, ...], changes: tuple[Change, ...], entry: Entry) -> None:
    assert ledger(present, changes) == {"bug": entry}


def test_only_what_people_removed_stays_away() -> None:
    changes = [changed(OFF, "bug", Setter.PERSON, "event:1"), changed(OFF, "wish", Setter.BOT, "event:2")]
    assert removed_by_people(ledger(["docs"], [*changes, mark(ChangeKind.MARKED, AT)])) == {"bug"}


ISSUE: Final[dict[str, Any]] = {
    "number": 5, "title": "Crash\0", "body": "b" * (MAX_BODY + 5), "state": "closed", "state_reason": "completed",
    "user": {"login": "Ada", "id": 7, "type": "User"}, "author_association": "NONE", "labels": [{"name": "bug"}],
    "comments": 2, "created_at": "2026-03-01T12:00:00Z", "updated_at": "2026-03-01T12:00:03Z",
    "closed_at": "2026-03-01T12:00:03Z",
}  # fmt: skip
REPOSITORY: Final = {"id": 1, "name": "rocket", "owner": {"login": "octo"}}


def test_an_issue_of_the_list() -> None:
    assert item(ISSUE, APP, digest) == HistoryItem(
        number=5, is_pull=False, title="Crash", body="b" * MAX_BODY, state="closed", state_reason="completed",
        association="NONE", writer=Writer.PERSON, author=digest("ada"), labels=("bug",), comments=2, created_at=AT,
        updated_at=AT + 3 * SECOND, closed_at=AT + 3 * SECOND,
    )  # fmt: skip
    assert "ada" not in digest("ada")


ITEMS: Final[dict[str, tuple[dict[str, Any], dict[str, object]]]] = {
    "a pull request of the list of issues": ({"pull_request": {"merged_at": None}}, {"is_pull": True}),
    "a merged one": (
        {"pull_request": {"merged_at": "2026-03-01T12:00:03Z"}}, {"is_pull": True, "state_reason": "merged"},
    ),
    "a payload's pull request": (
        {"head": {"sha": "a"}, "merged_at": "2026-03-01T12:00:03Z"}, {"is_pull": True, "state_reason": "merged"},
    ),
    "a bot's": (
        {"user": {"login": "x[bot]", "id": 1, "type": "Bot"}}, {"writer": Writer.BOT, "author": digest("x[bot]")},
    ),
    "ours": (
        {"user": {"login": "helper[bot]", "id": 1, "type": "Bot"}},
        {"writer": Writer.US, "author": digest("helper[bot]")},
    ),
    "of a deleted account": ({"user": None}, {"author": ""}),
    "open, without a text": (
        {"body": None, "closed_at": None, "state": "open"}, {"body": "", "closed_at": None, "state": "open"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), ITEMS.values(), ids=ITEMS)
def test_other_items(fields: Mapping[str, Any], expected: dict[str, Any]) -> None:
    assert item({**ISSUE, **fields}, APP, digest) == replace(item(ISSUE, APP, digest), **expected)


def test_lone_surrogates_and_nul_do_not_reach_the_database() -> None:
    assert clean("a\0b\ud800c", 10) == "ab?c"


MIRA: Final = {"login": "mira", "id": 8, "type": "User"}
SETTERS: Final[dict[str, tuple[dict[str, Any], Setter]]] = {
    "a person": ({"actor": MIRA}, Setter.PERSON),
    "a bot": ({"actor": {"login": "x[bot]", "id": 9, "type": "Bot"}}, Setter.BOT),
    "we, by our name": ({"actor": {"login": "helper[bot]", "id": 9, "type": "Bot"}}, Setter.US),
    "we, through our App": ({"actor": MIRA, "performed_via_github_app": {"id": 5}}, Setter.US),
    "the author with the issue": ({"actor": ISSUE["user"]}, Setter.FORM),
    "the author later": ({"actor": ISSUE["user"], "created_at": "2026-03-01T12:00:30Z"}, Setter.PERSON),
    "a deleted account": ({"actor": None}, Setter.PERSON),
}


@pytest.mark.parametrize(("fields", "setter"), SETTERS.values(), ids=SETTERS)
def test_who_set_a_label(fields: dict[str, Any], setter: Setter) -> None:
    event = {"id": 3, "event": "labeled", "created_at": "2026-03-01T12:00:02Z", "label": {"name": "bug"}, **fields}
    found = change(event, origin(item(ISSUE, APP, digest)), APP, digest)
    assert found is not None
    assert (found.setter, found.kind, found.label, found.source) == (setter, ChangeKind.LABELED, "bug", "event:3")


def test_a_maintainer_s_own_labels_are_a_person_s() -> None:
    event = {"id": 3, "event": "labeled", "created_at": "2026-03-01T12:00:00Z", "label": {"name": "bug"}}
    of = origin(item({**ISSUE, "author_association": "MEMBER"}, APP, digest))
    found = change({**event, "actor": ISSUE["user"]}, of, APP, digest)
    assert found is not None
    assert found.setter is Setter.PERSON


def test_other_events_change_nothing() -> None:
    event = {"id": 3, "event": "renamed", "created_at": "2026-03-01T12:00:00Z", "actor": MIRA}
    assert change(event, origin(item(ISSUE, APP, digest)), APP, digest) is None


def payload(**more: Any) -> dict[str, Any]:
    return {"issue": ISSUE, "repository": REPOSITORY, "sender": MIRA, **more}


def test_what_deliveries_tell() -> None:
    plain = item(ISSUE, APP, digest)
    opened = noted("issues.opened", "guid", payload(), APP, digest)
    assert opened is not None
    assert (opened.item, opened.gone, opened.change) == (plain, False, None)
    for kind in ("issues.deleted", "issues.transferred"):
        gone = noted(kind, "guid", payload(), APP, digest)
        assert gone is not None
        assert gone.gone
    for action, wanted in (("labeled", ChangeKind.LABELED), ("unlabeled", ChangeKind.UNLABELED)):
        told = noted(f"issues.{action}", "guid", payload(label={"name": "bug"}), APP, digest)
        assert told is not None
        assert told.change == Change(5, wanted, "bug", Setter.PERSON, plain.updated_at, "delivery:guid")
    assert noted("issues.pinned", "guid", payload(), APP, digest) is None


def comment(**more: Any) -> dict[str, Any]:
    return {"id": 1, "body": "Duplicate of #3", "user": MIRA, "author_association": "MEMBER", **more}


WORDS: Final[dict[str, tuple[dict[str, Any], bool]]] = {
    "a maintainer's": ({}, True),
    "the author's": ({"user": ISSUE["user"], "author_association": "NONE"}, True),
    "a stranger's": ({"author_association": "CONTRIBUTOR"}, False),
    "a bot's": ({"user": {"login": "x[bot]", "id": 9, "type": "Bot"}}, False),
    "ours": ({"performed_via_github_app": {"id": 5}}, False),
}


@pytest.mark.parametrize(("fields", "counts"), WORDS.values(), ids=WORDS)
def test_whose_word_on_duplicates_counts(fields: dict[str, Any], counts: bool) -> None:
    assert may_mark(comment(**fields), digest("ada"), APP, digest) is counts
    told = noted("issue_comment.created", "guid", payload(comment=comment(**fields)), APP, digest)
    assert (told.item.duplicate_of if told else None) == (3 if counts else None)


def test_a_comment_that_says_something_else_changes_nothing() -> None:
    for body in ("Thanks!", "Duplicate of #5"):
        assert noted("issue_comment.created", "g", payload(comment=comment(body=body)), APP, digest) is None


def test_pages_of_items_go_on_where_the_last_one_ended() -> None:
    cursor = ItemCursor().after([AT, AT + 9 * SECOND], more=True, etag="a")
    assert cursor == ItemCursor(AT + 8 * SECOND)
    # A second with more items than fit on a page: the next page of the same question.
    assert cursor.after([AT + 9 * SECOND] * 2, more=True, etag="b") == ItemCursor(AT + 8 * SECOND, 2)
    assert ItemCursor().after([], more=True, etag="") == ItemCursor(page=2)
    done = cursor.after([AT + 9 * SECOND], more=False, etag="c")
    assert done == ItemCursor(AT + 8 * SECOND, 1, "c", done=True)
    assert Progress(done).again().items == ItemCursor(AT + 8 * SECOND, 1, "c")


def test_pages_of_events_end_at_what_is_known() -> None:
    first = EventCursor().after([9, 8], [AT, AT - SECOND], more=True, etag="a")
    assert (first.page, first.top, first.done) == (2, 9, False)
    end = first.after([7], [AT - 2 * SECOND], more=False, etag="b")
    assert end == EventCursor(floor=9, cut=AT - 2 * SECOND, etag="a", done=True)
    again = Progress(events=end).again().events
    assert again.after([12, 11, 9], [AT] * 3, more=True, etag="c") == EventCursor(
        floor=12, cut=AT - 2 * SECOND, etag="c", done=True
    )
    more = again.after([12, 11], [AT] * 2, more=True, etag="c")
    assert (more.page, more.top, more.floor) == (2, 12, 9)
    assert more.refused() == EventCursor(floor=12, cut=AT, etag="c", done=True)
    assert EventCursor().after([], [], more=False, etag="") == EventCursor(done=True)


def test_progress_survives_the_database() -> None:
    progress = Progress(ItemCursor(AT, 2, "tag"), EventCursor(3, 9, 4, AT, AT, "tag"))
    assert from_json(to_json(progress)) == progress
    assert from_json({}) == Progress()


def test_lines_are_read_as_they_were_written() -> None:
    rows = (
        Header(1, HERE),
        replace(item(ISSUE, APP, digest), duplicate_of=3, title="Größe\n\u2028"),
        changed(ON, "bug", Setter.FORM, "event:1"),
    )
    for row in rows:
        assert "\n" not in dump(row)
        assert load(dump(row), 1) == row


BROKEN: Final = {
    "no JSON": "{",
    "a list": "[1]",
    "no kind": "{}",
    "another kind": '{"row": "person"}',
    "another version": '{"row": "repository", "version": 2, "id": 1, "full_name": "a/b"}',
    "an item without a title": '{"row": "item", "number": 1}',
    "a change of another kind": dump(changed(ON, "bug", Setter.US, "event:1")).replace("labeled", "painted"),
    "a change by somebody else": dump(changed(ON, "bug", Setter.US, "event:1")).replace('"us"', '"them"'),
    "a field too many": dump(item(ISSUE, APP, digest)).replace('"number"', '"colour": 1, "number"'),
}


NULLS: Final = ("created_at", "updated_at", "state", "is_pull", "comments", "author", "labels", "number", "writer")


@pytest.mark.parametrize(("name", "value"), [*((name, None) for name in NULLS), ("created_at", ""), ("updated_at", "")])
def test_a_field_that_is_always_there_cannot_be_empty(name: str, value: object) -> None:
    line = json.dumps({**json.loads(dump(item(ISSUE, APP, digest))), name: value})
    with pytest.raises(RowError, match=r"^line 7 is no line of an export"):
        load(line, 7)


def test_what_is_wrong_with_a_line_is_named() -> None:
    line = json.loads(dump(item(ISSUE, APP, digest)))
    for fields, words in (
        ({"created_at": None}, "(“created_at” is empty or of another kind)"),
        ({"colour": 1}, "(“colour” is unknown)"),
    ):
        with pytest.raises(RowError) as error:
            load(json.dumps({**line, **fields}), 7)
        assert words in str(error.value)


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(RowError, match=r"^line 7 is no line of an export"):
        load(line, 7)
