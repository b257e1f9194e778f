"""When `docs` speaks, about which files, and what its plan holds."""

import time
from dataclasses import replace

import pytest
from pydantic import ValidationError

from bot.capabilities.docs import CAPABILITY, messages
from bot.capabilities.docs.config import DocsOptions, selected
from bot.domain.actions import Review
from bot.domain.capability import Context, Mode
from bot.domain.facts import ChangedFile, Facts, Need
from bot.domain.plan import Plan, Skip
from bot.domain.text import RenderPolicy, render
from tests.unit.capabilities.docs.making import HEAD, added, comments_of, decided, facts_for, review_of

TYPO = {"teh": ("the",)}
POLICY = RenderPolicy("https://github.com/acme/rocket", "https://github.com/acme")


def a_typo(path: str = "a.md", text: str = "teh end") -> Facts:
    return facts_for({path: text}, mistakes=TYPO)


def reason_of(facts: Facts) -> str:
    skipped = decided(facts)
    assert isinstance(skipped, Skip)
    return skipped.reason


SKIPPED = {
    "draft": (facts_for({"a.md": "teh"}, mistakes=TYPO, draft=True), "draft"),
    "issue": (facts_for({"a.md": "teh"}, mistakes=TYPO, is_pull=False), "not a pull request"),
    "only code": (facts_for({"a.py": "teh"}, mistakes=TYPO), "no documentation changed"),
    "ignored": (a_typo("CHANGELOG.md"), "no documentation changed"),
    "vendored": (a_typo("src/vendor/x/README.md"), "no documentation changed"),
    "no patch": (facts_for({"a.md": "teh"}, patches={"a.md": None}, mistakes=TYPO), "no documentation changed"),
    "hostile patch": (
        facts_for({"a.md": "teh"}, patches={"a.md": "@@ -1 +9 @@"}, mistakes=TYPO),
        "no documentation changed",
    ),
    "unread": (facts_for({}, unread=frozenset({Need.FILES})), "could not be read: files"),
    "clean": (facts_for({"a.md": "the end"}, mistakes=TYPO), "nothing found on the changed lines"),
}


@pytest.mark.parametrize(("facts", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_when_it_says_nothing(facts: Facts, reason: str) -> None:
    assert decided(facts) == Skip(reason)


@pytest.mark.parametrize("path", ["../a.md", "/a.md", "a//b.md", "./a.md", "a\n.md", "a\x00.md", "a\u202e.md"])
def test_hostile_paths_are_left_alone(path: str) -> None:
    assert not selected(path, DocsOptions(paths=("**/*", "*")))
    assert decided(a_typo(path)) == Skip("no documentation changed")


def test_patch_longer_than_the_document() -> None:
    facts = facts_for({"a.md": "teh"}, patches={"a.md": added("x\n" * 9)}, mistakes=TYPO)
    assert [one.line for one in comments_of(facts)] == [1]


def test_the_plan_is_one_review_of_the_head_with_evidence() -> None:
    plan = decided(facts_for({"docs/guide.md": "x\nteh [a](no.md)"}, mistakes=TYPO))
    assert isinstance(plan, Plan)
    (review,) = plan.actions
    assert isinstance(review, Review)
    assert review.head_sha == HEAD
    assert plan.why.evidence == ("docs/guide.md:2 teh → the", "docs/guide.md:2 no.md → no such file")
    assert plan.why.method == "typos + link check"
    assert plan.why.outcome == "remarks on 1 line"
    assert not plan.commanded


def test_more_lines_than_wanted() -> None:
    facts = facts_for({"b.md": "teh x\n" * 4, "a.md": "teh y\n" * 4}, mistakes=TYPO)
    review = review_of(facts, DocsOptions(max_comments=5))
    assert [(one.path, one.line) for one in review.comments] == [
        ("b.md", 1),
        ("b.md", 2),
        ("b.md", 3),
        ("b.md", 4),
        ("a.md", 1),
    ]
    assert "3 more lines are not shown" in render(review.text, POLICY).body


OUTCOMES = {
    "one": ((1, 0), "remarks on 1 line"),
    "several": ((2, 0), "remarks on 2 lines"),
    "one left out": ((20, 1), "remarks on 20 lines, 1 more not shown"),
}


@pytest.mark.parametrize(("counts", "outcome"), OUTCOMES.values(), ids=OUTCOMES)
def test_the_record_counts_lines(counts: tuple[int, int], outcome: str) -> None:
    assert messages.outcome(*counts) == outcome


def test_a_comment_names_also_what_its_suggestion_leaves() -> None:
    line = "nothing for it, wich is usualy"
    mistakes = {"wich": ("which", "witch"), "usualy": ("usually",)}
    (comment,) = review_of(facts_for({"docs/guide.md": line}, mistakes=mistakes)).comments
    assert comment.suggestion == ("nothing for it, wich is usually",)
    said = render(comment.text, POLICY).body
    assert "Possible typo: `wich`. Perhaps `which` or `witch`?" in said
    assert "Possible typo: `usualy` → `usually`" in said


def test_large_documents_are_counted() -> None:
    facts = facts_for({"a.md": "teh end", "b.md": "teh " * 70_000}, mistakes=TYPO)
    review = review_of(facts)
    assert [one.path for one in review.comments] == ["a.md"]
    assert (
        "One changed document was not looked at: too many, too large, or without a text."
        in render(review.text, POLICY).body
    )


def test_the_body_says_what_was_checked() -> None:
    body = render(review_of(a_typo()).text, POLICY).body
    assert body.startswith("An automatic check of spelling and relative links, on changed documentation lines only.")
    body = render(review_of(a_typo(), DocsOptions(links=False)).text, POLICY).body
    assert body.startswith("An automatic check of spelling, on changed")


def test_renamed_file_is_checked_on_its_changed_lines() -> None:
    file = ChangedFile("new.md", "renamed", "@@ -1,2 +1,2 @@\n teh\n-a\n+teh b", previous_path="old.md")
    assert [one.line for one in comments_of(facts_for({"new.md": "teh\nteh b"}, files=(file,), mistakes=TYPO))] == [2]


def test_documents_that_the_reader_left_out_are_counted() -> None:
    facts = facts_for({"a.md": "teh end"}, mistakes=TYPO)
    unread = tuple(ChangedFile(f"docs/{n}.md", "modified", added("more")) for n in range(3))
    facts = replace(facts, files=(*facts.files, *unread))
    assert "3 changed documents were not looked at" in render(review_of(facts).text, POLICY).body
    clean = replace(facts, misspellings=())
    assert "3 changed documents were not looked at" in reason_of(clean)
    nothing_read = replace(facts, documents={})
    assert reason_of(nothing_read).startswith("4 changed documents were not looked at")


def test_text_of_a_document_that_did_not_change_is_not_checked() -> None:
    facts = facts_for({"a.md": "fine", "b.md": "teh"}, patches={"a.md": added("fine")}, mistakes=TYPO)
    assert decided(facts) == Skip("nothing found on the changed lines")


GLOBS = {
    "any folder": ("**/*.md", "a/b/c.md", True),
    "root too": ("**/*.md", "c.md", True),
    "below": ("docs/**/*.txt", "docs/a/b.txt", True),
    "directly below": ("docs/**/*.txt", "docs/b.txt", True),
    "not beside": ("docs/**/*.txt", "other/b.txt", False),
    "name anywhere": ("CHANGELOG*", "a/CHANGELOG.md", True),
    "star stays in a name": ("docs/*.md", "docs/a/b.md", False),
    "folder anywhere": ("**/vendor/**", "a/vendor/b/c.md", True),
    "question mark": ("a?.md", "ab.md", True),
    "many stars end soon": ("**/" * 40 + "x.md", "a/" * 40 + "y.md", False),
}


@pytest.mark.parametrize(("pattern", "path", "expected"), GLOBS.values(), ids=GLOBS)
def test_globs(pattern: str, path: str, expected: bool) -> None:
    assert selected(path, DocsOptions(paths=(pattern,), ignore=())) is expected
    assert selected(path, DocsOptions(paths=("**",), ignore=(pattern,))) is not expected


@pytest.mark.parametrize("wrong", [{"max_comments": 41}, {"max_comments": 0}, {"paths": ["a" * 201]}, {"path": ["a"]}])
def test_options_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DocsOptions.model_validate(wrong)


def test_no_model_is_asked_and_only_reviews_are_planned() -> None:
    assert CAPABILITY.ask(a_typo(), Context(Mode.ACT, DocsOptions())) is None
    assert CAPABILITY.manifest.actions == (Review,)
    assert CAPABILITY.manifest.permissions == {"pull_requests": "write", "contents": "read"}


def test_a_hostile_change_takes_bounded_time() -> None:
    broken = "".join(f"[a](no{number}.md#x) " for number in range(300)) + "\n\n"
    paths = [f"docs/file-{number}.md" for number in range(400)] + [f"f{number}/same.md" for number in range(5_000)]
    text = "# Heading\n" * 2_000 + broken * 30 + "[a](#heading-x) [b](/x/same.md) " * 300
    started = time.process_time()
    review = review_of(facts_for({"docs/a.md": text}, others=[*paths, "mkdocs.yml"]))
    assert 0 < len(review.comments) <= 20
    assert time.process_time() - started < 20
