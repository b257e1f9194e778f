"""The trainer, in a process of its own: `python -m bot.runtime.training_child`.

It reads examples as lines of JSON and an empty line, writes the artefact, and knows nothing else: no database, no
network, no secret. It ends when its input does, which it does with the process that started it.
"""

import json
import os
import sys
from collections import defaultdict, deque
from typing import BinaryIO, Final

from bot.children import end_with_input
from bot.learning.artefact import TOO_FEW, pack
from bot.learning.training.kinds import MOST_EXAMPLES, Example, TooFewExamples
from bot.learning.training.learn import learn

_NICE: Final = 10


def main() -> int:
    """Learn, and write the artefact to the standard output."""
    os.nice(_NICE)
    examples = read(sys.stdin.buffer)
    end_with_input()
    try:
        made = pack(learn(examples))
    except TooFewExamples:
        return TOO_FEW
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    return 0


def read(lines: BinaryIO) -> list[Example]:
    """The examples up to the empty line; raises EOFError without it.

    Of each kind of each repository only as many as are ever used are kept.
    """
    kept: defaultdict[tuple[str, str], deque[tuple[int, Example]]] = defaultdict(lambda: deque(maxlen=MOST_EXAMPLES))
    whole = False
    for place, line in enumerate(lines):
        if not line.strip():
            whole = True
            break
        data = json.loads(line)
        one = Example(**{**data, "labels": tuple(data.get("labels", ())), "given": tuple(data.get("given", ()))})
        kept[one.repository, one.kind].append((place, one))
    if not whole:
        raise EOFError("whoever wanted this is gone")
    found = [pair for group in kept.values() for pair in group]
    return [one for _place, one in sorted(found, key=lambda pair: pair[0])]


if __name__ == "__main__":
    sys.exit(main())
