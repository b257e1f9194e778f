"""A small believable organisation to show the assistant in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.sandbox.model import Account, Repository
from bot.sandbox.ops import comments, issues, repos
from bot.sandbox.ops import labels as label_ops
from bot.sandbox.sample_files import FILES
from bot.sandbox.shapes.links import Links
from bot.sandbox.state import State, new_state
from bot.sandbox.world import Actor, Announcement, World

ORGANISATION = "sample-org"
REPOSITORY = "sample-org/tidepool"
PEOPLE = ("mira", "tom", "aiko", "stranger", "jonas")
LABELS = (
    ("bug", "d73a4a", "Something isn't working"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("question", "d876e3", "Further information is requested"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("needs-info", "fbca04", "The report lacks something we need"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("area: docs", "c5def5", "The guide, the reference, the README"),
    ("area: parser", "bfd4f2", "Reading log files"),
    ("area: cli", "bfdadc", "The command line"),
)
_PAST = (
    (
        "Levels in centimetres are read as metres",
        "With version 1.2.0 a log in cm gives levels that are a hundred times too high.\n\n"
        "Steps: `tidepool pier.tpl` with the line `2024-03-01T06:00;120;cm`. Expected 1.2 m, got 120 m.",
        ("bug", "area: parser"),
        "Fixed in 1.2.1: the unit was ignored. Thank you for the clear report!",
    ),
    (
        "Please add an option for the time zone to the command line",
        "`read_log` has `zone`, the command has not. I would like `tidepool --zone Europe/Lisbon harbour.tpl`.",
        ("enhancement", "area: cli"),
        "Done, `--zone` is in 1.3.0.",
    ),
    (
        "How do I read two logs as one?",
        "I have one file for each day and want to plot a whole week. Is there a function for that?",
        ("question",),
        "`itertools.chain` over several `read_log` calls does it.",
    ),
    (
        "The installation page names the wrong Python version",
        "docs/install.md says 3.7 but the package needs 3.9.",
        ("documentation", "area: docs"),
        "Thanks, corrected.",
    ),
)


def sample_state() -> State:
    """Return `sample-org` with `tidepool`, its people, labels and a little history, the App installed."""
    now = datetime.now(UTC)
    state = new_state(now - timedelta(days=400))
    clock = [now - timedelta(days=300)]
    world = World(state, lambda: clock[0], lambda: Links("http://localhost", "http://localhost"), _unheard)
    organisation = state.account(ORGANISATION)
    people = {name: state.add_account(name, when=clock[0]) for name in PEOPLE}
    mira, jonas = people["mira"], people["jonas"]
    organisation.members = {"mira", "tom"}
    repo = repos.create_repository(world, organisation, "tidepool", FILES)
    repo.description, repo.language = "Read the logs of tide gauges", "Python"
    repo.topics = ["sensors", "python"]
    repo.collaborators = {"mira": "admin", "tom": "triage"}
    for name, color, description in LABELS:
        state.make_label(repo, name, color, description)
    for number, (title, body, labels, answer) in enumerate(_PAST):
        clock[0] = now - timedelta(days=200 - 40 * number)
        _closed_issue(world, repo, (jonas, mira), (title, body, labels), answer)
    clock[0] = now - timedelta(days=2)
    repos.install(world, state.app, organisation, Actor(mira), None)
    return state


def _closed_issue(
    world: World,
    repo: Repository,
    people: tuple[Account, Account],
    report: tuple[str, str, Sequence[str]],
    answer: str,
) -> None:
    author, maintainer = people
    title, body, labels = report
    item = issues.open_issue(world, repo, Actor(author), title, body)
    label_ops.add_labels(world, repo, item, Actor(maintainer), labels)
    comments.create_comment(world, repo, item, Actor(maintainer), answer)
    issues.set_state(world, repo, item, Actor(maintainer), "closed")


def _unheard(announcement: Announcement) -> None:
    """What happened before the stand-in starts is told to nobody."""
    del announcement
