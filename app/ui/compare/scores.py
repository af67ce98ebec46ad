"""What a run over a set says of each prompt: figures with their intervals and the number of questions, as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.batches import Batch
from app.ui.compare import batch_list
from app.ui.i18n import Language, catalog, text
from app.ui.markup import attribute, inline

SHOWN = ("correct", "char_f1", "citation_precision", "supported_sentences", "refusal_f1")


def result(batch: Batch, summary: Mapping[str, Any], lang: Language) -> str:
    """How far the run is, and the scores when it has ended."""
    possible = ("stop",) if batch.unfinished else ("delete",) if batch.state == "done" else ("resume", "delete")
    actions = "".join(_button(act, lang) for act in possible)
    where = f"batch/{attribute(batch.id)}/report.html"
    link = (
        f'<a class="cm-link" href="{where}" target="_blank" rel="noopener">{text("batch.own_window", lang)}</a>'
        if summary
        else ""
    )
    table = _table(summary, lang) if summary else ""
    return (
        f'<article class="cm-batch cm-{batch.state}" data-id="{attribute(batch.id)}"><header><b>{inline(batch.plan.title)}</b></header>'
        f'{batch_list.progress(batch, lang)}{table}<div class="cm-choices">{link}{actions}</div></article>'
    )


def _button(act: str, lang: Language) -> str:
    return f'<button type="button" class="cm-pill" data-act="{act}">{text(f"batch.{act}", lang)}</button>'


def _table(summary: Mapping[str, Any], lang: Language) -> str:
    """A metric a block, a prompt a row: the point, its interval as a bar, and n."""
    metrics = [name for name in SHOWN if name in summary["metrics"]]
    blocks = "".join(_metric(name, summary["systems"], lang) for name in metrics)
    return f'<div class="cm-scores">{blocks}</div><p class="cm-hint">{text("lab.interval", lang)}</p>{_verdict(summary, lang)}'


def _metric(name: str, systems: list[Mapping[str, Any]], lang: Language) -> str:
    rows = "".join(_row(system["name"], system["metrics"][name], lang) for system in systems)
    return f"<h6>{inline(metric_label(name, lang))}</h6>{rows}"


def metric_label(name: str, lang: Language) -> str:
    """A metric's name for people."""
    key = f"score.{name}"
    return text(key, lang) if key in catalog(lang) else name


def _row(system: str, figure: Mapping[str, Any], lang: Language) -> str:
    label = prompt_name(system, lang)
    if figure["value"] is None:
        return f'<div class="cm-score"><span>{inline(label)}</span><span class="cm-facts">{text("lab.no_figure", lang)}</span></div>'
    low, value, high = (100 * figure[name] for name in ("low", "value", "high"))
    spread = f"{low:.0f}–{high:.0f}%"
    return (
        f'<div class="cm-score"><span title="{attribute(label)}">{inline(label)}</span>'
        f'<span class="cm-interval" role="img" aria-label="{spread}"><i style="left:{low:.1f}%;width:{max(high - low, 0.5):.1f}%"></i>'
        f'<u style="left:{value:.1f}%"></u></span><b>{value:.0f}%</b>'
        f'<span class="cm-facts">{spread} · n={figure["n"]}</span></div>'
    )


def prompt_name(system: str, lang: Language) -> str:
    """`local:few_shot` as the technique's name."""
    prompt = system.partition(":")[2] or system
    key = f"prompt.{prompt}"
    return text(key, lang) if key in catalog(lang) else prompt


def _verdict(summary: Mapping[str, Any], lang: Language) -> str:
    """What the first prompt's differences to the others show, and plainly where they show none."""
    first = summary["systems"][0]["name"]
    lines = []
    for pair in summary["differences"]:
        gap = pair["metrics"].get("correct")
        if gap is None or first not in {pair["a"], pair["b"]} or gap["value"] is None:
            continue
        other = pair["b"] if pair["a"] == first else pair["a"]
        key = "lab.difference" if gap["shown"] else "lab.no_difference"
        better, worse = (pair["b"], pair["a"]) if gap["value"] > 0 else (pair["a"], pair["b"])
        words = text(
            key, lang, first=prompt_name(first, lang), other=prompt_name(other, lang),
            better=prompt_name(better, lang), worse=prompt_name(worse, lang), points=f"{abs(100 * gap['value']):.0f}",
            low=f"{100 * gap['low']:+.0f}", high=f"{100 * gap['high']:+.0f}",
        )  # fmt: skip
        lines.append(f"<p>{inline(words)}</p>")
    return f'<div class="cm-verdict">{"".join(lines)}</div>' if lines else ""
