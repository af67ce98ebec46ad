"""Before and after as HTML: what to measure, and every metric of an adapter against its base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.ui.i18n import catalog
from app.ui.markup import attribute, blocks, inline
from app.ui.page import Page

if TYPE_CHECKING:
    from finetune.adapter import Adapter

COUNT = 20
Row = Mapping[str, Any]


def form(page: Page, adapters: Sequence[str], chosen: str, sets: Sequence[tuple[str, str]]) -> str:
    """Which adapter, on which questions, how many of them, and whether losses are measured as well."""
    if not adapters:
        return f'<h6>{page.text("bench.compare")}</h6><p class="cm-empty">{page.text("bench.no_adapters")}</p>'
    rows = "".join(
        f'<li><button type="button" class="cm-step-row{" on" if name == chosen else ""}" data-act="choose" data-name="{attribute(name)}">'
        f"<b>{inline(name)}</b></button></li>"
        for name in adapters
    )
    options = "".join(f'<option value="{attribute(value)}">{inline(label)}</option>' for label, value in sets)
    none = f'<option value="">{page.text("bench.none")}</option>'
    return (
        f'<h6>{page.text("bench.adapters")}</h6><ol class="cm-rows">{rows}</ol>'
        f'<form class="cm-make" data-event="evaluate" data-name="{attribute(chosen)}"><h6>{page.text("bench.measure")}</h6>'
        f'<label class="cm-field"><span>{page.text("bench.question_set")}</span><select name="set">{options}{none}</select></label>'
        f'<label class="cm-field"><span>{page.text("bench.how_many")}</span><input type="number" name="n" min="0" max="100000" value="{COUNT}">'
        f"<small>{page.text('bench.how_many_lead')}</small></label>"
        f'<label class="cm-check"><input type="checkbox" name="loss" value="yes"><span>{page.text("bench.with_losses")}</span></label>'
        f'<button class="cm-primary">{page.text("bench.measure_go")}</button></form>'
        f'<p class="cm-hint">{page.text("bench.blind_lead")} <button type="button" class="cm-link" data-act="tab" data-tab="compare">'
        f"{page.text('bench.blind')}</button></p>"
    )


def nothing(page: Page) -> str:
    """Where there is no adapter."""
    return f'<p class="cm-empty">{page.text("bench.choose_adapter")}</p>'


def progress(page: Page, what: str, share: float) -> str:
    """How far the measuring is."""
    percent = round(100 * share)
    doing = f"{inline(_words(page, 'doing', what))} · " if what else ""
    return (
        f'<div class="cm-making" role="status"><span class="cm-facts">{doing}{percent}% · <span class="cm-elapsed"></span></span>'
        f'<span class="cm-progress"><u style="width:{percent}%"></u></span></div>'
    )


def ended(page: Page, error: str) -> str:
    """Done, or why not."""
    words = inline(error) if error else page.text("bench.measured")
    return f'<div class="cm-said{" cm-bad" if error else ""}" role="status">{words}</div>'


def whole(page: Page, adapter: Adapter) -> str:
    """All scores of an adapter, a table a question set, and what was forgotten."""
    scores = adapter.scores
    rows: Sequence[Row] = scores.get("metrics") or ()
    names = list(dict.fromkeys(str(row.get("set")) for row in rows))
    tables = "".join(_table(page, name, [row for row in rows if str(row.get("set")) == name]) for name in names)
    forgot = _forgetting(page, scores.get("forgetting") or {})
    head = f"<h3>{page.text('bench.before_after', name=inline(adapter.name))}</h3>"
    if not tables and not forgot:
        return f'{head}<p class="cm-empty">{page.text("bench.not_measured")}</p>'
    return f'<article class="cm-compared">{head}{tables}{forgot}</article>'


def _table(page: Page, name: str, rows: Sequence[Row]) -> str:
    head = "".join(
        f"<th>{page.text(f'bench.col_{column}')}</th>" for column in ("metric", "base", "tuned", "difference")
    )
    body = "".join(_line(page, row) for row in rows)
    count = max((int(row.get("n") or 0) for row in rows), default=0)
    facts = page.text("bench.set_facts", name=inline(name), n=count)
    return (
        f'<h4>{facts}</h4><table class="cm-table cm-before"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _line(page: Page, row: Row) -> str:
    gain, low, high = (row.get(key) for key in ("gain", "low", "high"))
    verdict = "none"
    if row.get("shown") and isinstance(gain, int | float):
        verdict = "better" if (gain > 0) == bool(row.get("higher_is_better", True)) else "worse"
    between = f"[{_signed(low)}, {_signed(high)}]" if low is not None and high is not None else ""
    return (
        f'<tr class="cm-gain-{verdict}"><td>{inline(_words(page, "metric", str(row.get("metric"))))}</td><td>{_plain(row.get("base"))}</td>'
        f'<td><b>{_plain(row.get("tuned"))}</b></td><td><b>{_signed(gain)}</b> <span class="cm-facts">{between}</span>'
        f'<span class="cm-verdict-mark">{page.text(f"bench.verdict_{verdict}")}</span></td></tr>'
    )


def _forgetting(page: Page, values: Mapping[str, Any]) -> str:
    pairs = sorted({str(key).split("_", 1)[1] for key in values if "_" in str(key)})
    rows = "".join(
        f"<tr><td>{inline(_words(page, 'score', name))}</td><td>{_plain(values.get(f'base_{name}'))}</td>"
        f"<td><b>{_plain(values.get(f'tuned_{name}'))}</b></td></tr>"
        for name in pairs
    )
    if not rows:
        return ""
    head = "".join(f"<th>{page.text(f'bench.col_{column}')}</th>" for column in ("metric", "base", "tuned"))
    return f'<h4>{page.text("bench.forgotten")}</h4><table class="cm-table cm-before"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _words(page: Page, kind: str, name: str) -> str:
    for key in (f"bench.{kind}_{name}", f"score.{name}"):
        if key in catalog(page.lang):
            return page.text(key)
    return name


def _plain(value: Any) -> str:
    return f"{value:,.0f}" if _large(value) else f"{value:.3g}" if isinstance(value, int | float) else "–"


def _signed(value: Any) -> str:
    return f"{value:+,.0f}" if _large(value) else f"{value:+.3g}" if isinstance(value, int | float) else "–"


def _large(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) >= 100


def notes(page: Page) -> str:
    """The right column."""
    return f'<h6>{page.text("bench.how_to_read")}</h6><div class="cm-body">{blocks(page.text("bench.reading_scores"))}</div>'
