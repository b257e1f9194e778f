"""What people read: at most six lines."""

from bot.domain.facts import Community
from bot.domain.text import Prose, Text


def first_issue(opening: str | None, community: Community) -> Text:
    """For somebody's first issue; `opening` replaces the first sentence."""
    start = _one_line(opening) or "Thanks for your first issue here!"
    following = (
        "A maintainer will look at it and answer here. With a bug, it helps them to know what happens, "
        "how to make it happen again and in which version."
    )
    return _text(start, following, community)


def first_pull(opening: str | None, community: Community, *, checks_wait: bool) -> Text:
    """For somebody's first pull request; `checks_wait`: a maintainer has to start its checks."""
    start = _one_line(opening) or "Thanks for your first pull request here!"
    following = "A maintainer will look at it and answer here."
    if checks_wait:
        following = (
            "The checks may wait until a maintainer starts them, as for every first pull request from a fork: "
            "there is nothing that you have to do. A maintainer will look at it and answer here."
        )
    return _text(start, following, community)


def _text(start: str, following: str, community: Community) -> Text:
    pages = (("How to contribute", community.contributing), ("Code of conduct", community.code_of_conduct))
    links = " · ".join(f"[{name}]({url})" for name, url in pages if url)
    return (Prose("\n\n".join(one for one in (f"{start} {following}", links) if one)),)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
