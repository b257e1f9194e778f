"""Where the npm packages are that hold what others wrote about GitHub's API."""

import os
from pathlib import Path
from typing import Final

import pytest

_MISSING: Final = (
    "OCTOKIT must name the node_modules folder with the packages of tests/conformance/package.json; "
    "`make test-conformance` installs them and sets it."
)


def package(*parts: str) -> Path:
    """A path inside the packages; ends the run in one sentence where they are not installed."""
    folder = os.environ.get("OCTOKIT")
    found = Path(folder).joinpath(*parts) if folder else None
    if found is None or not found.exists():
        raise pytest.UsageError(_MISSING)
    return found
