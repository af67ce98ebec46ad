"""Puts a lab's figures, tables and numbers into words, and figures into the house's look: for the page and for files alike.

drawn("mlp", figure, "ko")      {"data", "layout"} as Plotly draws it, Korean at the axes
document("mlp", figure, "ko")   the same as one HTML file that needs nothing else
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from app.labs.base import Figure, Score, Table
from app.labs.words import words
from ingest.particles import choose_particles
from models.errors import MissingError

FONTS = "NanumGothic, 'Nanum Gothic', 'Noto Sans CJK KR', 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif"
INK, MUTE, RULE, CARD = "#1d1d1f", "#6e6e73", "#e6e6e3", "#ffffff"
SHARED = "figures"
AXIS = {"gridcolor": RULE, "zerolinecolor": RULE, "linecolor": RULE, "automargin": True, "title": {"standoff": 8}}
LOOK: Mapping[str, Any] = {
    "font": {"family": FONTS, "size": 12.5, "color": INK},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": CARD,
    "margin": {"l": 44, "r": 12, "t": 10, "b": 40},
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
    "hoverlabel": {"font": {"family": FONTS}},
    "dragmode": False,
    "autosize": True,
}
TEXTS = ("x", "y", "text", "labels", "ticktext")  # lists that may hold keys

Say = Callable[[str, str], str]  # kind of key, key -> words


def phrase(lab: str, key: str, lang: str, **values: object) -> str:
    """The words of a key, the lab's own or those that all labs share; the key itself where neither has it."""
    for source in (lab, SHARED):
        if key in words(source):
            said = words(source)[key][lang]
            if not values:
                return said
            filled = said.format(**values)
            return choose_particles(filled) if lang == "ko" else filled
    return key


def named(lab: str, kind: str, key: str, lang: str) -> str:
    """What `<kind>_<key>` of the words says; `key` as it stands where there is no such word."""
    full = f"{kind}_{key}"
    said = phrase(lab, full, lang)
    return key if said == full else said


def drawn(lab: str, figure: Figure, lang: str) -> dict[str, Any]:
    """{"data", "layout"}, as Plotly.react takes them, and "frames" where it has a slider. The title stands above, as text."""

    def say(kind: str, key: str) -> str:
        return named(lab, kind, key, lang)

    data = [_trace(trace, say) for trace in figure.data]
    layout = {name: _part(name, part, say) for name, part in figure.layout.items()}
    layout = _over(LOOK, layout)
    for name in {"xaxis", "yaxis", *(name for name in layout if name[1:5] == "axis")}:
        layout[name] = _over(AXIS, layout.get(name, {}))
    made = {"data": data, "layout": layout | {"height": figure.height}}
    frames = [{**frame, "data": [_trace(trace, say) for trace in frame["data"]]} for frame in figure.frames]
    return made | ({"frames": frames} if frames else {})


def _trace(trace: Mapping[str, Any], say: Say) -> dict[str, Any]:
    made = dict(trace)
    if made.get("name"):
        made["name"] = say("line", str(made["name"]))
    for name in TEXTS:
        if isinstance(made.get(name), list):
            made[name] = _labels(made[name], say)
    bar = made.get("colorbar")
    if bar and bar.get("title", {}).get("text"):
        made["colorbar"] = bar | {"title": bar["title"] | {"text": say("axis", bar["title"]["text"])}}
    return made


def _labels(listed: Sequence[Any], say: Say) -> list[Any]:
    return [say("label", one) if isinstance(one, str) else one for one in listed]


def _part(name: str, part: Any, say: Say) -> Any:
    """One part of a layout: an axis, the notes, or anything else as it is."""
    if name == "annotations":
        return [{**note, "text": say("label", str(note.get("text", "")))} for note in part]
    if name == "sliders":
        return [{**one, "currentvalue": {"prefix": f"{say('axis', one['currentvalue']['prefix'])} "}} for one in part]
    if name == "scene":
        return {inner: _part(inner, what, say) for inner, what in part.items()}
    if name[1:5] != "axis":
        return part
    axis = dict(part)
    if axis.get("title", {}).get("text"):
        axis["title"] = {**axis["title"], "text": say("axis", axis["title"]["text"])}
    if "ticktext" in axis:
        axis["ticktext"] = _labels(axis["ticktext"], say)
    return axis


def _over(under: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both, `above` first where they differ, nested dictionaries one by one."""
    merged = dict(under)
    for name, value in above.items():
        both = isinstance(value, Mapping) and isinstance(under.get(name), Mapping)
        merged[name] = _over(under[name], value) if both else value
    return merged


def headings(lab: str, table: Table, lang: str) -> list[str]:
    """Of a table: the words of each key; what is no key stands as it is."""
    return [phrase(lab, column, lang) for column in table.columns]


def cells(lab: str, row: Sequence[str | float | int], lang: str) -> list[str]:
    """A table's row: numbers as people read them, and the words of each text that is a key `label_<text>`."""
    return [named(lab, "label", value, lang) if isinstance(value, str) else cell(value) for value in row]


def cell(value: str | float | int) -> str:
    """A number as people read it; a text as it is."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.4g}" if abs(value) >= 1e-3 or not value else f"{value:.3g}"
    if isinstance(value, bool | str):
        return str(value)
    return f"{value:,.0f}"


def figure_of(score: Score, value: float) -> str:
    """A score, or an end of its range, with its unit."""
    if score.unit == "share":
        return f"{100 * value:.1f}%"
    if score.unit == "loss":
        return f"{value:.3f}"
    if score.unit == "seconds":
        return f"{value:.1f} s"
    if score.unit == "mb":
        return f"{value:,.1f} MB"
    return cell(value)


def span(score: Score) -> str:
    """Where a score usually is: "60.0% – 100.0%", "≥ 60.0%"; "" where nobody says."""
    if score.low is not None and score.high is not None:
        return f"{figure_of(score, score.low)} – {figure_of(score, score.high)}"
    if score.low is not None:
        return f"≥ {figure_of(score, score.low)}"
    return "" if score.high is None else f"≤ {figure_of(score, score.high)}"


@cache
def plotly_js() -> Path:
    """plotly.min.js of the package plotly, which is not imported for it. Raises MissingError."""
    spec = importlib.util.find_spec("plotly")
    path = Path(spec.origin).parent / "package_data" / "plotly.min.js" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise MissingError(what="plotly", fix="pip install plotly")
    return path


DOCUMENT = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>body {{ margin: 24px auto; padding: 0 16px; max-width: 960px; font-family: {fonts}; color: {ink};
word-break: keep-all }} h1 {{ font-size: 18px }}</style><script>{plotly}</script></head>
<body><h1>{title}</h1><div id="figure"></div><script>
const figure = {figure};
Plotly.newPlot("figure", {{ ...figure, config: {{ responsive: true, displaylogo: false }} }});
</script></body></html>
"""


def document(lab: str, figure: Figure, lang: str) -> str:
    """One HTML file that draws the figure without anything from elsewhere. Raises MissingError."""
    made = json.dumps(drawn(lab, figure, lang), ensure_ascii=False, allow_nan=False).replace("</", "<\\/")
    return DOCUMENT.format(
        lang=lang,
        title=escape(named(lab, "figure", figure.name, lang)),
        fonts=FONTS,
        ink=INK,
        plotly=plotly_js().read_text(encoding="utf-8"),
        figure=made,
    )
