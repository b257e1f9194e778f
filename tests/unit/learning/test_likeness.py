"""Terms, vectors and candidates."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.index import CANDIDATES, Entry, MemoryIndex, matches
from bot.learning.latent import unit
from bot.learning.likeness import ASPECTS, DENSE, WHOLE, Counting, Profile, likeness, profile, statistics
from bot.learning.terms import FIELDS, faults, terms, tokens
from bot.learning.training.latent import FEWEST_REPORTS, learn

REPORTS = (
    ("Export crashes", "The export crashes with a long table."),
    ("Crash in the export of tables", "When I export a table, it crashes."),
    ("Dark mode", "Please add a dark mode to the settings."),
    ("Settings are lost", "After a restart, the settings are gone."),
    ("Login fails", "I cannot log in with my token."),
)


def indexed(texts: Sequence[tuple[str, str]]) -> tuple[MemoryIndex, list[Entry]]:
    found = [terms(*one) for one in texts]
    known = statistics(found)
    entries = [Entry(str(at), profile(one, known)) for at, one in enumerate(found)]
    index = MemoryIndex()
    for one in entries:
        index.add(one)
    return index, entries


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("readTableFast", ["readtablefast", "read", "table", "fast"]),
        ("read_table_2", ["read_table_2", "read", "table", "2"]),
        ("src/io/Reader.py", ["src/io/reader.py", "src", "io", "reader", "py"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("Tables, crashes and buses", ["table", "crash", "and", "bus"]),
        ("status class", ["status", "class"]),
        ("表示エラー", ["表示", "示エ", "エラ", "ラー"]),
        ("don't", ["don't", "don", "t"]),
        ("", []),
    ],
)
def test_tokens(text: str, wanted: list[str]) -> None:
    assert list(tokens(text)) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('  File "app/read.py", line 3, in read_row', ["frame:app/read.py", "frame:read_row"]),
        ("    at app.Reader.read(Reader.java:10)", ["frame:app.reader.read"]),
        ("#3  0x00007f in app::read_row", ["frame:app::read_row"]),
        ("ValueError: no rows", ["valueerror", "value", "error", "no", "row"]),
        ("All is well.", []),
    ],
)
def test_faults(line: str, wanted: list[str]) -> None:
    assert list(faults((line,))) == wanted


@given(st.text(max_size=300), st.text(max_size=2_000))
def test_any_text_has_terms_and_vectors_of_length_one_or_none(title: str, body: str) -> None:
    found = terms(title, body)
    assert set(found) == set(FIELDS)
    made = profile(found, statistics([found, terms("Another report", "with other words")]))
    for aspect in ASPECTS:
        length = math.sqrt(sum(value * value for value in made.aspects[aspect].values()))
        assert length == pytest.approx(1) or not made.aspects[aspect]
    again = likeness(made, made)
    assert 0 <= again.score <= 1 + 1e-9


def test_the_most_alike_come_first_and_never_the_report_itself() -> None:
    index, entries = indexed(REPORTS)
    found = matches(entries[0], index)
    assert found[0].id == "1"
    assert "0" not in {one.id for one in found}
    assert [one.likeness.score for one in found] == sorted((one.likeness.score for one in found), reverse=True)


def test_a_report_is_most_alike_to_its_copy() -> None:
    index, entries = indexed(REPORTS)
    found = matches(Entry("copy", entries[2].profile), index)
    assert found[0].id == "2"
    assert found[0].likeness.parts[WHOLE] == pytest.approx(1)


def test_rare_terms_weigh_more_than_frequent_ones() -> None:
    index, _ = indexed([("Zebra export", "")] + [("Export", "export")] * 8)
    known = statistics([terms("Zebra export", "")] + [terms("Export", "export")] * 8)
    query = profile(terms("Zebra", "export export export"), known)
    assert index.candidates(query)[0].id == "0"


def test_where_ever_new_terms_come_the_rarest_are_given_up() -> None:
    counting = Counting(most=60)
    for at in range(200):
        counting.add(terms(f"The export of {at:05} crashes", ""))
    found = counting.result()
    assert found.reports == 200
    assert all(len(found.frequencies[aspect]) <= 60 for aspect in ASPECTS)
    assert found.frequencies["title"]["export"] == 200


def test_candidates_are_bounded() -> None:
    index, entries = indexed([(f"Export {at}", "export") for at in range(CANDIDATES + 20)])
    assert len(index.candidates(entries[0].profile)) == CANDIDATES
    assert len(index.candidates(entries[0].profile, 3)) == 3


def test_dense_vectors_count_where_both_have_one_of_the_same_dimension() -> None:
    one, other = Profile({aspect: {} for aspect in ASPECTS}, (1.0, 0.0)), Profile({aspect: {} for aspect in ASPECTS})
    assert DENSE not in likeness(one, other).parts
    assert DENSE not in likeness(one, Profile(other.aspects, (1.0,))).parts
    assert DENSE not in likeness(other, other).parts
    assert likeness(one, one).parts[DENSE] == 1
    assert likeness(one, Profile(other.aspects, (-1.0, 0.0))).parts[DENSE] == 0


def test_latent_vectors_bring_reports_together_that_share_no_word() -> None:
    texts = [
        ("monitor is dark", "screen"),
        ("display is dark", "screen"),
        ("tax is due", "money"),
        ("fee is due", "money"),
    ]
    found = [terms(*one) for one in texts * 10]
    known = statistics(found)
    latent = learn([profile(one, known) for one in found], dimensions=2)
    assert latent is not None
    monitor, display, tax = (profile(terms(one, ""), known, latent) for one in ("monitor", "display", "tax"))
    assert likeness(monitor, display).parts[WHOLE] == 0
    assert likeness(monitor, display).parts[DENSE] > 0.5 > likeness(monitor, tax).parts[DENSE] + 0.3


def test_nothing_is_learned_from_a_few_reports() -> None:
    found = [terms(*one) for one in REPORTS]
    assert len(found) < FEWEST_REPORTS
    assert learn([profile(one, statistics(found)) for one in found]) is None


@pytest.mark.parametrize("vector", [(), (0.0, 0.0), (math.inf, 1.0), (math.nan,)])
def test_what_has_no_direction_has_no_unit_vector(vector: tuple[float, ...]) -> None:
    assert unit(vector) == ()
