"""What the rules make of reports: own wording, the sort of thing that people write."""

import pytest

from bot.capabilities.triage.kinds import Kind
from bot.capabilities.triage.rules import judge_report
from bot.domain.facts import FormField, IssueForm

SURE = 0.85
LABEL_KINDS = (("bug", Kind.BUG), ("enhancement", Kind.ENHANCEMENT), ("question", Kind.QUESTION))
TRACE = '```\nTraceback (most recent call last):\n  File "a.py", line 3, in <module>\nTypeError: no\n```'
FORM = IssueForm(
    ".github/ISSUE_TEMPLATE/1.yml",
    "Etwas ist kaputt",
    "",
    ("bug",),
    (FormField("Was ist passiert?", True, "textarea"), FormField("Version", True, "input")),
)

DECIDED = {
    "prefix in brackets": ("[BUG] Login", "It shows a white page.", Kind.BUG),
    "prefix with a colon": ("bug: login page", "It shows a white page.", Kind.BUG),
    "conventional prefix with a scope": ("feat(cli): a flag for colours", "", Kind.ENHANCEMENT),
    "prefix decides in another language": ("[Bug] Absturz beim Start", "Die App startet nicht.", Kind.BUG),
    "prefix for documentation": ("[Docs] Einrichtung fehlt", "", Kind.DOCUMENTATION),
    "crash with a trace": ("Crash when saving an empty file", f"It crashes on main.\n\n{TRACE}", Kind.BUG),
    "a wish": ("Add support for dark mode", "It would be nice to have a dark theme.", Kind.ENHANCEMENT),
    "feature template": (
        "Colours",
        "**Is your feature request related to a problem?**\nThe theme is bright.\n\n"
        "**Describe the solution you'd like**\nPlease add a dark theme, it would be great.\n\n"
        "**Describe alternatives you've considered**\nNone that work.",
        Kind.ENHANCEMENT,
    ),
    "how do I": ("How do I run two profiles?", "Hi, I am trying to use two profiles. Can anyone help?", Kind.QUESTION),
    "a typo in the readme": ("Typo in the README", "The documentation says `instal`.", Kind.DOCUMENTATION),
}

UNSURE = {
    "nothing": ("", ""),
    "one word": ("Login", ""),
    "German without a form": ("Absturz beim Start", "Die App stürzt ab, wenn ich sie öffne. Fehler: Crash, broken."),
    "German with English words and a trace": (
        "Export: ein Crash, alles ist broken",
        f"Das ist ein Bug und ein Crash, wenn ich die Datei auf dem Server speichere.\n\n{TRACE}",
    ),
    "Spanish without a form": ("Error al abrir", "La aplicación se cierra cuando abro un archivo. Crash, exception."),
    "Russian": ("Программа падает", "При запуске crash error exception"),
    "Chinese": ("启动时崩溃 crash", "打开文件的时候程序就崩溃了 error exception broken"),
    "both a wish and a failure": ("Support for Windows fails", "It would be nice to have it. It crashes."),
    "a kind word inside a code span of the title only": ("`bug`", "See above."),
    "markers in a code block": ("Login", "```\n### Question\n[BUG] crash\n```"),
    "a colon after another word": ("core: login", "See the picture."),
}


@pytest.mark.parametrize(("title", "body", "kind"), DECIDED.values(), ids=DECIDED)
def test_sure(title: str, body: str, kind: Kind) -> None:
    judged = judge_report(title, body, (), LABEL_KINDS)
    assert (judged.kind, judged.confidence >= SURE) == (kind, True), judged
    assert judged.evidence


@pytest.mark.parametrize(("title", "body"), UNSURE.values(), ids=UNSURE)
def test_abstains(title: str, body: str) -> None:
    judged = judge_report(title, body, (), LABEL_KINDS)
    assert judged.confidence < SURE, judged


def test_a_form_decides_in_any_language() -> None:
    body = "### Was ist passiert?\n\nDie App startet nicht mehr.\n\n### Version\n\n_No response_"
    judged = judge_report("Start", body, (FORM,), LABEL_KINDS)
    assert (judged.kind, judged.confidence >= SURE) == (Kind.BUG, True)
    assert judged.evidence[0] == "the form “Etwas ist kaputt” was used"


def test_a_template_that_was_not_filled_in_says_nothing() -> None:
    template = IssueForm("t.md", "Help", "", (), (), text="Is there a crash, error or bug? How do I reproduce it?\n")
    plain, filled = (judge_report("Login", text, (template,), LABEL_KINDS) for text in ("", template.text))
    assert filled.evidence == plain.evidence


EVIDENCE = {
    "a prefix": ("[BUG] no", "", "the title begins with “[BUG]”"),
    "a prefix with a colon": ("Crash: no", "", "the title begins with “Crash:”"),
    "a word of the title": ("How to start", "", "the title says “How”"),
    "a word of the text": ("Start", "It is broken.", "the text says “broken”"),
    "a trace": ("Start", TRACE, "there is a Python stack trace"),
    "a crash": ("Start", "```\nSegmentation fault\n```", "there is a C crash message"),
    "steps": ("Start", "1. open it\n2. close it", "there are 2 numbered steps"),
    "an answered part": ("Start", "### Steps to reproduce\nOpen it", "the part “Steps to reproduce” is filled in"),
    "a declared type": ("Start", "**Type:** bug", "the report says that it is “bug”"),
}


@pytest.mark.parametrize(("title", "body", "evidence"), EVIDENCE.values(), ids=EVIDENCE)
def test_evidence_fits_into_a_sentence(title: str, body: str, evidence: str) -> None:
    judged = judge_report(title, f"It is the first thing that we do with this.\n\n{body}", (), ())
    assert evidence in judged.evidence
