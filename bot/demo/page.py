"""A thread as its page shows it, in parts that a terminal can print."""

from collections.abc import Iterator
from difflib import ndiff
from typing import Final

from rich.box import ROUNDED
from rich.color import Color
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.style import Style
from rich.text import Text

from bot.demo.markdown import shown, suggestion
from bot.demo.threads import Comment, Review, Thread
from bot.sandbox.sample import LABELS

_COLORS: Final = {name: color for name, color, _description in LABELS}
_REACTIONS: Final = {"+1": "👍", "confused": "😕"}
_STATES: Final = {"open": "green", "closed": "magenta", "merged": "magenta"}


def page(thread: Thread, before: Thread | None, *, coloured: bool) -> Iterator[RenderableType]:
    """Title, labels, first post, comments and reviews in their order; of a page seen `before`, what has changed."""
    yield _head(thread, coloured=coloured)
    if before is None:
        yield _panel(_byline(thread.author, edited=False), shown(thread.body))
    elif before.body != thread.body:
        yield _panel(_byline(thread.author, edited=True), _difference(before.body, thread.body))
    known = _posts(before) if before is not None else []
    new = [one for one in _posts(thread) if one not in known]
    if before is not None and not new:
        yield Text("  No comment was added or changed.", style="dim")
    for one in new:
        yield _comment(one) if isinstance(one, Comment) else _review(one)


def _posts(thread: Thread) -> list[Comment | Review]:
    """Comments and reviews, oldest first."""
    posts: tuple[Comment | Review, ...] = (*thread.comments, *thread.reviews)
    return sorted(posts, key=lambda one: one.at)


def _head(thread: Thread, *, coloured: bool) -> Text:
    kind = "pull request" if thread.is_pull else "issue"
    line = Text("  ").append(thread.title, style="bold").append(f"  #{thread.number} ", style="dim")
    line.append(f"{thread.state} {kind}", style=_STATES.get(thread.state, ""))
    line.append("\n  Labels: ", style="dim")
    chips = [_chip(label, coloured=coloured) for label in thread.labels] or [Text("none", style="dim")]
    return line.append(Text(" ").join(chips))


def _chip(label: str, *, coloured: bool) -> Text:
    color = _COLORS.get(label, "ededed")
    if not coloured:
        return Text(f"[{label}]")
    background = Color.parse(f"#{color}")
    red, green, blue = background.get_truecolor()
    is_dark = 0.299 * red + 0.587 * green + 0.114 * blue < 140
    return Text(f" {label} ", Style(color="white" if is_dark else "black", bgcolor=background.name))


def _byline(author: str, *, edited: bool) -> Text:
    line = Text(author, style="bold")
    return line.append(" · edited", style="not bold dim") if edited else line


def _panel(title: Text, body: RenderableType, *, by_bot: bool = False) -> Padding:
    style = "blue" if by_bot else "bright_black"
    return Padding(Panel(body, title=title, title_align="left", border_style=style, box=ROUNDED), (0, 0, 0, 2))


def _difference(before: str, after: str) -> Text:
    """The lines that an edit took away and those that it brought."""
    lines = [line for line in ndiff(before.split("\n"), after.split("\n")) if line[0] in "+-" and line[2:].strip()]
    styled = (Text(line, style="green" if line[0] == "+" else "red") for line in lines)
    return Text("\n").join(styled)


def _comment(comment: Comment) -> Padding:
    body: RenderableType = shown(comment.body)
    if comment.reactions:
        given = "  ".join(f"{_REACTIONS.get(name, name)} {count}" for name, count in comment.reactions.items())
        body = Group(body, Text(given, style="dim"))
    return _panel(_byline(comment.author, edited=comment.edited), body, by_bot=comment.by_bot)


def _review(review: Review) -> Padding:
    parts = [shown(review.body), *(part for one in review.comments for part in _remark(one))]
    return _panel(
        _byline(review.author, edited=False).append(" · reviewed", style="not bold dim"),
        Group(*parts),
        by_bot=review.by_bot,
    )


def _remark(comment: Comment) -> Iterator[RenderableType]:
    words, lines = suggestion(comment.body)
    yield Text(f"\n{comment.path}:{comment.line}", style="bold underline")
    yield shown(words)
    if lines is not None:
        yield from (Text(f"- {line}", style="red") for line in _replaced(comment))
        yield from (Text(f"+ {line}", style="green") for line in lines)


def _replaced(comment: Comment) -> list[str]:
    """The lines of the file that the suggestion stands for: the last ones of the hunk."""
    count = (comment.line or 0) - (comment.start_line or comment.line or 0) + 1
    return [line[1:] for line in comment.diff_hunk.split("\n")[-count:]]
