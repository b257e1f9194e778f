"""The files of the sample repository `sample-org/tidepool`."""

from __future__ import annotations

README = """\
# tidepool

Read the logs of tide gauges and other slow sensors, without surprises.

## Install

```sh
pip install tidepool
```

## Use

```python
from tidepool import read_log

for reading in read_log("harbour.tpl"):
    print(reading.time, reading.level)
```

See the [guide](docs/guide.md) for time zones, gaps and calibration.

## Help

Questions are welcome as issues. Please read [CONTRIBUTING.md](CONTRIBUTING.md) before you send a change.
"""

CONTRIBUTING = """\
# Contributing

Thank you for helping! Small changes are the best ones.

1. Open an issue first when the change is larger than a bug fix.
2. Install the development tools with `pip install -e .[dev]`.
3. Run `pytest` and `ruff check` before you push.
4. Add a line to `CHANGELOG.md` when users can see the change.

Documentation lives in `docs/`. A maintainer looks at every pull request within a week.
"""

CODE_OF_CONDUCT = """\
# Code of conduct

Be kind, be patient, assume good faith. Write to mira@example.org when something is wrong.
"""

GUIDE = """\
# Guide

## Time zones

Every reading carries a time zone. Logs without one are read as UTC; pass `zone=` to say otherwise:

```python
read_log("harbour.tpl", zone="Europe/Lisbon")
```

## Gaps

A gauge that loses power leaves a gap. `read_log` yields nothing for it;
`fill_gaps` fills it with straight lines.

## Calibration

Pass `offset=` in metres. The offset is added after the unit is converted.
"""

INSTALL = """\
# Installation

tidepool needs Python 3.9 or newer.

## From the package index

```sh
pip install tidepool
```

## From source

```sh
git clone https://github.com/sample-org/tidepool
cd tidepool
pip install -e .
```

## Checking the installation

Run `tidepool --version`. It prints the version and the path of the configuration file.
"""

API = """\
API reference
=============

.. function:: read_log(path, zone="UTC", offset=0.0)

   Read a log file and yield one :class:`Reading` for each line.

   :param path: file to read
   :param zone: time zone of logs that name none
   :param offset: metres to add to each level
   :raises LogError: when a line cannot be read

.. class:: Reading

   ``time`` is an aware datetime, ``level`` is in metres.
"""

INIT = '''\
"""Read the logs of tide gauges."""

from tidepool.parser import LogError, Reading, read_log

__all__ = ["LogError", "Reading", "read_log"]
__version__ = "1.4.0"
'''

PARSER = '''\
"""The log format: one reading per line, `time;level;unit`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

METRES = {"m": 1.0, "cm": 0.01, "ft": 0.3048}


class LogError(ValueError):
    """A line that cannot be read."""


@dataclass(frozen=True)
class Reading:
    time: datetime
    level: float


def read_log(path: str | Path, zone: str = "UTC", offset: float = 0.0) -> Iterator[Reading]:
    """Yield the readings of a log file in the order of its lines."""
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            yield parse_line(line, number, zone, offset)


def parse_line(line: str, number: int, zone: str, offset: float) -> Reading:
    try:
        stamp, level, unit = line.split(";")
        time = datetime.fromisoformat(stamp)
        metres = float(level) * METRES[unit.strip()]
    except (KeyError, ValueError) as error:
        raise LogError(f"line {number}: {line!r}") from error
    return Reading(time if time.tzinfo else time.replace(tzinfo=ZoneInfo(zone)), metres + offset)
'''

CLI = '''\
"""The command `tidepool`."""

from __future__ import annotations

import argparse

from tidepool import __version__, read_log


def main() -> None:
    parser = argparse.ArgumentParser(prog="tidepool")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("log")
    parser.add_argument("--zone", default="UTC")
    options = parser.parse_args()
    for reading in read_log(options.log, options.zone):
        print(f"{reading.time.isoformat()}  {reading.level:7.3f} m")
'''

TESTS = """\
import pytest

from tidepool.parser import LogError, parse_line


def test_a_level_in_feet_becomes_metres():
    assert parse_line("2024-05-01T06:00;10;ft", 1, "UTC", 0.0).level == pytest.approx(3.048)


def test_an_unknown_unit_is_an_error():
    with pytest.raises(LogError, match="line 7"):
        parse_line("2024-05-01T06:00;10;fathom", 7, "UTC", 0.0)
"""

BUG_REPORT = """\
name: Bug report
description: Something does not work as it should
labels: [bug]
body:
  - type: markdown
    attributes:
      value: Thank you for taking the time to report this.
  - type: input
    id: version
    attributes:
      label: Version
      description: What does `tidepool --version` print?
      placeholder: 1.4.0
    validations:
      required: true
  - type: textarea
    id: what-happened
    attributes:
      label: What happened?
      description: And what did you expect instead?
    validations:
      required: true
  - type: textarea
    id: steps
    attributes:
      label: Steps to reproduce
      placeholder: |
        1. Run …
        2. See …
    validations:
      required: true
  - type: dropdown
    id: os
    attributes:
      label: Operating system
      options:
        - Linux
        - macOS
        - Windows
        - Other
    validations:
      required: true
  - type: textarea
    id: logs
    attributes:
      label: Log output
      render: text
    validations:
      required: false
"""

FEATURE_REQUEST = """\
---
name: Feature request
about: Suggest something new
labels: enhancement
---

**What do you want to do?**

**What have you tried?**

**Anything else?**
"""

PROJECT = """\
[project]
name = "tidepool"
version = "1.4.0"
description = "Read the logs of tide gauges"
requires-python = ">=3.9"

[project.scripts]
tidepool = "tidepool.cli:main"
"""

FILES = {
    "README.md": README,
    "CONTRIBUTING.md": CONTRIBUTING,
    "CODE_OF_CONDUCT.md": CODE_OF_CONDUCT,
    "CHANGELOG.md": "# Changelog\n\n## 1.4.0\n\n- Levels in feet.\n",
    "pyproject.toml": PROJECT,
    "docs/guide.md": GUIDE,
    "docs/install.md": INSTALL,
    "docs/api.rst": API,
    "src/tidepool/__init__.py": INIT,
    "src/tidepool/parser.py": PARSER,
    "src/tidepool/cli.py": CLI,
    "tests/test_parser.py": TESTS,
    ".github/ISSUE_TEMPLATE/bug_report.yml": BUG_REPORT,
    ".github/ISSUE_TEMPLATE/feature_request.md": FEATURE_REQUEST,
}

BUG_BODY = """\
### Version

1.4.0

### What happened?

`read_log` raises `LogError: line 3` for a log that Windows wrote. I expected readings.

### Steps to reproduce

1. Save a log with a byte order mark at the start.
2. Run `tidepool harbour.tpl`.

### Operating system

Windows

### Log output

```text
tidepool.parser.LogError: line 1: '\\ufeff2024-05-01T06:00;1.2;m'
```
"""

THIN_BUG_BODY = """\
It crashes when I open my log. It worked last week, now I only get an error. Please help!
"""

DOCS_PULL_GUIDE = GUIDE.replace(
    "A gauge that loses power leaves a gap. `read_log` yields nothing for it;\n"
    "`fill_gaps` fills it with straight lines.",
    "A gauge that loses power leaves a gap. `read_log` yields nothing for it, wich is usualy\n"
    "what you want; `fill_gaps` fills it with straight lines\n"
    "that are seperated by the original readings.",
)
"""The guide as a first contributor's pull request leaves it: with typing errors."""
