"""Everything that `docs` says."""

from collections.abc import Sequence

from bot.capabilities.docs.findings import MissingAnchor, MissingFile, Remark, Typo
from bot.domain.text import Prose, Text, code

_SHOWN = 5


def review(*, spelling: bool, links: bool, shown: int, more: int, left_out: int = 0) -> Text:
    """What was checked, what to do with the remarks, and how many lines and documents are left out."""
    checked = " and ".join(["spelling"] * spelling + ["relative links"] * links)
    lines = "One line" if shown == 1 else f"{shown} lines"
    text = (
        f"An automatic check of {checked}, on changed documentation lines only. {lines} may need a look; "
        "please apply the suggestions that fit and ignore the others."
    )
    if more:
        rest = "One more line is" if more == 1 else f"{more} more lines are"
        text += f"\n\n{rest} not shown, to keep this short."
    if left_out:
        text += f"\n\n{unseen(left_out)}."
    return (Prose(text),)


def unseen(left_out: int) -> str:
    """How many changed documents nobody looked at, without a full stop."""
    files = "One changed document was" if left_out == 1 else f"{left_out} changed documents were"
    return f"{files} not looked at: too many, too large, or without a text"


def remarks(found: Sequence[Remark]) -> Text:
    """What is said about one line."""
    said = list(dict.fromkeys(map(_sentence, found)))
    return (Prose(said[0] if len(said) == 1 else "\n".join(f"- {one}" for one in said)),)


def evidence(path: str, remark: Remark) -> str:
    """One finding as plain text: "docs/guide.md:12 teh → the"."""
    where = f"{path}:{remark.finding.line}"
    match remark.finding:
        case Typo():
            return f"{where} {remark.old} → {remark.new or ' or '.join(remark.finding.corrections[:_SHOWN])}"
        case MissingFile():
            return f"{where} {remark.old} → {remark.new or 'no such file'}"
        case MissingAnchor():
            return f"{where} {remark.old} → {remark.new or 'no such anchor'}"


def outcome(shown: int, more: int) -> str:
    """The result in one line, for records."""
    return f"remarks on {shown} {'line' if shown == 1 else 'lines'}" + (f", {more} more not shown" if more else "")


def _sentence(remark: Remark) -> str:
    match remark.finding:
        case Typo():
            return _typo(remark, remark.finding.corrections)
        case MissingFile(link=link, target=target):
            resolved = "" if link.target == target.path else f" ({code(target.path)})"
            return f"{code(link.target)}{resolved} does not exist on this branch.{_meant(remark)}"
        case MissingAnchor(link=link, target=target):
            return f"{code(target.path)} has no heading or anchor {code('#' + target.anchor)}.{_meant(remark)}"


def _typo(remark: Remark, corrections: Sequence[str]) -> str:
    if remark.new is not None:
        return f"Possible typo: {code(remark.old)} → {code(remark.new)}"
    return f"Possible typo: {code(remark.old)}. Perhaps {_choice(corrections)}?"


def _choice(words: Sequence[str]) -> str:
    shown = [code(word) for word in words[:_SHOWN]]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _meant(remark: Remark) -> str:
    return f" Perhaps {code(remark.new)}?" if remark.new is not None else ""
