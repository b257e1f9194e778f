"""python -m tests.safety [--nightly] [LANE …]: every lane at full length; exit code 1 if one failed."""

from typing import Final

from tests.support import lanes

LANES: Final = ("adversary", "injections", "mutants")

if __name__ == "__main__":
    lanes.run("tests.safety", LANES)
