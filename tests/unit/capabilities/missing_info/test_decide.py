"""Who is asked for what, and when that is withdrawn."""

from dataclasses import replace
from typing import Any

import pytest

from bot.capabilities.missing_info import CAPABILITY
from bot.capabilities.missing_info.config import MissingInfoOptions
from bot.domain.actions import AddLabels, DropSection, RemoveLabels, SetSection, Source
from bot.domain.facts import Facts, FormField, IssueForm, Label, LabelEvent, Need, ThreadMemory
from bot.domain.feedback import ALL, LABELS, TRIAGE, Feedback, Opinion
from bot.domain.plan import Plan, Skip
from tests.unit.capabilities.build import (
    AUTHOR,
    BOT,
    MAINTAINER,
    NOW,
    actions_of,
    comment,
    commented,
    context,
    facts,
    removed_by_people,
    rendered,
    set_by_people,
    set_by_us,
)

FORM = IssueForm(
    ".github/ISSUE_TEMPLATE/bug.yml",
    "Bug report",
    "",
    (),
    (
        FormField("What happened?", True, "textarea"),
        FormField("Rocket version", True, "input", default="x.y.z"),
        FormField("Operating system", True, "dropdown", options=("Linux", "Windows", "Other one")),
        FormField("Steps to reproduce", True, "textarea"),
        FormField("Anything else?", False, "textarea"),
        FormField("Promises", True, "checkboxes"),
    ),
)
TEMPLATE = IssueForm(
    "bug.md",
    "Bug",
    "",
    (),
    (),
    text="**Describe the bug**\nA clear description.\n\n**Version**\n<!-- see About -->\n\n"
    "**Screenshots**\nIf you like\n\n**Additional context**\n\n**Checklist**\n- [ ] searched\n",
)
FORMS = (FORM,)
ASKING: dict[str, Any] = {
    "item_labels": frozenset({"needs-info"}),
    "label_events": set_by_us("needs-info"),
    "memory": ThreadMemory(sections=frozenset({"missing_info"})),
}


def report(what: str = "It fails", version: str = "1.2.3", system: str = "Linux", steps: str = "Start it") -> str:
    """The body that GitHub makes of the form."""
    return (
        f"### What happened?\n\n{what}\n\n### Rocket version\n\n{version}\n\n### Operating system\n\n{system}\n\n"
        f"### Steps to reproduce\n\n{steps}\n\n### Anything else?\n\n_No response_\n\n### Promises\n\n- [ ] yes"
    )


def decide(given: Facts, options: MissingInfoOptions | None = None) -> Plan | Skip:
    return CAPABILITY.decide(given, None, context(options or MissingInfoOptions()))


def asked(decided: Plan | Skip) -> list[str]:
    """The fields that the section names."""
    sections = [one for one in getattr(decided, "actions", ()) if isinstance(one, SetSection)]
    lines = rendered(sections[0].text).splitlines() if sections else []
    return [line[2:].strip("`") for line in lines if line.startswith(("- ", "* "))]


MISSING = {
    "all there": (report(), []),
    "no response": (report(version="_No response_"), ["Rocket version"]),
    "empty": (report(version=""), ["Rocket version"]),
    "the default": (report(version="x.y.z"), ["Rocket version"]),
    "the default of another field": (report(what="x.y.z"), []),
    "only a comment": (report(steps="<!-- steps -->"), ["Steps to reproduce"]),
    "an empty code block": (report(steps="```\n\n```"), ["Steps to reproduce"]),
    "two": (report(what="_No response_", version=""), ["What happened?", "Rocket version"]),
    "a screenshot is an answer": (report(what="![i](https://x.org/i)"), []),
    "a heading was deleted": (report().replace("### Rocket version\n\n1.2.3\n", ""), ["Rocket version"]),
    "the version is in the prose": (report(what="It fails since rocket 4.5.1", version=""), []),
    "the version is of the system only": (report(what="Fails on Ubuntu 22.04", version=""), ["Rocket version"]),
    "a decimal number in a log is no version": (
        report(what="It stops:\n\n```text\n2024-05-01T06:00;1.21;m\n```", version="_No response_"),
        ["Rocket version"],
    ),
    "the system is in the prose": (report(what="It fails on macOS", system="_No response_"), []),
    "the steps are in the prose": (report(what="1. open\n2. click\n3. see", steps="_No response_"), []),
    "the steps are one line of another answer": (
        report(what="Running `rocket --go` prints nothing", steps="_No response_"),
        [],
    ),
    "headings inside an answer": (report(steps="First\n\n### Then\n\nmore"), []),
    "an answer that is only a heading of its own": (report(steps="### Then\n\nmore"), []),
    "another language": (report(what="Die App stürzt ab", version="", steps="App öffnen"), ["Rocket version"]),
}


@pytest.mark.parametrize(("body", "fields"), MISSING.values(), ids=MISSING)
def test_issue_forms(body: str, fields: list[str]) -> None:
    assert asked(decide(facts(body=body, forms=FORMS))) == fields


TEMPLATES = {
    "untouched": (TEMPLATE.text, ["Describe the bug", "Version"]),
    "filled in": ("**Describe the bug**\nIt fails.\n\n**Version**\n1.2\n\n**Screenshots**\n", []),
    "the comment is left": ("**Describe the bug**\nIt fails.\n\n**Version**\n<!-- see About -->\n", ["Version"]),
    "a plain heading was deleted": (
        "**Describe the bug**\nIt fails.\n\n**Screenshots**\n\n**Checklist**\n",
        ["Version"],
    ),
    "a deleted heading, answered in prose": (
        "**Describe the bug**\nIt fails in 1.2.\n\n**Screenshots**\n\n**Checklist**\n",
        [],
    ),
}


@pytest.mark.parametrize(("body", "fields"), TEMPLATES.values(), ids=TEMPLATES)
def test_markdown_templates(body: str, fields: list[str]) -> None:
    assert asked(decide(facts(body=body, forms=(TEMPLATE,)))) == fields


BYPASSED = {
    "a failure without anything": (
        "It crashes when I open the second file.",
        ["Rocket version", "Operating system", "Steps to reproduce"],
    ),
    "all in the prose": ("With 2.0.1 on Windows it crashes:\n\n1. open it\n2. close it", []),
    "the newest version": ("The latest version crashes on Linux when I run this:\n```\nrocket go\n```", []),
    "one line to reproduce it": ("rocket 2.0.1 on Linux. To reproduce, run `rocket empty.txt`: it crashes.", []),
    "one line without a command": (
        "rocket 2.0.1 on Linux crashes when I open a file.",
        ["Steps to reproduce"],
    ),
    "no failure": ("It would be nice to have a dark theme for the evening.", []),
    "another language": ("Die Anwendung funktioniert nicht: Exception, crash, wenn ich sie öffne.", []),
}


@pytest.mark.parametrize(("body", "fields"), BYPASSED.values(), ids=BYPASSED)
def test_reports_that_bypassed_the_form(body: str, fields: list[str]) -> None:
    assert asked(decide(facts(title="Second file", body=body, forms=FORMS))) == fields


def test_bypassing_is_not_asked_about_where_it_is_switched_off() -> None:
    given = facts(body="It crashes when I open the second file.", forms=FORMS)
    assert isinstance(decide(given, MissingInfoOptions(ask_without_form=False)), Skip)


def test_two_bug_forms_make_a_guess_impossible() -> None:
    other = IssueForm("b.yml", "Bug in the docs", "", (), FORM.fields)
    assert isinstance(decide(facts(body="It crashes when I open it.", forms=(FORM, other))), Skip)


INCOMPLETE = report(version="")
NOT_ASKED: dict[str, Facts] = {
    "no forms": facts(body=INCOMPLETE),
    "forms unread": facts(body=INCOMPLETE, unread=frozenset({Need.FORMS}), **ASKING),
    "closed": facts(body=INCOMPLETE, forms=FORMS, item_state="closed"),
    "locked": facts(body=INCOMPLETE, forms=FORMS, item_locked=True),
    "a pull request": facts("issues.opened", body=INCOMPLETE, forms=FORMS, item_is_pull=True),
    "a bot": facts(body=INCOMPLETE, forms=FORMS, item_author=BOT),
    "a member": facts(body=INCOMPLETE, forms=FORMS, item_association="MEMBER"),
    "a collaborator": facts(body=INCOMPLETE, forms=FORMS, item_association="COLLABORATOR"),
    "a maintainer answered": facts(body=INCOMPLETE, forms=FORMS, comments=(comment("I see", MAINTAINER, "MEMBER"),)),
    "our comment was deleted": facts(body=INCOMPLETE, forms=FORMS, memory=ThreadMemory(silenced=True)),
    "a person removed the label": facts(body=INCOMPLETE, forms=FORMS, label_events=removed_by_people("needs-info")),
    "a person took the label off by a command": facts(
        body=INCOMPLETE, forms=FORMS, feedback=(Feedback(5, TRIAGE, "Needs-Info", Opinion.WRONG, "x", "c:1", NOW),)
    ),
    "people called our comment wrong": facts(
        body=INCOMPLETE, forms=FORMS, feedback=(Feedback(5, ALL, "", Opinion.WRONG, "x", "reaction:1", NOW),)
    ),
    "asked and withdrawn before": facts(
        body=INCOMPLETE,
        forms=FORMS,
        label_events=(*set_by_us("needs-info"), LabelEvent("needs-info", added=False, ours=True)),
    ),
    "somebody else's comment": commented("It is 1.2", by=MAINTAINER, body=INCOMPLETE, forms=FORMS, **ASKING),
    "a command is no answer": commented("/label 1.2.3", by=AUTHOR, body=INCOMPLETE, forms=FORMS, **ASKING),
}


@pytest.mark.parametrize("given", NOT_ASKED.values(), ids=NOT_ASKED)
def test_nobody_is_asked(given: Facts) -> None:
    assert isinstance(decide(given), Skip)


def test_asking_sets_the_label_and_says_how_to_answer() -> None:
    add, section = actions_of(decide(facts(body=INCOMPLETE, forms=FORMS)))
    assert add == AddLabels(("needs-info",), Source.RULES)
    assert isinstance(section, SetSection)
    assert not section.quiet
    assert "this note and the label go away" in rendered(section.text)


def test_the_note_thanks_nobody_a_second_time() -> None:
    (_add, section) = actions_of(decide(facts(body=INCOMPLETE, forms=FORMS)))
    assert isinstance(section, SetSection)
    text = rendered(section.text)
    assert text.startswith("To look into this, the maintainers still need:\n\n- `Rocket version`\n")
    assert "Thanks" not in text


COUNTED = {
    "one": (INCOMPLETE, "asked for 1 missing answer"),
    "two": (report(version="", what=""), "asked for 2 missing answers"),
}


@pytest.mark.parametrize(("body", "outcome"), COUNTED.values(), ids=COUNTED)
def test_the_record_counts_what_is_missing(body: str, outcome: str) -> None:
    decided = decide(facts(body=body, forms=FORMS))
    assert isinstance(decided, Plan)
    assert decided.why.outcome == outcome
    assert decided.why.evidence[0] == "the form “Bug report” requires more"
    assert decided.why.evidence[-1] == "no answer to “Rocket version”"


def test_without_the_label_only_the_note_is_written() -> None:
    (section,) = actions_of(decide(facts(body=INCOMPLETE, forms=FORMS, labels=(Label("bug"),))))
    assert isinstance(section, SetSection)
    assert "the label" not in rendered(section.text)


def test_the_label_can_be_chosen() -> None:
    options = MissingInfoOptions(label="good first issue")
    add, _section = actions_of(decide(facts(body=INCOMPLETE, forms=FORMS), options))
    assert add == AddLabels(("good first issue",), Source.RULES)


ANSWERED: dict[str, Facts] = {
    "an edit": facts("issues.edited", body=report(), forms=FORMS, **ASKING),
    "a comment": commented("It is 1.2.3", by=AUTHOR, body=INCOMPLETE, forms=FORMS, **ASKING),
    "a comment beside a command": commented("/why\n\nIt is 1.2.3", by=AUTHOR, body=INCOMPLETE, forms=FORMS, **ASKING),
    "an earlier comment": facts(
        "issues.edited", body=INCOMPLETE, forms=FORMS, comments=(comment("rocket 1.2.3"),), **ASKING
    ),
    "free text for a free question": commented(
        "It simply does not go up", by=AUTHOR, body=report(what=""), forms=FORMS, **ASKING
    ),
    "the option of a list": commented("other one", by=AUTHOR, body=report(system=""), forms=FORMS, **ASKING),
    "a bare number": commented("1.4", by=AUTHOR, body=INCOMPLETE, forms=FORMS, **ASKING),
    "the forms are gone": facts("issues.edited", body=INCOMPLETE, **ASKING),
}


@pytest.mark.parametrize("given", ANSWERED.values(), ids=ANSWERED)
def test_an_answer_withdraws_label_and_note(given: Facts) -> None:
    remove, drop = actions_of(decide(given))
    assert remove == RemoveLabels(("needs-info",), Source.RULES)
    assert isinstance(drop, DropSection)
    assert rendered(drop.closing).startswith("Thanks, nothing is missing any more.")


def test_a_label_of_a_person_stays_when_all_is_there() -> None:
    theirs = {**ASKING, "label_events": set_by_people("needs-info")}
    given = facts("issues.edited", body=report(), forms=FORMS, **theirs)
    (drop,) = actions_of(decide(given))
    assert isinstance(drop, DropSection)


def test_a_label_that_a_person_asked_for_stays_when_all_is_there() -> None:
    wanted = (Feedback(5, LABELS, "needs-info", Opinion.RIGHT, "x", "comment:1", NOW),)
    decided = decide(facts("issues.edited", body=report(), forms=FORMS, feedback=wanted, **ASKING))
    assert not any(isinstance(one, RemoveLabels) for one in actions_of(decided))


def test_the_label_is_known_in_any_case() -> None:
    options = MissingInfoOptions(label="Needs Version")
    allowed = replace(context(options), labels=frozenset({"Needs Version", "needs version"}))
    given = facts(body=INCOMPLETE, forms=FORMS, labels=(Label("needs version"),))
    assert actions_of(CAPABILITY.decide(given, None, allowed))[0] == AddLabels(("needs version",), Source.RULES)


def test_a_part_of_the_answers_makes_the_note_shorter() -> None:
    body = report(version="", system="_No response_")
    given = commented("It is Windows", by=AUTHOR, body=body, forms=FORMS, **ASKING)
    assert asked(decide(given)) == ["Rocket version"]
    assert len(actions_of(decide(given))) == 1


def test_a_person_who_removes_the_label_ends_it() -> None:
    memory = ThreadMemory(sections=frozenset({"missing_info"}))
    removed = removed_by_people("needs-info")
    given = facts("issues.edited", body=INCOMPLETE, forms=FORMS, label_events=removed, memory=memory)
    (drop,) = actions_of(decide(given))
    assert isinstance(drop, DropSection)


def test_field_names_cannot_do_harm() -> None:
    fields = (FormField("@everyone `x` ![i](https://x.org) version", True, "input"), *FORM.fields)
    form = IssueForm("f.yml", "f", "", (), fields)
    (_add, section) = actions_of(decide(facts(body=report(), forms=(form,))))
    assert isinstance(section, SetSection)
    assert "![" not in rendered(section.text).replace("`", "").split("version")[1]
    assert "`" in rendered(section.text)
