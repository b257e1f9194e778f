"""What documentation files say: changed lines, links, anchors and prose, read from text alone.

Lines are 1-based and end at `\\n` as git counts them; columns are 0-based characters. Nothing here raises on
hostile text: what is not understood is left out, so that nobody is told about a mistake that is none.
"""

from collections.abc import Mapping
from itertools import islice

from bot.domain.documents import markdown, plain, rst
from bot.domain.documents.patches import changed_lines, commentable_lines
from bot.domain.documents.paths import Kind, Target, is_documentation, kind_of, resolve
from bot.domain.documents.values import MAX_TEXT, DocLink, LinkKind, source_lines

MAX_LINKED_DOCUMENTS = 20

__all__ = [
    "MAX_LINKED_DOCUMENTS",
    "MAX_TEXT",
    "DocLink",
    "Kind",
    "LinkKind",
    "Target",
    "anchors",
    "changed_lines",
    "commentable_lines",
    "is_documentation",
    "kind_of",
    "linked_documents",
    "links",
    "prose_lines",
    "resolve",
    "source_lines",
]


def links(text: str, path: str) -> tuple[DocLink, ...]:
    """The links of a document in the order of their targets; none from code, comments or plain text."""
    if len(text) > MAX_TEXT:
        return ()
    match kind_of(path):
        case Kind.MARKDOWN:
            return markdown.links(text)
        case Kind.RST:
            return rst.links(text)
        case _:
            return ()


def anchors(text: str, path: str) -> frozenset[str]:
    """The names that `#name` may point to in a document: headings as GitHub names them, and explicit ones."""
    if len(text) > MAX_TEXT:
        return frozenset()
    match kind_of(path):
        case Kind.MARKDOWN:
            return markdown.anchors(text)
        case Kind.RST:
            return rst.anchors(text)
        case _:
            return frozenset()


def prose_lines(text: str, path: str) -> Mapping[int, str]:
    """The lines with words for readers. What is not prose is blanked by spaces, so that columns stay."""
    if len(text) > MAX_TEXT:
        return {}
    match kind_of(path):
        case Kind.MARKDOWN:
            return markdown.prose(text)
        case Kind.RST:
            return rst.prose(text)
        case Kind.TEXT:
            return plain.prose(text)
        case _:
            return {}


def linked_documents(texts: Mapping[str, str], changed: Mapping[str, frozenset[int]]) -> frozenset[str]:
    """Documents outside `texts` whose anchors the changed lines point to: at most MAX_LINKED_DOCUMENTS.

    The paths are what the author wrote: fetch only those that the repository's tree has.
    """
    found = (
        target.path
        for path in sorted(texts)
        for link in links(texts[path], path)
        if link.line in changed.get(path, frozenset())
        and (target := resolve(path, link.target)) is not None
        and target.anchor
        and target.path not in texts
        and is_documentation(target.path)
    )
    return frozenset(islice(dict.fromkeys(found), MAX_LINKED_DOCUMENTS))
