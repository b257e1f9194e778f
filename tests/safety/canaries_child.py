"""The real program with one fault of its own: a capability crashes on some reports and says every secret it knows.

    python -m tests.safety.canaries_child serve

Or started once for each environment (a line of JSON on standard input), telling how each start ended:

    python -m tests.safety.canaries_child ends < ENVIRONMENTS
"""

import base64
import json
import os
import sys
import tempfile
import traceback
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


def end(environment: dict[str, str]) -> tuple[int, str]:
    """Exit code and output of `serve` in a fork of this process, which has loaded the program but read nothing."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.environ.clear()
            os.environ.update(environment)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os._exit(_code())
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode("utf-8", "replace")


def _code() -> int:
    sys.argv[1:] = ["serve"]
    code = 0
    try:
        main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 70
    except BaseException:  # noqa: BLE001 - printed as the interpreter prints it
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    if sys.argv[1] == "ends":
        import bot.bootstrap  # noqa: F401 - loaded once for all of them

        for line in sys.stdin:
            print(json.dumps(end(json.loads(line))), flush=True)
    else:
        install()
        main()
