"""What people read: nothing of the report itself."""

from bot.domain.text import Prose, Text


def pointer(policy: str | None) -> Text:
    """Where to go with a vulnerability; `policy` is the page of the security policy, if the project has one."""
    way = (
        f"[The security policy]({policy}) says how to report it in private."
        if policy
        else "Please ask the maintainers here for a private way to send the rest, without saying more."
    )
    return (
        Prose(
            "This may be about a security problem, and everybody can read it. Please add no details here. "
            f"{way} If it is none, there is nothing to do: a maintainer will look at it."
        ),
    )


def withdrawn() -> Text:
    """The text no longer looks like one."""
    return (Prose("This no longer looks like a security problem."),)
