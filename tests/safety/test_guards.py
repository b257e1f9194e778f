"""The list of guards is whole, every mark can be read and carried out, and a few guards are really taken away."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.safety.guards import INVARIANTS, ROOT, Guard, MarkError, all_guards, book, killers, marks, sources
from tests.safety.guards_mutation import mutants
from tests.safety.guards_rules import ROOMS, unmarked
from tests.safety.mutants import Fate, all_mutants, fate_of, try_all
from tests.safety.mutants_run import Run

_NAMED: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
REALLY: Final = ("bots-at-the-gate", "three-labels")


def test_guards_have_names_of_their_own() -> None:
    assert [name for name, count in Counter(one.name for one in all_guards()).items() if count > 1] == []
    assert len(all_guards()) > 200


def test_every_invariant_has_a_guard() -> None:
    assert {number for one in all_guards() for number in one.invariants} == set(INVARIANTS)


def test_every_guard_can_be_taken_away() -> None:
    """In a way that changes the module (`mutants` refuses another); one that leaves it unreadable kills nobody."""
    for guard in all_guards():
        source = sources()[guard.path]
        for mutant in mutants(guard, source):
            assert mutant.source != source


def test_every_guard_has_tests_that_exist() -> None:
    for guard in all_guards():
        for test in killers(guard):
            path, _, name = test.partition("::")
            file = ROOT / path
            assert file.is_file(), f"{guard.name}: {path}"
            assert not name or name.partition("[")[0] in _names(file), f"{guard.name}: {test}"


@cache
def _names(file: Path) -> frozenset[str]:
    return frozenset(one.name for one in ast.parse(file.read_text("utf-8")).body if isinstance(one, _NAMED))


def test_the_book_names_no_guard_that_is_gone() -> None:
    guards = all_guards()
    assert set(book()["killed-by"]) - {one.name for one in guards} == set()
    assert set(book()["killed-in"]) - {one.path for one in guards} == set()


def test_nothing_that_must_be_marked_is_unmarked() -> None:
    exceptions = book()["no-mark-needed"]
    found = {one.key: one for path in ROOMS for one in unmarked(path, sources()[path])}
    assert {key: one.line for key, one in found.items() if key not in exceptions} == {}
    assert set(exceptions) - set(found) == set(), "exceptions for what is gone"
    assert all(reason.strip() for reason in exceptions.values())


PLANTED: Final[dict[str, tuple[str, str, str, str]]] = {
    "a refusal in the gate": (
        "bot/domain/gate.py", "    if case.facts.item.locked:", "    if case.facts.item.draft:\n"
        "        yield 'this is a draft'\n", "case.facts.item.draft",
    ),
    "a reason in the gate": (
        "bot/domain/gate.py", "    allowed, reasons = [], []", "    reasons = ['on one line']\n", "'on one line'",
    ),
    "a refusal of the webhook": (
        "bot/web/webhook.py", "        if body is None:", "        if not request.secure:\n"
        "            return 400, 'only by TLS'\n", "not request.secure",
    ),
    "a hazard among the characters": (
        "bot/domain/text/characters.py", "_HIDDEN_CATEGORIES: Final", "_BLANKS: Final = frozenset({'a', 'b'})\n",
        "_BLANKS",
    ),
    "a host in the links": (
        "bot/domain/text/links.py", "_GITHUB: Final", "_EVIL: Final = ('evil.example', 'x.example')\n", "_EVIL",
    ),
    "a raise of the renderer": (
        "bot/domain/text/render.py", "    writer = Writer(policy)", "    if not text:\n"
        "        raise ValueError('nothing')\n", "not text",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "before", "planted", "what"), PLANTED.values(), ids=PLANTED)
def test_a_planted_guard_without_a_mark_is_found(path: str, before: str, planted: str, what: str) -> None:
    source = sources()[path]
    place = source.index(before)
    place = source.rfind("\n", 0, place) + 1
    # A mark alone on its line belongs to what follows it.
    while source[:place].rstrip("\n").rpartition("\n")[2].strip().startswith("# guard:"):
        place = source.rfind("\n", 0, place - 1) + 1
    found = unmarked(path, source[:place] + planted + source[place:])
    assert [one.what for one in found if one.key not in book()["no-mark-needed"]][:1] == [what]


def test_a_new_guard_without_tests_fails() -> None:
    with pytest.raises(KeyError):
        killers(Guard("new", (1,), "bot/new.py", 1))


@pytest.mark.parametrize(
    "line",
    ["x = 1  # guard: Name (1)", "x = 1  # guard: name", "x = 1  # guard: name (35)", "x = 1  # guard:name (1)",
     "x = 1  # guard: name (1, )", "x = 1  # Guard: name (1)"],
)  # fmt: skip
def test_a_mark_that_cannot_be_read_fails(line: str) -> None:
    with pytest.raises(MarkError):
        marks(line + "\n", "bot/x.py")


@pytest.mark.parametrize(
    "line",
    ["x = 1  # guard: name (1)", "x = 1  # guard: name (1): without y", "x = 1  # guard: name (1): as f()",
     "x = 1  # guard: name (1): each", "x = 1  # guard: name (1): always", "x = 1  # guard: name (1): somehow",
     "x = 1  # guard: name (1): as 1"],
)  # fmt: skip
def test_a_mark_that_says_nothing_of_its_line_fails(line: str) -> None:
    with pytest.raises(MarkError):
        mutants(marks(line + "\n", "bot/x.py")[0], line + "\n")


WAYS: Final = {
    "a condition": ("if bad(x):  # guard: n (1)\n    raise E", "if False:\n    raise E"),
    "a mark above": ("# guard: n (1)\nif bad(x):\n    raise E", "if False:\n    raise E"),
    "a call": ("async def f():\n    await fence()  # guard: n (1)\n    g()", "async def f():\n    pass\n    g()"),
    "an operand on its line": ("ok = (\n    a\n    and b  # guard: n (1)\n)", "ok = a and True"),
    "a keyword on its line": ("f(\n    1,\n    safe=True,  # guard: n (1)\n)", "f(1)"),
    "an operand": ("return_ = a or b  # guard: n (1): without b", "return_ = a or False"),
    "a filter": ("x = [y for y in z if good(y)]  # guard: n (1): without good(y)", "x = [y for y in z]"),
    "a call around": ("x = f(clean(y), 1)  # guard: n (1): without clean", "x = f(y, 1)"),
    "a slice": ("x = y[:9]  # guard: n (1): without [:9]", "x = y"),
    "an entry": ("x = {'a': 1, 'b': 2}  # guard: n (1): without 'a'", "x = {'b': 2}"),
    "a value": ("x = f(y)  # guard: n (1): as y", "x = y"),
    "a choice": ("x = a if good else b  # guard: n (1): always", "x = a"),
    "SQL": ('Q = """\nSELECT 1\nWHERE x -- guard: n (1)\n"""', "Q = '\\nSELECT 1\\n\\n'"),
    "a pattern": (
        'P = r"""\n(?P<a> x )\n| (?P<b> y )  # guard: n (1)\n"""', "P = '\\n(?P<a> x )\\n| (?P<b>(?!))\\n'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), WAYS.values(), ids=WAYS)
def test_ways_of_taking_a_guard_away(source: str, expected: str) -> None:
    (mutant,) = mutants(marks(source, "bot/x.py")[0], source)
    assert ast.dump(ast.parse(mutant.source)) == ast.dump(ast.parse(expected))


def test_each_element_makes_a_mutant() -> None:
    source = "X = frozenset({'a', 'b', 'c'})  # guard: n (1): each"
    made = mutants(marks(source, "bot/x.py")[0], source)
    assert [one.name for one in made] == ["n.1", "n.2", "n.3"]
    assert len({one.source for one in made}) == 3


@pytest.mark.parametrize(
    ("run", "used", "fate"),
    [
        (Run(0), True, Fate.SURVIVED),
        (Run(1, "t", "AssertionError", "", True), True, Fate.KILLED),
        (Run(1, "t", "AssertionError", "", True), False, Fate.UNUSED),
        (Run(1, "t", "NameError", "", False), True, Fate.BROKEN),
        (Run(2, "t", "SyntaxError", "", False), True, Fate.BROKEN),
        (Run(5), True, Fate.BROKEN),
        (Run(-1), True, Fate.BROKEN),
    ],
)
def test_only_an_assertion_kills(run: Run, used: bool, fate: Fate) -> None:
    assert fate_of(run, used=used) is fate


async def test_some_guards_are_really_taken_away() -> None:
    outcomes = await try_all(all_mutants(REALLY), at_once=1)
    assert {one.mutant.name: one.fate for one in outcomes} == dict.fromkeys(REALLY, Fate.KILLED)
    assert all(Path(one.run.test.partition("::")[0]).suffix == ".py" for one in outcomes)
