"""python -m tests.faults [--nightly] [LANE …]: every lane at full length; exit code 1 if one failed."""

from typing import Final

from tests.support import lanes

LANES: Final = ("schedules", "processes", "loops", "outage", "crashes", "fleet")

if __name__ == "__main__":
    lanes.run("tests.faults", LANES)
