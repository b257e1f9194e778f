"""The thread's one comment: which sections it holds after a change, and whether there is a comment at all."""

from typing import Final

import pytest

from bot.domain.actions import DropSection, SetSection
from bot.domain.status import CLOSING, Section, Thread, apply, body
from bot.domain.text import Prose, Text, make_marker
from tests.unit.capabilities.build import POLICY

MARKER: Final = make_marker("status", "1#5", b"k" * 32)
FOOTER: Final = (Prose("Automated."),)
ORDER: Final = ("welcome", "triage", "docs")


def words(text: str) -> Text:
    return (Prose(text),)


A, B, GONE, KEPT = words("First."), words("Second."), words("All answered."), words("Answered before.")
NOTHING: Final = words("Nothing is left to say here for now.")

# the thread, the changes, its sections afterwards (name to text and quiet)
CHANGES: Final[dict[str, tuple[Thread, dict[str, SetSection | DropSection], dict[str, Section]]]] = {
    "the first section": (Thread(), {"triage": SetSection(A)}, {"triage": Section(A)}),
    "a quiet one": (Thread(), {"triage": SetSection(A, quiet=True)}, {"triage": Section(A, quiet=True)}),
    "one replaced": (Thread(9, {"triage": Section(A)}), {"triage": SetSection(B)}, {"triage": Section(B)}),
    "one beside another": (
        Thread(9, {"triage": Section(A)}), {"docs": SetSection(B)}, {"triage": Section(A), "docs": Section(B)},
    ),
    "one of two gone": (
        Thread(9, {"triage": Section(A), "docs": Section(B)}), {"docs": DropSection(GONE)}, {"triage": Section(A)},
    ),
    "the last gone": (Thread(9, {"triage": Section(A)}), {"triage": DropSection(GONE)}, {CLOSING: Section(GONE)}),
    "the last loud one gone": (
        Thread(9, {"triage": Section(A), "docs": Section(B, quiet=True)}), {"triage": DropSection(GONE)},
        {"docs": Section(B, quiet=True), CLOSING: Section(GONE)},
    ),
    "the last gone before it was posted": (Thread(None, {"triage": Section(A)}), {"triage": DropSection(GONE)}, {}),
    "gone what was never there": (Thread(), {"triage": DropSection(GONE)}, {}),
    "gone what went before": (
        Thread(9, {CLOSING: Section(KEPT)}), {"triage": DropSection(GONE)}, {CLOSING: Section(KEPT)},
    ),
    "one that stands alone": (
        Thread(9, {"welcome": Section(A), "docs": Section(B)}), {"triage": SetSection(A, alone=True)},
        {"triage": Section(A)},
    ),
    "one that stands alone, among others": (
        Thread(9, {CLOSING: Section(KEPT)}), {"triage": SetSection(A, alone=True), "docs": SetSection(B)},
        {"triage": Section(A)},
    ),
    "the last becomes quiet": (
        Thread(9, {"triage": Section(A)}), {"triage": SetSection(B, quiet=True)},
        {"triage": Section(B, quiet=True), CLOSING: Section(NOTHING)},
    ),
    "back after the last line": (
        Thread(9, {CLOSING: Section(KEPT)}), {"triage": SetSection(A)}, {"triage": Section(A)},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("thread", "changes", "sections"), CHANGES.values(), ids=CHANGES)
def test_sections_after_a_change(
    thread: Thread, changes: dict[str, SetSection | DropSection], sections: dict[str, Section]
) -> None:
    changed = apply(thread, changes)
    assert dict(changed.sections) == sections
    assert changed.comment_id == thread.comment_id


def test_a_silenced_thread_stays_silenced() -> None:
    changed = apply(Thread(None, {}, silenced=True), {"triage": SetSection(A)})
    assert changed.silenced
    assert body(changed, order=ORDER, policy=POLICY, marker=MARKER, footer=FOOTER) is None


@pytest.mark.parametrize("sections", [{}, {"triage": Section(A, quiet=True)}])
def test_without_a_loud_section_there_is_no_comment(sections: dict[str, Section]) -> None:
    assert body(Thread(9, sections), order=ORDER, policy=POLICY, marker=MARKER, footer=FOOTER) is None


def test_sections_come_in_the_registry_s_order_between_marker_and_footer() -> None:
    sections = {"docs": Section(words("Docs.")), "welcome": Section(A), "triage": Section(B, quiet=True)}
    made = body(Thread(9, sections), order=ORDER, policy=POLICY, marker=MARKER, footer=FOOTER)
    assert made is not None
    assert made.body.split("\n\n") == [f"{MARKER}\nFirst.", "Second.", "Docs.", "Automated."]


def test_a_section_of_a_capability_that_is_gone_is_still_shown() -> None:
    sections = {"welcome": Section(A), "retired": Section(B)}
    made = body(Thread(9, sections), order=ORDER, policy=POLICY, marker=MARKER, footer=())
    assert made is not None
    assert made.body == f"{MARKER}\nSecond.\n\nFirst."


def test_references_stay_live_in_the_section_that_vouches_for_them_and_nowhere_else() -> None:
    see = words("See #3 and #4.")
    sections = {"welcome": Section(see), "triage": Section(see, numbers=(3,)), "docs": Section(see)}
    made = body(Thread(9, sections), order=ORDER, policy=POLICY, marker=MARKER, footer=())
    assert made is not None
    assert made.body.split("\n\n") == [
        f"{MARKER}\nSee `#3` and `#4`.", "See #3 and `#4`.", "See `#3` and `#4`.",
    ]  # fmt: skip


def test_a_section_keeps_what_it_vouches_for() -> None:
    changed = apply(Thread(), {"triage": SetSection(A, numbers=(3,))})
    assert changed.sections["triage"] == Section(A, numbers=(3,))
