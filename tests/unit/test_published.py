"""What README and docs/assurance.md say was measured by each lane that there is."""

import json

import pytest

from benchmarks.__main__ import NAMES
from docs.assurance import STORE
from tests.faults.__main__ import LANES as FAULTS
from tests.safety.__main__ import LANES as SAFETY


@pytest.mark.parametrize("lane", [*SAFETY, *FAULTS, *NAMES, "quality"])
def test_every_lane_has_published_its_table(lane: str) -> None:
    table = json.loads(STORE.read_text("utf-8"))[lane]
    assert table["headline"]
    assert table["rows"]
    assert table["date"]
    assert table["seconds"] > 0
