"""Trains what the service uses: the classifier of kinds, and what rules and classifier would have said of each report
that had no part in it."""

from collections.abc import Sequence

from bot.capabilities.triage.naming import kind_of_label
from bot.capabilities.triage.rules import judge_report
from bot.learning.artefact import Answer, Artefact
from bot.learning.training.areas import learn_areas
from bot.learning.training.kinds import MOST_EXAMPLES, Example, latest, solve
from bot.learning.views import views


def learn(examples: Sequence[Example], *, precision: float = 0.9) -> Artefact:
    """The artefact of these examples. Raises TooFewExamples.

    What was learned is judged on each report by a model without it; the rules learn nothing: they are judged as they
    are, but without the repository's forms, which nobody has here. Reports that were opened with a kind are no answers:
    live nothing is decided about these. Examples may come in any order: answers are ordered by the age of their
    reports, those of the same moment as they came.
    """
    taken = latest(sorted(examples, key=lambda one: one.created), MOST_EXAMPLES)
    solution = solve(taken, [views(one.title, one.body) for one in taken])
    answers: dict[str, list[Answer]] = {one.repository: [] for one in taken}
    for one, chances in zip(taken, solution.chances().tolist(), strict=True):
        if any(map(kind_of_label, one.given)):
            continue
        best = max(range(len(chances)), key=chances.__getitem__)
        ruled = judge_report(one.title, one.body, (), ())
        kind = ruled.kind.value if ruled.kind else None
        said = Answer(
            one.kind, solution.kinds[best], min(1.0, chances[best]), kind, min(1.0, ruled.confidence), one.created
        )  # fmt: skip
        answers[one.repository].append(said)
    areas = learn_areas(solution, [one.labels for one in taken], [one.given for one in taken])
    return Artefact(solution.model(precision), answers, areas)
