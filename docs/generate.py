"""Writes what is derived from the code: app.yaml, a page per capability, the configuration's schema and table.

python -m docs.generate            write
python -m docs.generate --check    exit code 1, naming the files, if one is not as it would be written
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from bot.bootstrap import declared_permissions
from bot.capabilities import REGISTRY
from bot.domain import actions
from bot.domain.actions import Action
from bot.domain.capability import Capability, Options
from bot.domain.repo_config import ConfigSchema
from docs import assurance, servers

ROOT: Final = Path(__file__).parent.parent
_APP_HEAD: Final = """\
# The GitHub App's manifest: what the App asks for, and which events it gets.
# Written by `make docs`: the union of what the default capabilities declare.
# https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""
_POWERS: Final[dict[type[Action], str]] = {
    actions.SetSection: "write its section of the thread's comment",
    actions.DropSection: "take that section away",
    actions.AddLabels: "add labels",
    actions.RemoveLabels: "remove labels that this assistant set",
    actions.React: "react to the comment",
    actions.Reply: "reply to the comment",
    actions.Review: "review with comments and suggestions",
}
_WRITTEN: Final = "<!-- Written by `make docs` from the manifest and the capability's README. -->"


def files() -> dict[Path, str]:
    """Every generated file with its text."""
    found = {ROOT / "app.yaml": app_manifest(), ROOT / "docs/configuration.schema.json": _schema()}
    for capability in REGISTRY:
        found[ROOT / f"docs/capabilities/{capability.manifest.id.replace('_', '-')}.md"] = page(capability)
    found[ROOT / "docs/capabilities/README.md"] = index()
    return found | assurance.pages() | servers.pages()


def app_manifest() -> str:
    """The App's permissions and events: those of the capabilities that are on by default."""
    default = tuple(one.manifest for one in REGISTRY if one.manifest.default)
    events = {event.split(".", 1)[0] for one in default for event in one.events}
    data: dict[str, Any] = {
        "name": "contribution-assistant",
        "description": "Triages reports, suggests documentation fixes, welcomes newcomers, answers commands.",
        "url": "https://example.org/your-assistant",
        "hook_attributes": {"url": "https://example.org/webhooks/github", "active": True},
        "public": False,
        "default_permissions": dict(sorted(declared_permissions(default).items())),
        "default_events": sorted(events),
    }
    return _APP_HEAD + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)


def page(capability: Capability) -> str:
    """What a maintainer wants to know about a capability."""
    manifest = capability.manifest
    folder = Path(sys.modules[type(capability).__module__].__file__ or "").parent
    readme = (folder / "README.md").read_text("utf-8").strip()
    rows = [
        ("On by default", "yes" if manifest.default else "no"),
        ("Listens to", ", ".join(f"`{one}`" for one in sorted(manifest.events))),
        ("Reads", ", ".join(sorted(manifest.needs)) or "the item"),
        ("Needs", ", ".join(f"`{name}: {level}`" for name, level in sorted(manifest.permissions.items()))),
        (
            "Knows more with",
            ", ".join(f"`{name}: {level}`" for name, level in manifest.optional_permissions.items()) or "–",
        ),
        ("May", "; ".join(_POWERS[one] for one in manifest.actions)),
        ("Asks a model", f"with prompt `{manifest.prompt}`, if one is configured" if manifest.prompt else "never"),
    ]
    parts = [_WRITTEN, readme, "## At a glance", _table(("", ""), rows)]
    if manifest.commands:
        commands = [(f"`{one.usage}`", one.summary, one.access.value) for one in manifest.commands]
        parts += ["## Commands", _table(("command", "what it does", "who"), commands)]
    parts += [f"## Configuration: `{manifest.id}`", _options(manifest.options)]
    return "\n\n".join(parts) + "\n"


def index() -> str:
    """The list of capabilities."""
    rows = [
        (f"[{one.manifest.title}]({one.manifest.id.replace('_', '-')}.md)", one.manifest.summary) for one in REGISTRY
    ]
    return f"{_WRITTEN}\n\n# Capabilities\n\n{_table(('capability', 'what it does'), rows)}\n"


def _options(options: type[Options]) -> str:
    values = options()
    rows = []
    for name, field in options.model_fields.items():
        value = getattr(values, name)
        default = "the repository's mode" if name == "mode" else f"`{_json(value)}`"
        rows.append((f"`{name}`", field.description or "", default))
    return _table(("key", "meaning", "default"), rows)


def _json(value: object) -> str:
    return json.dumps(value, default=lambda one: sorted(one) if isinstance(one, frozenset) else dict(one))


def _schema() -> str:
    schema = ConfigSchema(tuple(one.manifest for one in REGISTRY)).json_schema()
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines
    )


def main() -> None:
    """Write, or check."""
    wrong = [path for path, text in files().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in wrong:
            print(f"{path.relative_to(ROOT)} is out of date: run `make docs`")
        raise SystemExit(1 if wrong else 0)
    for path in wrong:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files()[path], "utf-8")


if __name__ == "__main__":
    main()
