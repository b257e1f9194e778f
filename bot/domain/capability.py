"""What a capability is: a manifest that declares its powers, and two pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from pydantic import BaseModel, ConfigDict

from bot.domain.actions import Action
from bot.domain.facts import Facts, Need
from bot.domain.plan import ModelAnswer, ModelRequest, Plan, Skip

TRIAGE_ROLES: Final = frozenset({"triage", "write", "maintain", "admin"})


class Mode(StrEnum):
    """How far a capability may go in a repository. EARNED: as ACT where that was measured to be right, else SUGGEST."""

    OFF = "off"
    OBSERVE = "observe"
    SUGGEST = "suggest"
    ACT = "act"
    EARNED = "earned"


class Access(StrEnum):
    """Who may use a command: anyone, the item's author and people with at least the triage role, or only these."""

    ANYONE = "anyone"
    AUTHOR = "author"
    TRIAGE = "triage"

    def permits(self, role: str, *, author: bool = False) -> bool:
        """Whether a person with GitHub's `role` (role_name), perhaps the item's `author`, may; an unknown role may not.

        Roles: https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories
        """
        return self is Access.ANYONE or (self is Access.AUTHOR and author) or role in TRIAGE_ROLES


@dataclass(frozen=True, slots=True)
class CommandHelp:
    """A slash command as /help shows it."""

    name: str
    usage: str
    summary: str
    access: Access
    examples: tuple[str, ...] = ()


class Options(BaseModel):
    """Base of a capability's part of the repository configuration: frozen, unknown keys are errors."""

    # guard: unknown-options (22): without extra
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    mode: Mode | None = None
    """`off`, `observe`, `suggest`, `act` or `earned`; without it, the repository's mode."""

    def extra_labels(self) -> frozenset[str]:
        """Labels that these options allow besides the repository's allow-list."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that the router, the gate, /help, the docs and app.yaml derive from a capability.

    `events` are "event.action" names; `permissions` are GitHub App permissions ("issues": "write") without which it is
    off; without `optional_permissions` it only knows less. `earns`: it is measured, so that `mode: earned` means more
    than `suggest`. `discreet`: what it writes may stand under a report that looks like one about a vulnerability.
    `actions` are the only action types that the gate lets through.
    """

    id: str
    title: str
    summary: str
    events: frozenset[str]
    needs: frozenset[Need]
    permissions: Mapping[str, str]
    actions: tuple[type[Action], ...]
    options: type[Options]
    commands: tuple[CommandHelp, ...] = ()
    optional_permissions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    prompt: str | None = None
    default: bool = True
    earns: bool = False
    discreet: bool = False


def _nothing_wrong(_text: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Context:
    """What decide() may know besides the facts: how far it may go, its options, and what the App can do here.

    `labels` is the repository's allow-list for labels set by ourselves (`Options.extra_labels` included).
    `commands` is the help of all capabilities that are on.
    `unlabel_any`: the maintainers allow /unlabel to take off labels that people set.
    `check_configuration` lists the mistakes in the text of a configuration file.
    """

    mode: Mode
    options: Options
    labels: frozenset[str] = frozenset()
    needs_info_label: str = "needs-info"
    commands: tuple[CommandHelp, ...] = ()
    unlabel_any: bool = False
    check_configuration: Callable[[str], tuple[str, ...]] = _nothing_wrong


class Capability(Protocol):
    """Pure: the same facts give the same plan."""

    @property
    def manifest(self) -> Manifest: ...

    def ask(self, facts: Facts, context: Context) -> ModelRequest | None:
        """A question for the model, or None where the rules are sure or a model cannot help."""
        ...

    def decide(self, facts: Facts, answer: ModelAnswer | None, context: Context) -> Plan | Skip:
        """The plan. Without an answer it is the deterministic one; it never raises on hostile facts."""
        ...
