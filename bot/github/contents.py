"""File contents as the API gives them."""

import base64
from collections.abc import Mapping
from typing import Any


def decode_content(data: Any, *, errors: str = "strict") -> str | None:
    """The text of a contents answer. Symlinks and submodules have another type and are not followed."""
    # guard: files-only (23): without data.get('type') != 'file'
    if not isinstance(data, Mapping) or data.get("type") != "file" or data.get("encoding") != "base64":
        return None
    if data.get("target") or data.get("submodule_git_url"):  # guard: links-in-repositories (23): each
        return None
    try:
        return base64.b64decode(data["content"]).decode("utf-8", errors)
    except ValueError:
        return None
