"""The figures as a Markdown table: for a pull request, a README, a terminal."""

from __future__ import annotations

from evals.report import figures
from evals.report.texts import Language, metric_label, text
from evals.summary import Summary, pairs


def render(summary: Summary, language: Language) -> str:
    """A table of all figures, and one of the differences of each pair."""
    run = summary.run
    title = _cell(run.title or text("title", language))
    made = text("made", language, created=run.created[:16].replace("T", " "), questions=len(run.cases), seed=run.seed)
    head = [text("metric_head", language), *summary.systems]
    rows = [
        [_label(summary, name, language), *(_estimate(summary, system, name) for system in summary.systems)]
        for name in summary.metrics
    ]
    parts = [f"# {title}", made, _table(head, rows)]
    parts += [part for a, b in pairs(summary) if (part := _pair(summary, a, b, language))]
    return "\n\n".join(parts) + "\n"


def _pair(summary: Summary, a: str, b: str, language: Language) -> str:
    rows = []
    for name, metric in summary.metrics.items():
        found = summary.difference(a, b, name)
        if found is not None:
            key = (
                "none_shown"
                if not found.shown
                else "better"
                if (found.value > 0) == metric.higher_is_better
                else "worse"
            )
            shown = f"{figures.difference(found, name)} n={found.n}"
            rows.append([_label(summary, name, language), shown, text(key, language)])
    head = [text("metric_head", language), text("difference", language), text("verdict", language)]
    return f"## {_cell(text('versus', language, a=a, b=b))}\n\n{_table(head, rows)}" if rows else ""


def _estimate(summary: Summary, system: str, name: str) -> str:
    found = summary.estimate(system, name)
    return f"{figures.estimate(found, name)} n={found.n}"


def _label(summary: Summary, name: str, language: Language) -> str:
    return metric_label(name, language) + ("" if summary.metrics[name].higher_is_better else " ↓")


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: str) -> str:
    """One line that cannot end its cell."""
    return " ".join(value.split()).replace("|", "\\|")
