"""The appraisal as one HTML file that needs nothing else: no script, no font, no address."""

from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot import __version__
from bot.appraisal import drawing
from bot.appraisal.figures import NOTHING
from bot.appraisal.run import Appraisal


def page(found: Appraisal) -> str:
    """HTML with inline drawings; every text from the repository is escaped."""
    environment = Environment(
        loader=PackageLoader("bot.appraisal", ""), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["percent"] = lambda share: "–" if share is None else f"{share:.0%}"
    template = environment.get_template("page.html.j2")
    triage = found.triage
    return template.render(
        found=found, triage=triage, few=drawing.FEW, nothing=NOTHING, version=__version__,
        style=Markup(resources.files("bot.appraisal").joinpath("page.css").read_text("utf-8")),  # noqa: S704 - our file
        labels=drawing.labels(triage) if triage and triage.labels else "",
        calibration=drawing.calibration(triage) if triage and triage.calibration else "",
    )  # fmt: skip
