"""A run as HTML: how it stands, its curves, what it forgets, and what it says to the same questions step by step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.ui.finetune.charts import Line, Plot, number, plot
from app.ui.finetune.lesson_view import smooth
from app.ui.i18n import catalog
from app.ui.markup import attribute, blocks, inline
from app.ui.page import Page
from finetune.base import Event
from finetune.training import STOP

if TYPE_CHECKING:
    from finetune.runs import Run

HOUR_S, MINUTE_S = 3600, 60
RUNNING = frozenset({"starting", "running", "stopping"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A run for the page. state: as finetune.runs.Run has it, or stopping. adapter: it has become one. error: why it failed."""

    name: str
    state: str
    method: str
    data: str
    steps: int
    events: Sequence[Event]
    at: int = 0
    resumable: bool = False
    adapter: bool = False
    error: str = ""

    @classmethod
    def of_run(cls, run: Run, adapters: Collection[str], error: str = "", with_events: bool = True) -> Shown:
        """with_events: read the journal, which a list of runs does not need."""
        stopping = run.state == "running" and (run.folder / STOP).exists()
        return cls(
            name=run.name,
            state="stopping" if stopping else run.state,
            method=run.recipe.method,
            data=run.recipe.data,
            steps=run.steps,
            events=run.journal.events() if with_events else (),
            at=run.step,
            resumable=run.resumable,
            adapter=run.name in adapters,
            error=error,
        )

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    def last(self, kind: str) -> Event | None:
        found = self.of(kind)
        return found[-1] if found else None


def listing(page: Page, runs: Sequence[Shown], chosen: str) -> str:
    """All runs, the newest first."""
    if not runs:
        return f'<h6>{page.text("bench.runs")}</h6><p class="cm-empty">{page.text("bench.no_runs")}</p>'
    rows = "".join(_row(page, run, run.name == chosen) for run in runs)
    return f'<h6>{page.text("bench.runs")}</h6><ol class="cm-rows">{rows}</ol>'


def _row(page: Page, run: Shown, on: bool) -> str:
    return (
        f'<li><button type="button" class="cm-step-row{" on" if on else ""}" data-act="choose" data-name="{attribute(run.name)}">'
        f'<b>{inline(run.name)}</b><span class="cm-line-of"><span>{inline(run.method)} · {inline(run.data)}</span>{badge(page, run.state)}</span>'
        f"{_bar(run) if run.state in RUNNING else ''}</button></li>"
    )


def badge(page: Page, state: str) -> str:
    """How it stands, in a word and a colour."""
    return f'<em class="cm-badge cm-badge-{state}">{page.text(f"bench.state_{state}")}</em>'


def _bar(run: Shown) -> str:
    percent = round(100 * run.at / max(1, run.steps))
    return f'<i class="cm-progress"><u style="width:{percent}%"></u></i>'


def nothing(page: Page) -> str:
    """Where no run is chosen."""
    return f'<p class="cm-empty">{page.text("bench.choose_run")}</p>'


def whole(page: Page, run: Shown) -> str:
    """Head, curves and answers."""
    return f'<article class="cm-run" data-name="{attribute(run.name)}">{_head(page, run)}{_curves(page, run)}{_answers(page, run)}</article>'


def _head(page: Page, run: Shown) -> str:
    facts = " · ".join(_facts(page, run))
    told = ""
    if run.state == "failed":
        told = f'<p class="cm-said cm-bad">{inline(run.error)}</p>'
    elif (end := run.last("ended") or run.last("stopped")) and run.state in {"ended", "stopped"}:
        told = f'<p class="cm-verdict">{_ended(page, end)}</p>'
    elif run.state == "interrupted":
        told = f'<p class="cm-said cm-bad">{page.text("bench.interrupted_run")}</p>'
    bar = _bar(run) if run.state in RUNNING else ""
    return (
        f'<header class="cm-run-head"><div><h3>{inline(run.name)}</h3>{badge(page, run.state)}</div>'
        f'<div class="cm-acts">{_acts(page, run)}</div></header>'
        f'<p class="cm-facts" role="status">{facts}</p>{bar}{told}'
    )


def _acts(page: Page, run: Shown) -> str:
    def button(act: str, danger: bool = False) -> str:
        sure = attribute(page.text("bench.sure"))
        return f'<button type="button" class="cm-pill{" cm-danger" if danger else ""}" data-act="{act}" data-sure="{sure if danger else ""}">{page.text(f"bench.{act}")}</button>'

    if run.state in RUNNING:
        return button("stop") if run.state != "stopping" else ""
    again = button("resume") if run.resumable else ""
    use = button("to_adapter") if run.adapter else ""
    return use + again + button("remove", danger=True)


def _facts(page: Page, run: Shown) -> list[str]:
    facts = [page.text("bench.at_step", step=run.at, total=run.steps)] if run.steps else []
    latest = run.last("step")
    if latest and run.state in RUNNING:
        if rate := latest.values.get("tokens_per_s"):
            facts.append(page.text("bench.tokens_per_s", n=number(rate)))
        left = latest.values.get("left_s")
        if left is not None:
            facts.append(page.text("bench.left", time=duration(page, left)))
    if run.state == "starting" and not latest:
        facts.append(f'{page.text("bench.loading")} <span class="cm-elapsed"></span>')
    if (started := run.last("started")) and started.values.get("trained_parameters"):
        share = 100 * started.values["trained_parameters"] / max(1, started.values.get("all_parameters") or 1)
        facts.append(page.text("bench.trained", n=number(started.values["trained_parameters"]), share=f"{share:.2g}"))
    return facts


def duration(page: Page, seconds: float) -> str:
    """The two largest units that matter."""
    whole = round(seconds)
    if whole < MINUTE_S:
        return page.text("bench.s", s=whole)
    if whole < HOUR_S:
        return page.text("bench.m_s", m=whole // MINUTE_S, s=whole % MINUTE_S)
    return page.text("bench.h_m", h=whole // HOUR_S, m=whole % HOUR_S // MINUTE_S)


def _ended(page: Page, end: Event) -> str:
    reason = str(end.values.get("reason") or "stopped")
    key = f"bench.reason_{reason}"
    words = page.text(key) if key in catalog(page.lang) else inline(reason)
    took = duration(page, end.values.get("seconds") or 0.0)
    return f"{words} {page.text('bench.took', time=took)}"


def _curves(page: Page, run: Shown) -> str:
    t, total = page.text, float(run.steps)
    steps = run.of("step")
    loss = [(float(e.step), e.values["loss"]) for e in steps if e.values.get("loss") is not None]
    checked = [(float(e.step), e.values["loss"]) for e in run.of("validation") if e.values.get("loss") is not None]
    rate = [(float(e.step), e.values["learning_rate"]) for e in steps if e.values.get("learning_rate") is not None]
    norm = [(float(e.step), e.values["gradient_norm"]) for e in steps if e.values.get("gradient_norm") is not None]
    lines = [Line(t("bench.train_loss"), smooth(loss, 0.6), 1), Line(t("bench.validation_loss"), checked, 2)]
    charts = [
        plot(Plot(t("bench.losses"), lines, t("bench.step"), last_x=total)),
        _forgetting(page, run, total),
        plot(Plot(t("bench.learning_rate"), [Line("", rate, 3)], t("bench.step"), unit="power", low=0.0, last_x=total)),
        plot(Plot(t("bench.gradient_norm"), [Line("", smooth(norm, 0.6), 6)], t("bench.step"), low=0.0, last_x=total)),
    ]
    drawn = [chart for chart in charts if chart]
    if not drawn and run.state in RUNNING:
        return f'<p class="cm-empty">{t("bench.no_steps_yet")}</p>'
    return f'<div class="cm-curves">{"".join(drawn)}</div>'


def _forgetting(page: Page, run: Shown, total: float) -> str:
    """Loss on text that has nothing to do with the data, against what it was before."""
    found = [e for e in run.of("forgetting") if e.values.get("loss") is not None]
    if not found:
        return ""
    points = [(float(e.step), e.values["loss"]) for e in found]
    base = found[-1].values.get("base_loss")
    level = [Line(page.text("bench.before"), [(0.0, base), (max(total, points[-1][0]), base)], 0, True)] if base else []
    now = found[-1].values
    probes = ""
    if now.get("probes"):
        probes = page.text("bench.probes", right=now.get("probes_right") or 0, total=now["probes"])
    shown = [Line(page.text("bench.general_loss"), points, 4), *level]
    return plot(Plot(page.text("bench.forgetting"), shown, page.text("bench.step"), last_x=total, note=probes))


def _answers(page: Page, run: Shown) -> str:
    """Every question with what was said to it, the latest open."""
    by_question: dict[str, list[Event]] = {}
    for event in run.of("said"):
        by_question.setdefault(str(event.values.get("question") or ""), []).append(event)
    if not by_question:
        return ""
    parts = "".join(_question(page, question, said) for question, said in by_question.items())
    return f"<h4>{page.text('bench.answers')}</h4>{parts}"


def _question(page: Page, question: str, said: Sequence[Event]) -> str:
    def answer(event: Event) -> str:
        text = str(event.values.get("answer") or "").strip()
        body = blocks(text) if text else f'<p class="cm-empty">{page.text("bench.no_answer")}</p>'
        return f'<li><em>{page.text("bench.step_n", n=event.step)}</em><div class="cm-body">{body}</div></li>'

    shown = [said[0], *said[-1:]] if len(said) > 1 else list(said)
    between = said[1:-1]
    more = ""
    if between:
        inner = "".join(answer(event) for event in between)
        more = f"<details><summary>{page.text('bench.between', n=len(between))}</summary><ol>{inner}</ol></details>"
    first, rest = answer(shown[0]), "".join(answer(event) for event in shown[1:])
    return f'<section class="cm-watched"><h5>{inline(question)}</h5><ol>{first}</ol>{more}<ol>{rest}</ol></section>'


def basis(page: Page, run: Shown, recipe: Mapping[str, Any]) -> str:
    """The right column: what the run rests on."""
    started = run.last("started")
    values = started.values if started else {}
    facts = {
        "base": str(values.get("base") or recipe.get("base") or ""),
        "data": run.data,
        "method": run.method,
        "device": " · ".join(str(values[key]) for key in ("device", "dtype") if values.get(key)),
    }
    rows = "".join(
        f"<dt>{page.text(f'bench.on_{key}')}</dt><dd>{inline(value)}</dd>" for key, value in facts.items() if value
    )
    keys = "".join(
        f"<dt><code>{inline(key)}</code></dt><dd>{inline(_value(value))}</dd>"
        for key, value in recipe.items()
        if key not in {"base", "data", "method", "questions"}
    )
    return (
        f'<h6>{page.text("bench.rests_on")}</h6><dl class="cm-pairs">{rows}</dl>'
        f'<details class="cm-more"><summary>{page.text("bench.recipe")}</summary><dl class="cm-pairs">{keys}</dl></details>'
        f'<h6>{page.text("bench.how_to_read")}</h6><div class="cm-body">{blocks(page.text("bench.reading"))}</div>'
    )


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
