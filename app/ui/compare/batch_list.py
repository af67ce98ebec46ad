"""Batches as HTML: how each stands, what can be done with it, and its report in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.batches import Batch
from app.ui.i18n import Language, localize, text
from app.ui.markup import attribute, inline

MINUTE_S = 60


def listing(batches: Sequence[Batch], opened: str, lang: Language) -> str:
    """All batches, newest first. opened: id of the one whose report is shown."""
    if not batches:
        return f'<p class="cm-empty">{text("batch.none", lang)}</p>'
    return "".join(_card(batch, batch.id == opened, lang) for batch in batches)


def _card(batch: Batch, on: bool, lang: Language) -> str:
    names = "".join(f'<span class="cm-tag">{inline(asked.name)}</span>' for asked in batch.plan.systems)
    search = f'<span class="cm-tag">{text("batch.retrieval_only", lang)}</span>' if batch.plan.retrieval else ""
    return (
        f'<article class="cm-batch cm-{batch.state}{" on" if on else ""}" data-id="{attribute(batch.id)}">'
        f'<header><b>{inline(batch.plan.title)}</b><span class="cm-facts">{_moment(batch.created)}</span></header>'
        f'<div class="cm-tags">{search}{names}</div>{progress(batch, lang)}<div class="cm-choices">{_actions(batch, lang)}</div></article>'
    )


def _moment(created: str) -> str:
    return datetime.fromisoformat(created).astimezone().strftime("%m-%d %H:%M")


def progress(batch: Batch, lang: Language) -> str:
    """A bar with words while it runs, else how it ended."""
    words = [text(f"batch.{batch.state}", lang), text("batch.count", lang, done=batch.done, total=batch.total)]
    if batch.failed:
        words.append(text("batch.failures", lang, failed=batch.failed))
    if batch.state == "running":
        words.append(left(batch.eta_s, lang))
    percent = round(100 * batch.done / batch.total) if batch.total else 0
    bar = (
        f'<div class="cm-progress" role="progressbar" aria-valuenow="{percent}" aria-valuemin="0" aria-valuemax="100">'
        f'<u style="width:{percent}%"></u></div>'
        if batch.unfinished
        else ""
    )
    told = f'<p class="cm-item-message">{inline(localize(batch.error, lang))}</p>' if batch.error else ""
    return f'{bar}<div class="cm-facts" role="status">{" · ".join(word for word in words if word)}</div>{told}'


def left(seconds: float | None, lang: Language) -> str:
    """The time left, for people."""
    if seconds is None:
        return text("batch.eta_unknown", lang)
    if seconds < MINUTE_S:
        return text("batch.eta_seconds", lang, seconds=max(1, round(seconds)))
    return text("batch.eta_minutes", lang, minutes=round(seconds / MINUTE_S))


def _actions(batch: Batch, lang: Language) -> str:
    if batch.unfinished:
        return _button("stop", lang)
    again = _button("resume", lang) if batch.state != "done" or batch.failed else ""
    shown = _button("open", lang) if batch.state in {"done", "stopped"} else ""
    return shown + again + _button("delete", lang)


def _button(action: str, lang: Language) -> str:
    kind = "cm-pill cm-danger" if action == "delete" else "cm-pill"
    return f'<button type="button" class="{kind}" data-act="{action}">{text(f"batch.{action}", lang)}</button>'


def report(batch: Batch | None, there: bool, lang: Language) -> str:
    """The report in a frame, and its files. there: whether it has been written."""
    if batch is None or not there:
        key = "batch.choose" if batch is None else "batch.no_report"
        return f'<p class="cm-empty">{text(key, lang)}</p>'
    where = f"batch/{attribute(batch.id)}"
    links = " · ".join(
        f'<a href="{where}/{name}"{extra}>{text(f"batch.{key}", lang)}</a>'
        for name, key, extra in (
            ("report.html", "own_window", ' target="_blank" rel="noopener"'),
            ("results.jsonl", "results", " download"),
            ("summary.json", "summary", " download"),
        )
    )
    title = attribute(text("batch.report_of", lang, title=batch.plan.title))
    return (
        f'<div class="cm-report"><p class="cm-facts">{links}</p>'
        f'<iframe src="{where}/report.html" sandbox="allow-popups" title="{title}" loading="lazy"></iframe></div>'
    )
