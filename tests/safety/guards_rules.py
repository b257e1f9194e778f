"""What must be marked: in the rooms where something is refused, every refusal is a marked guard or a written exception.

leaving   each `if` whose body ends with return, raise, continue or break, or that only yields, and each `raise`
          outside of such an `if` and outside of `except`
reasons   each text of two words or more in a function's body stands on a marked line, or in the body of a marked `if`
          or of an `except`, where nothing is let through
tables    each collection of constants of a module
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.safety.guards import Guard, marks

_LEAVING: Final = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A place without a mark; `what` is its source, by which an exception names it."""

    path: str
    line: int
    what: str

    @property
    def key(self) -> str:
        return f"{self.path}: {self.what}"


Rule = Callable[[ast.Module, frozenset[int]], Iterator[ast.AST]]


def leaving(module: ast.Module, marked: frozenset[int]) -> Iterator[ast.expr | ast.stmt]:
    parents = {child: node for node in ast.walk(module) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(module):
        if isinstance(node, ast.If) and _leaves(node) and node.lineno not in marked:
            yield node.test
        if isinstance(node, ast.Raise) and node.lineno not in marked:
            yield from () if isinstance(parents[node], ast.If | ast.ExceptHandler) else (node,)


def _leaves(node: ast.If) -> bool:
    last = node.body[-1]
    return isinstance(last, _LEAVING) or (isinstance(last, ast.Expr) and isinstance(last.value, ast.Yield))


def reasons(module: ast.Module, marked: frozenset[int]) -> Iterator[ast.AST]:
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _reasons(function.body[1:] if ast.get_docstring(function) else function.body, marked)


def _reasons(body: list[ast.stmt], marked: frozenset[int]) -> Iterator[ast.AST]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(statement, ast.If) and statement.lineno in marked:
            yield from _reasons(statement.orelse, marked)
            continue
        blocks = [value for _, value in ast.iter_fields(statement) if isinstance(value, list)]
        inner = [one for block in blocks for one in block if isinstance(one, ast.AST)]
        for part in [one for one in ast.iter_child_nodes(statement) if one not in inner] + inner:
            if isinstance(part, ast.stmt):
                yield from _reasons([part], marked)
            elif isinstance(part, ast.match_case):
                yield from _reasons(part.body, marked)
            elif not isinstance(part, ast.ExceptHandler):
                yield from (one for one in _texts(part) if one.lineno not in marked)


def _texts(node: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Texts of two words or more: reasons, not names."""
    if isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip()
    ):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _texts(child)


def tables(module: ast.Module, marked: frozenset[int]) -> Iterator[ast.AST]:
    for statement in module.body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        if _is_table(statement.value) and not marked.intersection(lines):
            yield statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]


def _is_table(value: ast.expr) -> bool:
    """Whether two or more things are listed."""
    return any(len(_listed(one)) > 1 for one in ast.walk(value))


def _listed(node: ast.AST) -> Sequence[ast.expr | None]:
    match node:
        case ast.Set(elts=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(keys=parts):
            return parts
    return ()


ROOMS: Final[dict[str, tuple[Rule, ...]]] = {
    "bot/domain/gate.py": (leaving, reasons),
    "bot/domain/text/characters.py": (leaving, tables),
    "bot/domain/text/codeblock.py": (leaving, tables),
    "bot/domain/text/hazards.py": (leaving, tables),
    "bot/domain/text/links.py": (leaving, tables),
    "bot/domain/text/marker.py": (leaving,),
    "bot/domain/text/render.py": (leaving,),
    "bot/github/client.py": (leaving,),
    "bot/github/contents.py": (leaving,),
    "bot/github/executor.py": (leaving,),
    "bot/llm/endpoint.py": (leaving, tables),
    "bot/llm/transport.py": (leaving,),
    "bot/runtime/pipeline.py": (leaving,),
    "bot/web/webhook.py": (leaving, reasons),
}


def unmarked(path: str, source: str, guards: tuple[Guard, ...] | None = None) -> tuple[Unmarked, ...]:
    """What stands without a mark in one file, by the rules of its room."""
    found = marks(source, path) if guards is None else guards
    lines = frozenset(one.line for one in found)
    module = ast.parse(source)
    places = {
        (node.lineno, ast.unparse(node))  # type: ignore[attr-defined]
        for rule in ROOMS.get(path, ())
        for node in rule(module, lines)
    }
    return tuple(Unmarked(path, line, what) for line, what in sorted(places))
