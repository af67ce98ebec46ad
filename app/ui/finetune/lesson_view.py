"""Lessons as HTML: the list, the question asked first, charts of shipped and of own figures, and what to make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.lessons.base import Control, Curve, Lesson, Metric, Progress, Result, Row, measured
from app.ui.finetune.charts import Bar, Line, Plot, bars, number, plot
from app.ui.i18n import catalog
from app.ui.markup import attribute, blocks, inline
from app.ui.page import Page

GUESSES = (1, 2, 3)
SPREAD = 40.0  # counts further apart than this are drawn by their logarithm
MINUTE_S = 60


def listing(page: Page, lessons: Mapping[str, Lesson], chosen: str) -> str:
    """All lessons, the chosen one marked."""
    rows = "".join(
        f'<li><button type="button" class="cm-step-row{" on" if name == chosen else ""}" data-act="choose" data-lesson="{name}">'
        f"<b>{inline(_t(page, name, 'title'))}</b><span>{inline(_t(page, name, 'goal'))}</span></button></li>"
        for name, lesson in lessons.items()
    )
    return f'<h6>{page.text("lessons.all")}</h6><ol class="cm-rows">{rows}</ol>'


def head(page: Page, lesson: Lesson, guess: int) -> str:
    """Title and question; the figures measured here once the question has been answered. guess: 0 for none yet."""
    name = lesson.name
    opening = f'<h3>{inline(_t(page, name, "title"))}</h3><p class="cm-lead">{inline(_t(page, name, "goal"))}</p>'
    return f'<article class="cm-lesson" data-lesson="{name}">{opening}{_guessing(page, lesson, guess)}{_shown(page, lesson, guess)}</article>'


def _guessing(page: Page, lesson: Lesson, guess: int) -> str:
    def option(number: int) -> str:
        state = "" if not guess else " right" if number == lesson.right else " wrong" if number == guess else ""
        return (
            f'<button type="button" class="cm-option{state}" data-act="guess" data-guess="{number}"{" disabled" if guess else ""}>'
            f"{inline(_t(page, lesson.name, f'guess_{number}'))}</button>"
        )

    options = "".join(option(number) for number in GUESSES)
    told = ""
    if guess:
        verdict = page.text("lessons.guessed_right" if guess == lesson.right else "lessons.guessed_wrong")
        told = f'<p class="cm-told" role="status"><b>{verdict}</b> {inline(_t(page, lesson.name, "told"))}</p>'
    return (
        f'<section class="cm-guess"><h5>{page.text("lessons.first_guess")}</h5><p>{inline(_t(page, lesson.name, "predict"))}</p>'
        f'<div class="cm-options">{options}</div>{told}</section>'
    )


def _shown(page: Page, lesson: Lesson, guess: int) -> str:
    if not guess:
        return f'<p class="cm-empty">{page.text("lessons.after_guess")}</p>'
    found = measured(lesson.name)
    if found is None:
        return f'<p class="cm-empty">{page.text("lessons.no_figures")}</p>'
    return f"<h4>{page.text('lessons.measured')}</h4>{result(page, lesson, found)}"


def form(page: Page, lesson: Lesson, busy: bool = False) -> str:
    """The controls, and the button with the time it takes at most."""
    controls = "".join(_control(page, lesson, control) for control in lesson.controls)
    minutes = page.text("lessons.minutes", n=f"{lesson.minutes:g}")
    return (
        f'<form class="cm-try" data-lesson="{lesson.name}"><h4>{page.text("lessons.try")}</h4>{controls}<div class="cm-try-go">'
        f'<button class="cm-primary"{" disabled" if busy else ""}>{page.text("lessons.run")}</button>'
        f'<span class="cm-facts">{minutes}</span></div></form>'
    )


def _control(page: Page, lesson: Lesson, control: Control) -> str:
    title = inline(_t(page, lesson.name, f"control_{control.name}"))
    shown = [_value(page, lesson, control, at) for at in range(len(control.values))]
    if all(isinstance(value, int | float) for value in control.values) and not control.shown:
        at = control.values.index(control.default)
        words = attribute("|".join(shown))
        values = attribute("|".join(map(str, control.values)))
        return (
            f'<label class="cm-slide"><span>{title} <output>{shown[at]}</output></span><input type="range" min="0" '
            f'max="{len(shown) - 1}" value="{at}" data-name="{control.name}" data-values="{values}" data-shown="{words}">'
            f"<span class='cm-ends'><i>{shown[0]}</i><i>{shown[-1]}</i></span></label>"
        )
    choices = "".join(
        f'<label><input type="radio" name="{control.name}" value="{attribute(value)}"{" checked" if value == control.default else ""}>'
        f"<span>{inline(shown[at])}</span></label>"
        for at, value in enumerate(control.values)
    )
    return f'<fieldset class="cm-radio{" cm-stacked" if control.shown else ""}"><legend>{title}</legend>{choices}</fieldset>'


def _value(page: Page, lesson: Lesson, control: Control, at: int) -> str:
    value = control.values[at]
    if control.shown:
        return control.shown[at]
    key = f"lesson.{lesson.name}.value_{value}"
    if key in catalog(page.lang):
        return page.text(key)
    return number(value, "power") if isinstance(value, float) else str(value)


def live(page: Page, lesson: Lesson, now: Progress, stopping: bool) -> str:
    """How far a computation is, with the curves so far."""
    percent = round(100 * now.done / max(1, now.total))
    doing = f"{inline(_label(page, lesson, now.key, now.label))} · " if now.key or now.label else ""
    words = page.text("lessons.stopping") if stopping else f'{doing}{percent}% · <span class="cm-elapsed"></span>'
    return (
        f'<div class="cm-making" role="status"><span class="cm-facts">{words}</span>'
        f'<span class="cm-progress"><u style="width:{percent}%"></u></span>'
        f'<button type="button" class="cm-pill" data-act="stop">{page.text("lessons.stop")}</button></div>'
        f"{_curves(page, lesson, now.partial)}"
    )


def result(page: Page, lesson: Lesson, found: Result) -> str:
    """Charts and what they mean."""
    odd = found.outside()
    groups = "".join(_metric(page, lesson, metric, found.rows, odd) for metric in found.metrics)
    verdict = ""
    if found.verdict:
        verdict = f'<p class="cm-verdict">{inline(_t(page, lesson.name, f"verdict_{found.verdict}"))}</p>'
    warned = f'<p class="cm-item-message">{inline(_t(page, lesson.name, "outside"))}</p>' if odd else ""
    said = "".join(_sample(page, lesson, sample.question, sample.said) for sample in found.samples)
    return (
        f'<div class="cm-result">{verdict}{warned}{_curves(page, lesson, found.curves)}'
        f'<div class="cm-bars-grid">{groups}</div>{said}{_made(page, found)}</div>'
    )


def _metric(page: Page, lesson: Lesson, metric: Metric, rows: Sequence[Row], odd: Sequence[tuple[str, str]]) -> str:
    title = page.text(f"lessons.metric_{metric.name}")
    hint = page.text(f"lessons.best_{metric.best}") if metric.best else ""
    shown = [
        Bar(
            label=_label(page, lesson, row.key, row.label),
            value=row.figures.get(metric.name),
            shown=figure(page, metric.unit, row.figures.get(metric.name)),
            hue=at,
            low=row.low.get(metric.name),
            high=row.high.get(metric.name),
            base=row.key == "base",
            outside=(row.key, metric.name) in odd,
        )
        for at, row in enumerate(rows)
    ]
    counts = [bar.value for bar in shown if bar.value]
    return bars(
        title, hint, shown, log=metric.unit == "count" and max(counts, default=1) > SPREAD * min(counts, default=1)
    )


def figure(page: Page, unit: str, value: float | None) -> str:
    """A number as people write it."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.0f}%"
    if unit == "loss":
        return f"{value:+.2f}"
    if unit == "mb":
        return f"{value:,.0f} MB" if value >= 10 or not value else f"{value:.1f} MB"
    if unit == "seconds":
        return seconds(page, value)
    return number(value)


def seconds(page: Page, value: float) -> str:
    """12.3초, 4분 20초."""
    if value < MINUTE_S:
        return page.text("lessons.seconds", n=f"{value:.0f}" if value >= 10 else f"{value:.1f}")
    return page.text("lessons.minutes_seconds", m=int(value // MINUTE_S), s=round(value % MINUTE_S))


def _curves(page: Page, lesson: Lesson, curves: Sequence[Curve]) -> str:
    lines = [Line(_label(page, lesson, c.key, c.label), smooth(c.points), at + 1) for at, c in enumerate(curves)]
    return plot(Plot(page.text("lessons.loss"), lines, page.text("lessons.step")))


def smooth(points: Sequence[tuple[float, float]], keep: float = 0.8) -> list[tuple[float, float]]:
    """An exponential mean, corrected for its start, so that a trend shows through the noise of single batches."""
    mean, weight, shown = 0.0, 0.0, []
    for x, y in points:
        mean, weight = keep * mean + (1 - keep) * y, keep * weight + (1 - keep)
        shown.append((x, mean / weight))
    return shown


def _sample(page: Page, lesson: Lesson, question: str, said: Mapping[str, str]) -> str:
    answers = "".join(
        f'<article class="cm-answer"><h5>{inline(_label(page, lesson, key, ""))}</h5><div class="cm-body">{blocks(text)}</div></article>'
        for key, text in said.items()
    )
    return f'<p class="cm-asked">{inline(question)}</p><div class="cm-answers">{answers}</div>'


def _made(page: Page, found: Result) -> str:
    """Settings and machine, in small letters."""
    facts = []
    for name, value in found.made.items():
        shown = f"lessons.made_{name}_{value}"
        words = page.text(shown) if shown in catalog(page.lang) else str(value)
        facts.append(f"{page.text(f'lessons.made_{name}')}: {inline(words)}")
    return f'<p class="cm-facts cm-made">{" · ".join(facts)}</p>' if facts else ""


def notes(page: Page, lesson: Lesson) -> str:
    """The right column: what to see, and what it means to be somewhere else."""
    parts = "".join(
        f"<h6>{page.text(f'lessons.{part}')}</h6><div class='cm-body'>{blocks(_t(page, lesson.name, part))}</div>"
        for part in ("see", "outside")
    )
    return f'<div class="cm-notes">{parts}</div>'


def _label(page: Page, lesson: Lesson, key: str, label: str) -> str:
    """What a row is called: its own label, the lesson's word for it, or the word that all lessons share."""
    if label:
        return label
    own, shared = f"lesson.{lesson.name}.row_{key}", f"lessons.row_{key}"
    return page.text(own) if own in catalog(page.lang) else page.text(shared) if shared in catalog(page.lang) else key


def _t(page: Page, lesson: str, key: str) -> str:
    return page.text(f"lesson.{lesson}.{key}")
