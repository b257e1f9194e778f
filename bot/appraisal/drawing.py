"""Drawings of an appraisal, as SVG without scripts."""

import sys
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree  # only writes

import pygal
from markupsafe import Markup
from pygal.style import Style

if TYPE_CHECKING:
    from bot.appraisal.figures import Figures

# pygal leaves a finder of modules behind, for plugins that are not used here: Python warns of its kind at each import.
sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != pygal.__name__]

FEW: Final = 5
"""Issues, below which a tenth of the probabilities is not drawn: it would say nothing."""
_STYLE: Final = Style(
    background="transparent", plot_background="transparent", font_family="inherit", foreground="#444",
    foreground_strong="#222", foreground_subtle="#999", colors=("#2a6f97", "#e07a5f", "#81a88d"),
    label_font_size=12, major_label_font_size=12, legend_font_size=12, title_font_size=14, value_font_size=12,
)  # fmt: skip


def labels(triage: "Figures") -> Markup:
    """Precision and recall of each label."""
    chart = pygal.Bar(**_options("Share of 100"), x_labels=[one.label for one in triage.labels], range=(0, 100))
    chart.add("precision: of those set, right", [_hundred(one.precision) for one in triage.labels])
    chart.add("recall: of those wanted, set", [_hundred(one.recall) for one in triage.labels])
    return _drawing(chart)


def calibration(triage: "Figures") -> Markup:
    """How often guesses of a probability were true."""
    chart = pygal.XY(**_options("Said against true, of 100"), range=(0, 100), xrange=(0, 100))
    points = [(100 * one.probability, 100 * one.right) for one in triage.calibration if one.count >= FEW]
    chart.add("what was learned", points)
    chart.add("perfectly honest", [(0, 0), (100, 100)], show_dots=False, stroke_style={"dasharray": "4, 4"})
    return _drawing(chart)


def _options(title: str) -> dict[str, object]:
    return {
        "style": _STYLE, "js": (), "title": title, "height": 320, "width": 620, "legend_at_bottom": True,
        "disable_xml_declaration": True, "show_y_guides": True, "no_prefix": False, "max_scale": 6,
    }  # fmt: skip


def _drawing(chart: pygal.Graph) -> Markup:
    """SVG as pygal makes it, which escapes its texts, without the script that it always adds."""
    root = chart.render_tree()
    for parent in list(root.iter()):
        for child in [one for one in parent if str(one.tag).endswith("script")]:
            parent.remove(child)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 - see above


def _hundred(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
