"""Finds slips on changed documentation lines and suggests their repair. No model is asked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Final

from bot.capabilities.docs import messages
from bot.capabilities.docs.config import DocsOptions, selected
from bot.capabilities.docs.findings import Document, Finding, Remark, Typo
from bot.capabilities.docs.links import Checker
from bot.capabilities.docs.manifest import MANIFEST
from bot.capabilities.docs.repair import remark
from bot.capabilities.docs.spelling import accepted_words, typos
from bot.capabilities.docs.tree import Tree
from bot.domain.actions import LineComment, Review
from bot.domain.capability import Context, Manifest
from bot.domain.documents import MAX_TEXT, changed_lines, is_documentation
from bot.domain.facts import ChangedFile, Facts, Need
from bot.domain.plan import Explanation, ModelAnswer, ModelRequest, Plan, Skip
from bot.domain.text import RenderPolicy, UnsafeText, render_suggestion

METHOD: Final = "typos + link check"
MAX_PER_LINE: Final = 10
MAX_TOTAL: Final = 1_000_000
"""Characters of changed documents that are looked at, in the order of the files."""

_NO_POLICY: Final = RenderPolicy(repository_url="https://github.com/-/-", owner_url="https://github.com/-")


@dataclass(frozen=True, slots=True)
class Docs:
    """The capability `docs`."""

    manifest: Manifest = MANIFEST

    def ask(self, facts: Facts, context: Context) -> ModelRequest | None:
        """Never: rules are sure enough here, and a model is not."""
        return None

    def decide(self, facts: Facts, answer: ModelAnswer | None, context: Context) -> Plan | Skip:
        """One review with a comment for each changed line that has findings, or why there is none."""
        options = context.options if isinstance(context.options, DocsOptions) else DocsOptions()
        item = facts.item
        if not item.is_pull or item.head_sha is None:
            return Skip("not a pull request")
        if item.draft:
            return Skip("draft")
        changed = [file for file in facts.files if _is_changed_document(file, options)]
        documents = tuple(_affordable(_documents(changed, facts)))
        left_out = len(changed) - len(documents)
        if not documents:
            return Skip(_nothing(facts, left_out))
        tree = Tree.of(facts.tree)
        lines = list(_by_line(documents, facts, options, tree))
        if not lines:
            return Skip("nothing found on the changed lines" + (f"; {messages.unseen(left_out)}" if left_out else ""))
        return _plan(lines, facts, options, tree, left_out=left_out)


@dataclass(frozen=True, slots=True)
class _Line:
    """A changed line and what was found on it."""

    document: Document
    number: int
    findings: tuple[Finding, ...]

    @property
    def text(self) -> str:
        return self.document.lines[self.number - 1]


def _is_changed_document(file: ChangedFile, options: DocsOptions) -> bool:
    if file.status == "removed" or not is_documentation(file.path) or not selected(file.path, options):
        return False
    return bool(changed_lines(file.patch))


def _documents(files: Iterable[ChangedFile], facts: Facts) -> Iterator[Document]:
    """Those whose text was read: a reader has caps of its own, and a symlink has no text."""
    for file in files:
        text = facts.documents.get(file.path)
        if text is None:
            continue
        lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
        changed = frozenset(number for number in changed_lines(file.patch) if number <= len(lines))
        if changed:
            yield Document(file.path, text, lines, changed)


def _affordable(documents: Iterable[Document]) -> Iterator[Document]:
    room = MAX_TOTAL
    for document in documents:
        room -= len(document.text)
        if room < 0:
            return
        if len(document.text) <= MAX_TEXT:
            yield document


def _nothing(facts: Facts, left_out: int) -> str:
    unread = sorted(facts.unread & {Need.FILES, Need.DOCUMENTS})
    if unread:
        return f"could not be read: {', '.join(unread)}"
    return messages.unseen(left_out) if left_out else "no documentation changed"


def _by_line(documents: Iterable[Document], facts: Facts, options: DocsOptions, tree: Tree) -> Iterator[_Line]:
    accepted = accepted_words(facts, options.words) if options.spelling and facts.misspellings else frozenset()
    checker = Checker(tree, facts.documents) if options.links and tree.paths else None
    for document in documents:
        found: list[Finding] = list(typos(document, facts, accepted)) if options.spelling else []
        if checker is not None:
            found += checker.broken(document)
        found.sort(key=_place)
        for number, findings in groupby(found, key=lambda one: one.line):
            yield _Line(document, number, tuple(islice(findings, MAX_PER_LINE)))


def _place(finding: Finding) -> tuple[int, int]:
    column = finding.column if isinstance(finding, Typo) else finding.link.column
    return finding.line, column or 0


def _plan(lines: list[_Line], facts: Facts, options: DocsOptions, tree: Tree, *, left_out: int) -> Plan:
    shown, more = lines[: options.max_comments], max(0, len(lines) - options.max_comments)
    renamed = {file.previous_path: file.path for file in facts.files if file.previous_path}
    comments: list[LineComment] = []
    evidence: list[str] = []
    for line in shown:
        remarks = _remarks(line, tree, renamed)
        comments.append(_comment(line, remarks))
        evidence += [messages.evidence(line.document.path, one) for one in remarks]
    text = messages.review(
        spelling=options.spelling,
        links=options.links and bool(tree.paths),
        shown=len(shown),
        more=more,
        left_out=left_out,
    )
    why = Explanation(messages.outcome(len(shown), more), tuple(evidence), METHOD)
    return Plan((Review(facts.item.head_sha or "", text, tuple(comments)),), why)


def _remarks(line: _Line, tree: Tree, renamed: Mapping[str, str]) -> tuple[Remark, ...]:
    return tuple(remark(finding, line.document, tree, renamed) for finding in line.findings)


def _comment(line: _Line, remarks: tuple[Remark, ...]) -> LineComment:
    text = messages.remarks(remarks)
    fixed = _fixed(line.text, remarks)
    if fixed == line.text or not _is_safe(fixed, line.text):
        return LineComment(line.document.path, line.number, text)
    return LineComment(line.document.path, line.number, text, suggestion=(fixed,), original=(line.text,))


def _fixed(line: str, remarks: Iterable[Remark]) -> str:
    """The line with every fix whose old text stands where it should; nothing else is touched."""
    end = len(line)
    for one in sorted(remarks, key=lambda one: one.column or 0, reverse=True):
        if one.column is None or one.new is None:
            continue
        stop = one.column + len(one.old)
        if stop <= end and line[one.column : stop] == one.old:
            line = line[: one.column] + one.new + line[stop:]
            end = one.column
    return line


def _is_safe(fixed: str, original: str) -> bool:
    try:
        render_suggestion((fixed,), original=(original,), lead=(), policy=_NO_POLICY)
    except UnsafeText:
        return False
    return True
