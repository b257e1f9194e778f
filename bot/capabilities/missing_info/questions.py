"""Which required answers a report lacks."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.capabilities.missing_info.environment import Profile, reported
from bot.capabilities.missing_info.topics import Topic, reports, tells, topic_of
from bot.domain.facts import FormField, IssueForm
from bot.domain.language import Language, language
from bot.domain.report import Report, boilerplate_of, heading_text, is_blank, read, squash, stack_traces, used_form

_NOT_REQUIRED: Final = re.compile(
    r"\b(?:optional|additional|context|screenshots?|videos?|checklist|anything else|further|possible|alternatives?|"
    r"workaround|related|notes?|before (?:you|submitting)|if (?:applicable|any|relevant))\b",
    re.I,
)
_BUG: Final = re.compile(r"\b(?:bugs?|defects?|crash(?:es)?|problems?|error report)\b", re.I)
_FAILURE: Final = re.compile(
    r"\b(?:crash(?:e[sd]|ing)?|segfaults?|exceptions?|regression|broken|freez(?:es?|ing)|fails|failed|"
    r"(?:does ?n['’]?t|does not|not|no longer) work(?:ing)?|\w+(?:Error|Exception))\b"
)
_FEW_WORDS: Final = 5


@dataclass(frozen=True, slots=True)
class Question:
    """A required question, the Markdown under its heading (None without the heading) and the words to pick from.

    `given` is what stands there before anybody has written anything.
    """

    label: str
    answer: str | None
    options: tuple[str, ...] = ()
    given: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """The report and what its author added later. `project` is the repository's name."""

    title: str
    body: str
    additions: tuple[str, ...]
    project: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a report lacks by a form, or by an ecosystem's profile (`asker` names it).

    `command` prints what answers it, as far as a command can; empty if none is known. Nothing is wanted without both.
    """

    asker: str
    fields: tuple[str, ...]
    command: str = ""


def wanted(thread: Thread, forms: Sequence[IssueForm], profile: Profile | None, *, without_form: bool) -> Wanted | None:
    """What is still missing; None if nobody asks this report for anything."""
    found = _questions(thread, forms, without_form=without_form)
    if found is not None:
        form, asked = found
        missing = _unanswered(thread, form, asked)
        printed = any(topic_of(one) in {Topic.VERSION, Topic.SYSTEM} for one in missing)
        return Wanted(form.name, missing, profile.command if profile and printed else "")
    texts = [read(text, boilerplate_of(forms)) for text in (thread.body, *thread.additions)]
    if profile is None or not without_form or not _looks_like_failure(thread, texts[0]):
        return None
    told = profile.component in reported(texts) or any(profile.in_prose(text) for text in texts)
    return Wanted(profile.title, (), "" if told else profile.command)


def _questions(
    thread: Thread, forms: Sequence[IssueForm], *, without_form: bool
) -> tuple[IssueForm, tuple[Question, ...]] | None:
    """The form that applies to a report and its required questions; None if no form does."""
    report = read(thread.body, boilerplate_of(forms))
    form = used_form(report, forms)
    if form is not None:
        asked = _of_template(form, report) if form.text else _of_form(form, report)
        return form, tuple(asked)
    form = _bug_form(forms) if without_form and _looks_like_failure(thread, report) else None
    if form is None:
        return None
    asked = (Question(one, None) for one in _required(form) if topic_of(one) is not Topic.OTHER)
    return form, tuple(asked)


def _unanswered(thread: Thread, form: IssueForm, asked: Iterable[Question]) -> tuple[str, ...]:
    """The labels of the questions that neither the form, nor the text, nor the author's comments answer."""
    texts = [read(text, boilerplate_of([form])) for text in (thread.body, *thread.additions)]
    environment = reported(texts)
    return tuple(
        one.label
        for one in asked
        if not _is_answered(one)
        and not reports(one.label, environment, thread.project)
        and not any(tells(one.label, text, thread.project, reply=place > 0) for place, text in enumerate(texts))
        and not any(_replies(one, text) for text in texts[1:])
    )


def _is_answered(question: Question) -> bool:
    given = frozenset(line.strip() for line in question.given.splitlines() if line.strip())
    return question.answer is not None and not is_blank(question.answer, given)


def _replies(question: Question, comment: Report) -> bool:
    """Whether a comment of the author answers: it names the question or an option, or tells something at all."""
    said = squash(comment.visible)
    if any(squash(option) in said for option in question.options):
        return True
    label = squash(heading_text(question.label))
    if comment.answer(label) or (label in said and said.strip(" :*") != label):
        return True
    return topic_of(question.label) is Topic.OTHER and len(said.split()) >= _FEW_WORDS


def _of_form(form: IssueForm, report: Report) -> Iterator[Question]:
    """The required fields of an issue form. A heading that no field has belongs to the answer before it."""
    labels = {squash(heading_text(one.label)) for one in form.fields}
    answers: dict[str, str] = {}
    current = ""
    for section in report.sections:
        heading = squash(section.heading)
        if section.level == 3 and heading in labels and heading not in answers:
            current, answers[heading] = heading, section.text
        elif current:
            answers[current] = f"{answers[current]}\n\n{section.heading}\n\n{section.text}".strip()
    for field in form.fields:
        if _is_question(field):
            answer = answers.get(squash(heading_text(field.label)))
            yield Question(field.label, answer, field.options, field.default)


def _of_template(form: IssueForm, report: Report) -> Iterator[Question]:
    """The headings of a Markdown template that look required; one that was deleted is asked for only if it is plain."""
    for label in _required(form):
        answer = report.answer(label)
        if answer is not None or topic_of(label) is not Topic.OTHER:
            yield Question(label, answer, given=form.text)


def _required(form: IssueForm) -> tuple[str, ...]:
    if not form.text:
        return tuple(one.label for one in form.fields if _is_question(one))
    sections = (one for one in read(form.text).sections if one.heading and "[ ]" not in one.text)
    return tuple(one.heading for one in sections if not _NOT_REQUIRED.search(f"{one.heading}"))


def _is_question(field: FormField) -> bool:
    return field.required and bool(field.label) and field.kind != "checkboxes"


def _bug_form(forms: Sequence[IssueForm]) -> IssueForm | None:
    """The one form for bugs, if it is plain which one that is."""
    found = [one for one in forms if _BUG.search(" ".join((one.name, one.path.replace("_", " "), *one.labels)))]
    return found[0] if len(found) == 1 else None


def _looks_like_failure(thread: Thread, report: Report) -> bool:
    if language(f"{thread.title}\n{report.prose}") is not Language.ENGLISH:
        return False
    return bool(stack_traces(thread.body)) or bool(_FAILURE.search(f"{thread.title}\n{report.prose}"))
