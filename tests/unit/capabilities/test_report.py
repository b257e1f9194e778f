"""A report taken apart."""

import time

import pytest

from bot.domain.facts import FormField, IssueForm
from bot.domain.language import Language, language
from bot.domain.report import is_blank, read, stack_traces, systems, used_form, versions

HEADINGS = {
    "form": ("### Version\n\n1.2", [("Version", "1.2")]),
    "text before": ("Hello\n\n## Steps\n1. a", [("", "Hello"), ("Steps", "1. a")]),
    "fenced": ("### A\n```\n### B\n```", [("A", "```\n### B\n```")]),
    "quoted": ("> ### A\n> b", [("", "> ### A\n> b")]),
    "bold line": ("**Describe the bug:**\nIt fails", [("Describe the bug:", "It fails")]),
    "bold within a sentence": ("**It** fails", [("", "**It** fails")]),
    "markup in the heading": ("### The `foo` *version*\nx", [("The foo version", "x")]),
    "line ends of Windows": ("### A\r\n\r\nb\r\n### C\r\n", [("A", "b"), ("C", "")]),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("body", "sections"), HEADINGS.values(), ids=HEADINGS)
def test_sections(body: str, sections: list[tuple[str, str]]) -> None:
    assert [(one.heading, one.text) for one in read(body).sections] == sections


def test_prose_is_only_what_the_person_says() -> None:
    body = (
        "### Q\nI `ran` it.\n\n> quoted\n\n```\ncode\n```\n\n- [x] checked\n- a point\n\n<!-- hint -->\n\n_No response_"
    )
    assert read(body).prose == "I  it.\na point"


def test_what_is_written_is_all_outside_of_code_blocks() -> None:
    body = "### Q\nI `ran` it.\n\n> quoted\n\n```\ncode\n```\n\n    more\n\n<pre>\nlog\n</pre>\n\n<p>\nhtml\n</p>"
    assert read(body).written.split() == ["I", "`ran`", "it.", "quoted", "html"]


def test_boilerplate_is_nobodys_prose() -> None:
    assert read("Tell us all\nmine", frozenset({"Tell us all"})).prose == "mine"


BLANK = {
    "empty": ("", True),
    "no response": ("_No response_", True),
    "a comment": ("<!-- what\nhappened -->", True),
    "an empty code block": ("```shell\n\n```", True),
    "only a checklist": ("- [ ] yes", True),
    "text": ("x", False),
    "bold text": ("**it crashes**", False),
    "a screenshot": ("![image](https://example.com/a)", False),
    "a screenshot in HTML": ('<img src="https://example.com/a">', False),
    "output": ("```\nboom\n```", False),
    "a broken declaration": ("<div><![x", True),
}


@pytest.mark.parametrize(("answer", "blank"), BLANK.values(), ids=BLANK)
def test_is_blank(answer: str, blank: bool) -> None:
    assert is_blank(answer) is blank


LANGUAGES = {
    "English": ("The button does not work when I click on it", Language.ENGLISH),
    "short English": ("Crash on startup", Language.ENGLISH),
    "one word": ("Segfault", Language.UNKNOWN),
    "names only": ("TypeError foo.bar /usr/lib 1.2.3", Language.UNKNOWN),
    "German": ("Die App startet nicht mehr, wenn man sie öffnet", Language.OTHER),
    "Spanish": ("La aplicación se cierra al abrir un archivo", Language.OTHER),
    "French": ("L'application plante quand je clique sur le bouton", Language.OTHER),
    "Portuguese": ("O aplicativo trava quando abro uma imagem", Language.OTHER),
    "Russian": ("Программа падает при запуске", Language.OTHER),
    "Chinese": ("应用启动时崩溃", Language.OTHER),
    "Chinese with English words": ("使用 React 时 useEffect is called twice, expected once", Language.OTHER),
    "English with a name": ("I cannot open the Café page since the last update, it shows an error", Language.ENGLISH),
}


@pytest.mark.parametrize(("text", "expected"), LANGUAGES.values(), ids=LANGUAGES)
def test_language(text: str, expected: Language) -> None:
    assert language(text) is expected


TRACES = {
    "Python": 'Traceback (most recent call last):\n  File "a.py"',
    "JavaScript": "Error: no\n    at run (/app/index.js:10:5)",
    "Java": "Exception\n\tat org.example.App.main(App.java:12)",
    ".NET": "   at App.Main() in C:\\a.cs:line 3",
    "Go": "panic: no\n\ngoroutine 1 [running]:",
    "Rust": "thread 'main' panicked at src/main.rs:2:5",
    "Ruby": "app.rb:3:in `run'",
    "C": "Program received signal SIGSEGV",
}


@pytest.mark.parametrize(("name", "text"), TRACES.items(), ids=TRACES)
def test_stack_traces(name: str, text: str) -> None:
    assert stack_traces(f"It fails.\n\n```\n{text}\n```") == (name,)


def test_talk_of_a_trace_is_none() -> None:
    assert stack_traces("I looked at the code: 3:4 pm, and there was no traceback") == ()


def test_versions_and_systems() -> None:
    found = [one.group() for one in versions("v1.2.3rc1 on 22.04, not 7 or a/1.2/b.tgz")]
    assert found == ["v1.2.3rc1", "22.04"]
    assert systems("macOS and Ubuntu, not my position") == ("macOS", "Ubuntu")


def test_the_form_with_most_of_its_headings_is_the_used_one() -> None:
    fields = tuple(FormField(label, True, "input") for label in ("Version", "What happened?", "Logs"))
    long, short = IssueForm("a.yml", "a", "", (), fields), IssueForm("b.yml", "b", "", (), fields[:2])
    both = read("### Version\n1\n### What happened?\nx")
    assert used_form(both, (long, short)) is short
    assert used_form(read("### Version\n1"), (long, short)) is None


HOSTILE = [
    *("[a", "![[](", "`", "*a_ ", "> ", "<!-- ", "<div ", "- a\n", "### \n"),
    *("1. ", "at a(", "a: b ", "\ud800\x00", "|a"),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_bodies_end_soon(piece: str) -> None:
    body = piece * (65_536 // len(piece))
    start = time.process_time()
    report = read(body)
    is_blank(body)
    language(report.prose)
    stack_traces(body)
    assert time.process_time() - start < 5
