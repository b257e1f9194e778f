"""The command line."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from dotenv import load_dotenv

from bot import __version__, evaluate
from bot.datasets import lines_of
from bot.domain.errors import AssistantError
from bot.domain.repo_config import ConfigSchema
from bot.logs import configure_logs
from bot.settings import Settings, load_settings

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
config = typer.Typer(no_args_is_help=True, help="Repository configuration.")
app.add_typer(config, name="config")
app.add_typer(evaluate.app, name="eval")


def main() -> None:
    """Run a command; what the operator can mend is said in one sentence, with exit code 1."""
    try:
        app()
    except AssistantError as error:
        typer.echo(f"contribution-assistant: {error}", err=True)
        raise SystemExit(1) from None
    except OSError as error:
        # A port in use, a folder that cannot be made: the system's own sentence says it best.
        typer.echo(f"contribution-assistant: {error.strerror or error}{_named(error)}.", err=True)
        raise SystemExit(1) from None


def _named(error: OSError) -> str:
    return f": {error.filename}" if error.filename else ""


@app.callback()
def options() -> None:
    """A self-hosted assistant for contributions to open-source projects."""


@app.command()
def serve() -> None:
    """Run the web server and a worker in one process."""
    from bot import bootstrap  # noqa: PLC0415 - the other commands need not load all of it

    asyncio.run(bootstrap.serve(_settings()))


@app.command()
def work() -> None:
    """Run a worker only."""
    from bot import bootstrap  # noqa: PLC0415

    asyncio.run(bootstrap.work(_settings()))


@app.command()
def migrate() -> None:
    """Bring the database up to date."""
    from bot import bootstrap  # noqa: PLC0415

    async def run() -> None:
        async with bootstrap.database(_settings()):
            typer.echo("The database is up to date.")

    asyncio.run(run())


@app.command()
def demo(
    stay: Annotated[bool, typer.Option("--stay", help="Keep it running, with a page to try things on.")] = False,
    broken: Annotated[bool, typer.Option("--break", hidden=True)] = False,
    report: Annotated[Path | None, typer.Option(help="Instead, appraise the project's made-up past; a page.")] = None,
) -> None:
    """Play a story on a stand-in GitHub, on this machine only: needs no account, no model, no settings."""
    if report is not None:
        from bot.demo.past import write_report  # noqa: PLC0415

        typer.echo(write_report(report))
        return
    from bot.demo.run import demo as run  # noqa: PLC0415

    raise SystemExit(run(stay=stay, broken=broken))


@app.command("try")
def attempt(
    file: Annotated[Path, typer.Option("--file", metavar="REPORT.md", help="A report; its first line is the title.")],
    title: Annotated[str | None, typer.Option(help="The title, where the file holds only the body.")] = None,
    configuration: Annotated[Path | None, typer.Option("--config", help="A repository's configuration.")] = None,
    forms: Annotated[Path | None, typer.Option(help="A folder with the repository's issue forms.")] = None,
    stay: Annotated[bool, typer.Option("--stay", help="Keep it running, with a page to try more on.")] = False,
) -> None:
    """Open a report of your own on a stand-in GitHub and see what the assistant does; needs nothing else."""
    from bot.demo.attempt import read_report  # noqa: PLC0415
    from bot.demo.run import attempt as run  # noqa: PLC0415

    raise SystemExit(run(read_report(file, title, configuration, forms), stay=stay))


@app.command()
def doctor(
    as_data: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Check settings, GitHub, database and models; each failure comes with a remedy, and with exit code 1."""
    from bot.doctor.run import doctor as run  # noqa: PLC0415

    load_dotenv(Path(".env"))
    raise SystemExit(run(as_data=as_data))


@app.command()
def replay(guid: Annotated[str, typer.Argument(help="The X-GitHub-Delivery id.")]) -> None:
    """Queue a stored delivery again, for example one that failed; a running worker takes it."""
    from bot import bootstrap  # noqa: PLC0415

    if not asyncio.run(bootstrap.replay(_settings(), guid)):
        raise AssistantError(f"there is no stored delivery {guid} that anything could be done about.")
    typer.echo("Queued.")


@app.command()
def forget(
    repository: Annotated[str | None, typer.Option("--repo", help="Repository id, or OWNER/REPO.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Login of a person.")] = None,
) -> None:
    """Delete what is kept about a repository or a person."""
    from bot import bootstrap  # noqa: PLC0415

    if (repository is None) == (user is None):
        raise AssistantError("give either --repo or --user.")
    typer.echo(asyncio.run(bootstrap.forget(_settings(), repository=repository, user=user)))


@app.command()
def backfill(
    name: Annotated[str, typer.Argument(metavar="OWNER/REPO")],
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE.jsonl", help="Read an export instead of asking GitHub.")
    ] = None,
) -> None:
    """Read a repository's issues, pull requests and labels into the history; go on where it was interrupted."""
    from bot import display, upkeep  # noqa: PLC0415

    settings = _settings()
    with display.reading(name) as watch:
        if source is None:
            said = asyncio.run(upkeep.backfill(settings, name, watch))
        else:
            said = asyncio.run(upkeep.import_history(settings, name, lines_of(source), watch))
    typer.echo(said)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="A file that does not exist yet.")],
    repository: Annotated[str, typer.Option("--repo", help="OWNER/REPO, or the repository's id.")],
) -> None:
    """Write what is known of a repository's history to a file: one line of JSON per item and change of a label."""
    from bot import display, upkeep  # noqa: PLC0415

    settings = _settings()
    with display.reading(repository) as watch, upkeep.private_file(file) as stream:
        said = asyncio.run(upkeep.export_history(settings, repository, stream.write, watch))
    typer.echo(said)


@config.command("check")
def config_check(file: Annotated[Path, typer.Argument(help="A configuration file.")]) -> None:
    """Check a repository configuration; every mistake is named with its line and column."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{file} cannot be read: {type(error).__name__}.") from None
    mistakes = _schema().mistakes(text)
    for mistake in mistakes:
        typer.echo(f"{file}: {mistake}")
    if mistakes:
        raise SystemExit(1)
    typer.echo(f"{file}: fine")


@config.command("schema")
def config_schema() -> None:
    """Print the JSON Schema of the repository configuration."""
    typer.echo(json.dumps(_schema().json_schema(), indent=2))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _schema() -> ConfigSchema:
    from bot.capabilities import REGISTRY  # noqa: PLC0415

    return ConfigSchema(tuple(one.manifest for one in REGISTRY))


def _settings() -> Settings:
    load_dotenv(Path(".env"))
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format, settings.secrets)
    return settings
