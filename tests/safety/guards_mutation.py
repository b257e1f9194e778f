"""A marked guard taken away: a closed list of ways, derived from the syntax tree of the marked line.

`if …`, `while …`     its condition is False (by default)
a call, a raise       the statement is gone (by default)
a line of its own     an operand, keyword, element or filter that fills a line is gone (by default)
`: without X`         X goes from the line: an operand, a filter, a keyword, an element, a slice (`[:N]`), or a call of
                      X, of which the first argument stays
`: as X`              what the line tests, returns or assigns is X: a constant, (), frozenset() or a name
`: without text X`     the text X goes from a statement of SQL
`: always`            of `a if … else b` a is left
`: each`              one mutant for each element or operand that the statement lists
a line of a text      the SQL is gone, the alternative of the pattern fits nothing
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias, cast

from tests.safety.guards import Guard, MarkError, without_text

_Parent: TypeAlias = tuple[ast.AST, str, int | None]
_SLICE: Final = re.compile(r"\[.*:.*\]")
_EMPTY: Final = ("()", "frozenset()", '""')


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module without one guard. `mutation` says in words what was done."""

    name: str
    guard: Guard
    mutation: str
    source: str


def mutants(guard: Guard, source: str) -> tuple[Mutant, ...]:
    """What the mark asks for, one mutant or more; raises MarkError where the line does not hold it."""
    if guard.in_text:
        gone = without_text(source, guard.line)
        ast.parse(gone)
        return (Mutant(guard.name, guard, "a line of the text is gone", gone),)
    if guard.how == "each":
        count = len(_parts(_Tree(source, guard)))
        if count < 2:
            raise MarkError(f"{guard.place}: nothing is listed here")
        return tuple(_made(guard, source, f"{guard.name}.{place + 1}", _each(place)) for place in range(count))
    return (_made(guard, source, guard.name, _way(guard)),)


class _Tree:
    """A fresh syntax tree with its parents, and what stands on the marked line."""

    def __init__(self, source: str, guard: Guard) -> None:
        self.guard = guard
        self.module = ast.parse(source)
        self.parents: dict[ast.AST, _Parent] = {}
        for node in ast.walk(self.module):
            for name, value in ast.iter_fields(node):
                for place, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                    if isinstance(child, ast.AST):
                        self.parents[child] = (node, name, place)
        self.line_start = len(source.split("\n")[guard.line - 1]) - len(source.split("\n")[guard.line - 1].lstrip())

    def on_line(self) -> Iterator[ast.AST]:
        """Every node that begins on the line, outer ones first."""
        return (one for one in ast.walk(self.module) if getattr(one, "lineno", 0) == self.guard.line)

    def statement(self) -> ast.stmt:
        found = next((one for one in self.on_line() if isinstance(one, ast.stmt)), None)
        if found is None:
            raise MarkError(f"{self.guard.place}: no statement begins here")
        return found

    def replace(self, node: ast.AST, new: ast.AST | None) -> None:
        """Put `new` in the place of a node, or take the node out of its list."""
        parent, name, place = self.parents[node]
        if place is None:
            setattr(parent, name, new)
        elif new is None:
            del getattr(parent, name)[place]
        else:
            getattr(parent, name)[place] = new

    def drop(self, node: ast.AST) -> str:
        """Take away an operand, filter, keyword, element or dictionary entry; says what went."""
        parent, _name, place = self.parents[node]
        text = ast.unparse(node) if not isinstance(node, ast.keyword) else f"{node.arg}="
        match parent:
            case ast.BoolOp():
                self.replace(node, ast.Constant(isinstance(parent.op, ast.And)))
            case ast.Dict() if place is not None:
                del parent.keys[place], parent.values[place]
            case _ if place is not None:
                self.replace(node, None)
            case _:
                raise MarkError(f"{self.guard.place}: {text} cannot be taken out")
        return f"without {text}"


_Way: TypeAlias = Callable[[_Tree], str]


def _made(guard: Guard, source: str, name: str, way: _Way) -> Mutant:
    tree = _Tree(source, guard)
    mutation = way(tree)
    made = ast.unparse(ast.fix_missing_locations(tree.module))
    if made == _plain(source):
        raise MarkError(f"{guard.place}: nothing changes")
    return Mutant(name, guard, " ".join(mutation.split())[:90], made)


@lru_cache(maxsize=1)
def _plain(source: str) -> str:
    return ast.unparse(ast.parse(source))


def _way(guard: Guard) -> _Way:
    verb, _, what = guard.how.partition(" ")
    if not guard.how:
        return _plainly
    if guard.how == "always":
        return _always
    if verb == "without" and what.startswith("text "):
        return lambda tree: _without_text(tree, what.removeprefix("text "))
    if verb == "without" and what:
        return lambda tree: _without(tree, what)
    if verb == "as" and what:
        return lambda tree: _as(tree, what)
    raise MarkError(f"{guard.place}: unknown way: {guard.how}")


def _plainly(tree: _Tree) -> str:
    """The condition, the statement, or the part that fills the line."""
    for node in tree.on_line():
        if isinstance(node, ast.If | ast.While):
            text = f"if {ast.unparse(node.test)} → False"
            tree.replace(node.test, ast.Constant(False))
            return text
        if isinstance(node, ast.Expr | ast.Raise | ast.AugAssign):
            text = ast.unparse(node)
            tree.replace(node, ast.Pass())
            return f"without {text}"
    for node in tree.on_line():
        if _droppable(node, tree) and getattr(node, "col_offset", 0) <= tree.line_start + len("and "):
            return tree.drop(node)
    raise MarkError(f"{tree.guard.place}: the line does not say how it is taken away")


def _droppable(node: ast.AST, tree: _Tree) -> bool:
    if node not in tree.parents or isinstance(node, ast.stmt):
        return False
    parent, name, _place = tree.parents[node]
    match parent:
        case ast.BoolOp():
            return name == "values"
        case ast.comprehension():
            return name == "ifs"
        case ast.Call():
            return name == "keywords"
        case ast.Set() | ast.List() | ast.Tuple():
            return name == "elts"
        case ast.Dict():
            return name == "keys"
    return False


def _without(tree: _Tree, what: str) -> str:
    found = [one for one in tree.on_line() if _is_meant(one, tree, what)]
    if len(found) != 1:
        raise MarkError(f"{tree.guard.place}: {what} is there {len(found)} times")
    node = found[0]
    match node:
        case ast.Call() if not _droppable(node, tree) or ast.unparse(node) != what:
            tree.replace(node, node.args[0])
            return f"without {what}(…)"
        case ast.Subscript():
            tree.replace(node, node.value)
            return f"without {what}"
    return tree.drop(node)


def _is_meant(node: ast.AST, tree: _Tree, what: str) -> bool:
    if _SLICE.fullmatch(what):
        return isinstance(node, ast.Subscript) and ast.unparse(node).endswith(what)
    if isinstance(node, ast.keyword):
        return node.arg == what
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) == what:
        return True
    return _droppable(node, tree) and ast.unparse(node) == what


def _as(tree: _Tree, what: str) -> str:
    new = ast.parse(what, mode="eval").body
    if not isinstance(new, ast.Constant | ast.Name) and what not in _EMPTY:
        raise MarkError(f"{tree.guard.place}: {what} is no plain value")
    match tree.statement():
        case ast.If(test=old) | ast.Return(value=ast.expr() as old) | ast.Assign(value=old):
            pass
        case ast.AnnAssign(value=ast.expr() as old):
            pass
        case _:
            raise MarkError(f"{tree.guard.place}: nothing is tested, returned or assigned here")
    text = ast.unparse(old)
    tree.replace(old, new)
    return f"{text[:50]} → {what}"


def _always(tree: _Tree) -> str:
    for node in tree.on_line():
        if isinstance(node, ast.IfExp):
            text = ast.unparse(node.test)
            tree.replace(node, node.body)
            return f"{text} → True"
    raise MarkError(f"{tree.guard.place}: there is no choice here")


def _without_text(tree: _Tree, what: str) -> str:
    for node in ast.walk(tree.module):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or what not in node.value:
            continue
        if node.lineno <= tree.guard.line <= (node.end_lineno or 0):
            tree.replace(node, ast.Constant(node.value.replace(what, "", 1)))
            return f"without {what}"
    raise MarkError(f"{tree.guard.place}: there is no text {what}")


def _parts(tree: _Tree) -> list[ast.AST]:
    """What the statement lists: elements of its outermost collection, or operands of its outermost condition."""
    statement = tree.statement()
    for node in ast.walk(statement.test if isinstance(statement, ast.If) else statement):
        match node:
            case ast.Set(elts=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts) if len(parts) > 1:
                return cast(list[ast.AST], parts)
            case ast.Dict(keys=keys) if len(keys) > 1:
                return [one for one in keys if one is not None]
            case ast.BoolOp(values=parts):
                return cast(list[ast.AST], parts)
    return []


def _each(place: int) -> _Way:
    return lambda tree: tree.drop(_parts(tree)[place])
