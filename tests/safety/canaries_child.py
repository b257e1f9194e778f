"""The real program with one fault of its own: a capability crashes on some reports and says every secret it knows.

python -m tests.safety.canaries_child serve
"""

import base64
import os
from typing import Any, Final

from bot.capabilities.triage.decide import Triage
from bot.cli import main
from bot.domain.facts import Facts

CRASHING: Final = "a report that is too much"
SECRETS: Final = ("GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET", "OPENAI_API_KEY", "DATABASE_URL")


def install() -> None:
    """Put the fault in its place."""
    decide = Triage.decide

    def crashing(self: Triage, facts: Facts, *arguments: Any) -> Any:
        if CRASHING in facts.item.title:
            known = [os.environ.get(name, "") for name in SECRETS]
            raise RuntimeError("; ".join([*known, *(base64.b64encode(one.encode()).decode() for one in known)]))
        return decide(self, facts, *arguments)

    Triage.decide = crashing  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    install()
    main()
