"""What is printed is what people see on the page, and why."""

import io
from dataclasses import replace

from rich.console import Console, RenderableType

from bot.demo.markdown import plain, suggestion, visible
from bot.demo.page import page
from bot.demo.show import Outcome, Show, Totals
from bot.demo.stage import Moment
from bot.demo.threads import Thread
from bot.demo.why import Reason, read_answer
from tests.unit.demo.threads import THREAD, by_bot, comment, review

REPLY = r"""<!-- contribution-assistant:reply:1#2 abc -->
What I decided here, latest first:

<details><summary>triage: labelled &quot;bug&quot;</summary>

- the title says "Crash"
- no `Version` in a\_b

Decided 2026-01-01 12:00 UTC at `issues.opened`, by rules 1, confidence 0.97.

</details>

<details><summary>welcome: welcomed</summary>

Decided 2026-01-01 12:00 UTC at `issues.opened`, by the author's earlier items.

</details>

*I am automated.*
"""


def _console() -> Console:
    return Console(file=io.StringIO(), width=100, color_system=None)


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _printed(thread: Thread, before: Thread | None = None) -> str:
    console = _console()
    parts: list[RenderableType] = list(page(thread, before, coloured=False))
    for part in parts:
        console.print(part)
    return _text(console)


def test_an_answer_to_why_is_taken_apart() -> None:
    answer = read_answer(REPLY)
    assert answer.opening == "What I decided here, latest first:"
    assert answer.reasons == (
        Reason('triage: labelled "bug"', ('the title says "Crash"', "no Version in a_b"), "rules 1, confidence 0.97"),
        Reason("welcome: welcomed", (), "the author's earlier items"),
    )


IDLE = r"""<!-- contribution-assistant:reply:1#2 abc -->
I left this thread alone.

The reasons:

- triage: the rules are not sure
- missing\_info: no form applies

*I am automated.*
"""
NOTHING_TO_DO = "Nothing to do for:\n\n- missing\\_info: no form applies\n"
LEFT = ("triage: the rules are not sure", "missing_info: no form applies")


def test_an_answer_says_why_nothing_was_done() -> None:
    answer = read_answer(IDLE)
    assert (answer.opening, answer.reasons) == ("I left this thread alone.", ())
    assert answer.idle == LEFT
    both = read_answer(REPLY.replace("*I am", f"{NOTHING_TO_DO}\n*I am"))
    assert len(both.reasons) == 2
    assert both.idle == LEFT[1:]
    assert read_answer(REPLY).idle == ()


def _reasons(reply: str) -> list[str]:
    console = _console()
    Show(console).reasons(read_answer(reply))
    return [line.strip() for line in _text(console).splitlines() if line.strip()]


def test_the_reasons_are_one_line_each() -> None:
    assert _reasons(IDLE) == [f"Why: left alone — {'; '.join(LEFT)}"]
    assert _reasons(REPLY.replace("*I am", f"{NOTHING_TO_DO}\n*I am")) == [
        'Why: triage: labelled "bug" — the title says "Crash"; no Version in a_b (rules 1, confidence 0.97)',
        "Why: welcome: welcomed (the author's earlier items)",
        "Why: nothing else to do — missing_info: no form applies",
    ]
    assert _reasons("I left this thread alone.\n\n*automated*") == ['Why: "I left this thread alone."']


def test_an_answer_without_decisions_keeps_its_sentence() -> None:
    answer = read_answer("<!-- m -->\nI have not decided anything.\n\n*automated*")
    assert answer.opening == "I have not decided anything."
    assert answer.reasons == ()


def test_hidden_comments_are_hidden_and_folds_open() -> None:
    assert visible("<!-- secret\n -->\nHello") == "Hello"
    assert visible("<details><summary>More</summary>\n\ninside\n\n</details>") == "**▸ More**\n\ninside"
    assert plain(r"a *b* `c` \_d &lt;") == "a b c _d <"


def test_a_suggestion_is_found_inside_longer_fences() -> None:
    assert suggestion("Words\n\n````suggestion\n```\n````\n") == ("Words\n\n\n", ["```"])
    assert suggestion("Words") == ("Words", None)


def test_the_page_shows_labels_reactions_and_edits() -> None:
    posts = (comment("mira", "Well[1]", reactions={"+1": 1}), by_bot("<!-- marker -->\nHello", edited=True, id=2))
    text = _printed(replace(THREAD, labels=("bug", "unheard of"), comments=posts))
    for part in ("#7", "open issue", "[bug] [unheard of]", "mira", "Well[1]", "👍 1", "[bot] · edited", "Hello"):
        assert part in text
    assert "marker" not in text


def test_a_review_shows_the_lines_before_and_after() -> None:
    hunk = "@@ -1,2 +1,3 @@\n one\n+teh two"
    remark = by_bot("Typo\n\n```suggestion\nthe two\n```", path="docs/a.md", line=2, diff_hunk=hunk)
    text = _printed(replace(THREAD, is_pull=True, reviews=(review(remark),)))
    for part in ("open pull request", "reviewed", "docs/a.md:2", "- teh two", "+ the two"):
        assert part in text
    assert "suggestion" not in text


def test_a_later_look_shows_only_what_changed() -> None:
    before = replace(THREAD, body="one\ntwo", comments=(comment("mira", "Old"),))
    after = replace(before, body="one\nthree", comments=(*before.comments, comment("tom", "New", id=2)))
    text = _printed(after, before)
    assert "- two" in text
    assert "+ three" in text
    assert "New" in text
    assert "Old" not in text
    assert "No comment was added" in _printed(before, before)


def test_moments_that_are_only_judged_are_not_shown() -> None:
    console = _console()
    other = replace(THREAD, title="Elsewhere")
    Show(console).moments([Moment("somebody asks", THREAD), Moment("", other)])
    assert "somebody asks." in _text(console)
    assert "Elsewhere" not in _text(console)


def test_the_summary_names_what_failed() -> None:
    console = _console()
    totals = Totals(events=20, refused=0, requests=300, unknown=1, comments=9, answers=4, questions=2, seconds=12.3)
    outcomes = [Outcome("One", "good", (), 0.5), Outcome("Two", "better", ("a fault",), 1.5)]
    show = Show(console)
    show.verdict("better", ("a fault",))
    show.summary(outcomes, totals)
    text = _text(console)
    for part in ("    - a fault", "ok       One", "NOT OK   Two", "1 of 2 threads", "5 comments", "2 questions"):
        assert part in text
