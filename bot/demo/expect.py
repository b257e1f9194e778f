"""What a thread should look like: small checks that return their objections, each a plain sentence."""

from collections.abc import Collection, Iterator, Mapping

from bot.demo.threads import Comment, Thread

Faults = Iterator[str]


def labels(thread: Thread, *expected: str) -> Faults:
    """Exactly these labels."""
    if missing := sorted(set(expected) - set(thread.labels)):
        yield f"the label {', '.join(missing)} is missing"
    if extra := sorted(set(thread.labels) - set(expected)):
        yield f"the label {', '.join(extra)} should not be there"


def silent(thread: Thread) -> Faults:
    """Not a word of the assistant."""
    if thread.by_bot or any(one.by_bot for one in thread.reviews):
        yield "the assistant wrote something, and there is nothing to say"


def comments(thread: Thread, count: int) -> Faults:
    """So many comments of the assistant, replies included; each says that no person wrote it."""
    if len(thread.by_bot) != count:
        yield f"the assistant wrote {len(thread.by_bot)} comments instead of {count}"
    if any("automated" not in one.body for one in thread.by_bot):
        yield "a comment does not say that it is automated"


def says(text: str, *words: str) -> Faults:
    for word in words:
        if word not in text:
            yield f'nothing is said about "{word}"'


def says_not(text: str, words: Collection[str]) -> Faults:
    for word in words:
        if word.lower() in text.lower():
            yield f'"{word}" is said, and should not be'


def untouched(thread: Thread) -> Faults:
    """Open, unlocked, with nobody assigned."""
    if thread.state != "open":
        yield f"#{thread.number} is {thread.state}"
    if thread.locked:
        yield f"#{thread.number} is locked"
    if thread.assignees:
        yield f"{', '.join(thread.assignees)} was assigned"


def last_of(thread: Thread, author: str) -> Comment | None:
    """The latest comment of a person."""
    return next((one for one in reversed(thread.comments) if one.author == author), None)


def reacted(comment: Comment | None, *, wanted: str) -> Faults:
    """A receipt of that kind at the comment."""
    if comment is None or wanted not in comment.reactions:
        yield f'the command was not answered with the reaction "{wanted}"'


def one_review(thread: Thread, path: str, fixes: Mapping[int, str], dead_link: tuple[int, str]) -> Faults:
    """One review whose remarks stand on exactly the wrong lines: the right text as suggestion, and the dead link."""
    found = [one for one in thread.reviews if one.by_bot]
    if len(found) != 1:
        yield f"there are {len(found)} reviews of the assistant instead of one"
        return
    line, target = dead_link
    places = {(one.path, one.line) for one in found[0].comments}
    if places != {(path, number) for number in (*fixes, line)}:
        yield f"the remarks stand at {sorted(f'{where}:{at}' for where, at in places)}"
    bodies = {one.line: one.body for one in found[0].comments}
    for number, right in fixes.items():
        if f"```suggestion\n{right}\n```" not in bodies.get(number, ""):
            yield f'"{right}" is not suggested for {path}:{number}'
    if target not in bodies.get(line, "").split("```")[0]:
        yield f"the dead link {target} is not named"
