"""Tables, one line for each row."""

from collections.abc import Callable
from typing import Final

from markdown_it.tree import SyntaxTreeNode

MAX_COLUMNS: Final = 20
MAX_ROWS: Final = 200
_RULES: Final = {"text-align:left": ":---", "text-align:center": ":---:", "text-align:right": "---:"}


def table(node: SyntaxTreeNode, write: Callable[[SyntaxTreeNode], str]) -> str:
    """The table with at most 20 columns (the last is "…" where more were) and 200 rows."""
    rows = [row for part in node.children for row in part.children][: MAX_ROWS + 1]
    head = rows[0].children[:MAX_COLUMNS]
    rules = [_RULES.get(str(cell.attrs.get("style", "")), "---") for cell in head]
    lines = [_row(_cells(row.children, write)) for row in rows]
    return "\n".join([lines[0], _row(rules), *lines[1:]])


def _cells(cells: list[SyntaxTreeNode], write: Callable[[SyntaxTreeNode], str]) -> list[str]:
    if len(cells) > MAX_COLUMNS:
        return [*map(write, cells[: MAX_COLUMNS - 1]), "…"]
    return [write(cell) for cell in cells]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
