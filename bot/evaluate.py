"""The commands that judge what was learned on anybody's data, with the code that also runs live."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from dotenv import load_dotenv
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table
from typer.core import TyperGroup

from bot.datasets import DatedReport, LabelledReport, Pairs, Reports, read_kinds, read_pairs, read_reports
from bot.domain.errors import AssistantError
from bot.domain.ports import Embedder
from bot.learning.anatomy import dense_text
from bot.learning.duplicates import Place
from bot.learning.judge import PRECISION, Judged, duplicates_figures, kinds_figures
from bot.learning.kinds import certain, dump, load, predict
from bot.learning.replay import Outcome, Report, replay
from bot.logs import configure_logs
from bot.settings import ModelSettings, load_embedding


class _OrRepository(TyperGroup):
    """`eval OWNER/REPO` and `eval --from FILE` are short for `eval repository …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["repository", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_OrRepository, no_args_is_help=True, help="Judge what is learned, on data of your own.")

Tick = Callable[[str, int, int], None]
_EMBEDDED_AT_ONCE: Final = 64
_AS_JSON = typer.Option("--json", help="Print the figures as JSON.")


@app.command()
def repository(
    name: Annotated[str, typer.Argument(metavar="[OWNER/REPO]", help="Its history was read by `backfill`.")] = "",
    source: Annotated[Path | None, typer.Option("--from", help="A file that `export` wrote, instead.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="The repository's configuration; the defaults without it.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with drawings to this file.")] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Really ask the configured model; it costs tokens.")] = False,
    as_json: Annotated[bool, _AS_JSON] = False,
) -> None:
    """Decide a repository's closed issues once more, without writing, and compare with what people said."""
    from bot.appraisal import command  # noqa: PLC0415 - the other commands need not load all of it

    with _progress() as tick:
        found = command.appraisal(name, source, config, tick, ask=ask)
    if html is not None:
        from bot.appraisal.page import page  # noqa: PLC0415

        html.write_text(page(found), "utf-8")
    if as_json:
        typer.echo(json.dumps(found.plain(), indent=2, ensure_ascii=False))
    else:
        from bot.appraisal.tables import tables  # noqa: PLC0415

        for table in tables(found):
            Console().print(table)


@app.command()
def kinds(
    train: Annotated[Path, typer.Option(help="CSV with the columns repo, label, title, body: learned from.")],
    test: Annotated[Path, typer.Option(help="CSV of the same form: judged on.")],
    as_json: Annotated[bool, _AS_JSON] = False,
) -> None:
    """How well the kind of a report is told: bug, feature or question."""
    with _progress() as tick:
        figures = judge_kinds(read_kinds(train), read_kinds(test), tick)
    _print(figures, _kinds_rows(figures), "Kinds of reports", as_json=as_json)


@app.command()
def duplicates(
    reports: Annotated[Path, typer.Option(help="CSV with the columns Issue id, Summary, Description, Created.")],
    pairs: Annotated[Path, typer.Option(help="CSV with the columns Issue id, Duplicate id.")],
    as_json: Annotated[bool, _AS_JSON] = False,
) -> None:
    """How well older duplicates of a report are found, and how often a claimed duplicate is one."""
    load_dotenv(Path(".env"))
    settings = load_embedding()
    if settings:
        configure_logs("warning", "console", (settings.endpoints[0].api_key,) if settings.endpoints[0].api_key else ())
    read = read_reports(reports)
    known = read_pairs(pairs, frozenset(one.id for one in read.reports))
    with _progress() as tick:
        figures = judge_duplicates(read, known, tick, settings)
    _print(figures, _duplicates_rows(figures), "Duplicates", as_json=as_json)


def judge_kinds(train: Sequence[LabelledReport], test: Sequence[LabelledReport], tick: Tick) -> dict[str, Any]:
    """Learn from one set, answer the other; the model goes through its stored form, as between trainer and service."""
    # Loaded here only: the service must not carry the trainer's libraries.
    from bot.learning.training.kinds import Example, TooFewExamples  # noqa: PLC0415
    from bot.learning.training.kinds import train as learn  # noqa: PLC0415

    started = time.monotonic()
    spelling: dict[str, str] = {}
    for one in (*test, *train):  # GitHub takes no notice of the case of names
        spelling.setdefault(one.repository.lower(), one.repository)
    train, test = _spelled(train, spelling), _spelled(test, spelling)
    examples = [Example(one.repository, one.kind, one.title, one.body) for one in train]
    try:
        model = load(dump(learn(examples, precision=PRECISION, progress=tick)))
    except TooFewExamples as error:
        raise AssistantError(f"there is nothing to learn from: {error}.") from None
    seconds = time.monotonic() - started
    judged = []
    for count, one in enumerate(test, 1):
        prediction = predict(model, one.repository, one.title, one.body)
        judged.append(Judged(one.repository, one.kind, prediction, certain(model, prediction)))
        tick("Answering", count, len(test))
    return {**kinds_figures(judged), "trained_on": dict(model.trained_on), "training_seconds": round(seconds, 1)}


def _spelled(reports: Sequence[LabelledReport], spelling: Mapping[str, str]) -> list[LabelledReport]:
    return [replace(one, repository=spelling[one.repository.lower()]) for one in reports]


def judge_duplicates(read: Reports, known: Pairs, tick: Tick, settings: ModelSettings | None = None) -> dict[str, Any]:
    """Replay the reports in order; dense vectors come from the endpoint where one is configured."""
    from bot.learning.training.latent import learn  # noqa: PLC0415 - as above

    dense = asyncio.run(_embedded(read.reports, settings, tick)) if settings else None
    made = [_report(one, dense[at] if dense else ()) for at, one in enumerate(read.reports)]
    outcomes: list[Outcome] = []
    for outcome in replay(made, known.marks, learn):
        outcomes.append(outcome)
        tick("Replaying reports", len(outcomes), len(made))
    return {
        **duplicates_figures(outcomes),
        "unknown_ids": known.unknown,
        "reports_without_id_or_date": read.undated,
        "repeated_ids": read.repeated,
        "dates_of_unknown_zones": read.unzoned,
        "dense_vectors": settings.endpoints[0].model if settings and dense else "learned from the reports",
    }


def _report(one: DatedReport, dense: Sequence[float]) -> Report:
    return Report(Place(one.created, one.id), one.title, one.body, dense)


async def _embedded(
    reports: Sequence[DatedReport], settings: ModelSettings, tick: Tick
) -> list[tuple[float, ...]] | None:
    """Vectors of all reports, or None if the endpoint did not give them: then they are learned."""
    from bot.llm.embeddings import EmbeddingClient  # noqa: PLC0415 - the library needs tens of megabytes

    client = EmbeddingClient(settings.endpoints[0])
    try:
        return await embed_all(reports, client, tick)
    finally:
        await client.close()


async def embed_all(reports: Sequence[DatedReport], embedder: Embedder, tick: Tick) -> list[tuple[float, ...]] | None:
    """Vectors of all reports or of none. A file may hold a private repository's texts: they are treated so."""
    found: list[tuple[float, ...]] = []
    for start in range(0, len(reports), _EMBEDDED_AT_ONCE):
        texts = [dense_text(one.title, one.body) for one in reports[start : start + _EMBEDDED_AT_ONCE]]
        vectors = await embedder.embed(texts, private=True)
        if vectors is None:
            return None
        found += vectors
        tick("Embedding reports", len(found), len(reports))
    return found


@contextmanager
def _progress() -> Iterator[Tick]:
    console = Console(stderr=True)
    bars: dict[str, Any] = {}
    columns = (*Progress.get_default_columns()[:3], MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:

        def tick(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done)

        yield tick


def _print(figures: Mapping[str, Any], rows: Sequence[tuple[str, str]], title: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(figures, indent=2, ensure_ascii=False))
        return
    table = Table("what", "figure", title=title)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _kinds_rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    abstaining = figures["abstaining"]
    return [
        *((f"macro F1, {name}", f"{value:.3f}") for name, value in figures["macro_f1"].items()),
        ("mean macro F1", _with_interval(figures["mean_macro_f1"], figures["mean_macro_f1_interval"])),
        ("coverage at 95 % precision", f"{figures['coverage_at_95_precision']:.1%}"),
        ("calibration error", f"{figures['calibration_error']:.3f}"),
        ("live: share acted on", f"{abstaining['coverage']:.1%}"),
        ("live: precision of these", _with_interval(abstaining["precision"], abstaining["precision_interval"])),
        ("reports", str(figures["items"])),
        ("training, seconds", str(figures["training_seconds"])),
    ]


def _duplicates_rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    claims = figures["claims"]
    return [
        *((name.replace("_", " "), _with_interval(figures[name], one)) for name, one in figures["intervals"].items()),
        ("claims made", str(claims["made"])),
        ("precision of claims", _with_interval(claims["precision"], claims["precision_interval"])),
        ("recall of claims", _with_interval(claims["recall"], claims["recall_interval"])),
        ("reports with a known older duplicate", str(figures["queries"])),
        ("reports with an older one of their family", str(figures["family_queries"])),
        ("reports", str(figures["reports"])),
        ("unknown ids, skipped", str(figures["unknown_ids"])),
        ("dense vectors", figures["dense_vectors"]),
    ]


def _with_interval(value: float | None, interval: Sequence[float]) -> str:
    return "none" if value is None else f"{value:.3f} (95 %: {interval[0]:.2f} to {interval[1]:.2f})"
