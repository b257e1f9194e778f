"""The App asks for what its capabilities declare, and for nothing else."""

from pathlib import Path

import yaml

from bot.bootstrap import declared_permissions
from bot.capabilities import REGISTRY

MANIFEST = yaml.safe_load((Path(__file__).parents[2] / "app.yaml").read_text("utf-8"))
DEFAULT = tuple(one.manifest for one in REGISTRY if one.manifest.default)


def test_permissions_are_the_union_of_the_default_capabilities() -> None:
    assert MANIFEST["default_permissions"] == declared_permissions(DEFAULT)


def test_events_are_the_union_of_the_default_capabilities() -> None:
    events = {event.split(".")[0] for one in DEFAULT for event in one.events}
    assert set(MANIFEST["default_events"]) == events


def test_nothing_is_written_but_issues_and_pull_requests() -> None:
    writes = {name for name, level in MANIFEST["default_permissions"].items() if level != "read"}
    assert writes == {"issues", "pull_requests"}
