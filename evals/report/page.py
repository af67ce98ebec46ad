"""The report as one HTML page: everything inline, no script, made for a screen, a phone and paper alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files

from evals.analysis import LOSSES, confusion, count, losses, slices
from evals.base import Group
from evals.report import figures
from evals.report.cases import question_section
from evals.report.charts import Axis, dot, gap, hue, stack
from evals.report.markup import Markup, element, empty, join, table
from evals.report.texts import Language, metric_about, metric_label, text
from evals.run import failures_of
from evals.statistics import Difference
from evals.summary import GROUPS, LEADING, TIMES, Summary, pairs

GLANCE = ("correct", "refusal_f1", "citation_precision", "first_token_ms")
GLANCE_RETRIEVAL = ("gold_passage_at_5", "recall_at_5", "ndcg_at_10", "mrr")
ABOUT = ("backend", "model", "speed", "tokens")
NAMED_IDS, CUTOFF = 12, 5


def render(summary: Summary, language: Language) -> str:
    """The whole page."""
    run = summary.run
    style = (files("evals.report") / "report.css").read_text(encoding="utf-8")
    title = text("title", language) + (f" · {run.title}" if run.title else "")
    head = element(
        "head",
        empty("meta", charset="utf-8"),
        empty("meta", name="viewport", content="width=device-width, initial-scale=1"),
        empty("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        element("title", title),
        Markup(f"<style>{style}</style>"),
    )
    body = element("body", element("main", *_sections(summary, language)))
    return "<!doctype html>\n" + element("html", head, body, lang=language) + "\n"


def _sections(summary: Summary, language: Language) -> Iterator[Markup]:
    yield _header(summary, language)
    if summary.run.missing:
        yield _missing(summary, language)
    yield _glance(summary, language)
    yield from (s for s in (_differences(summary, a, b, language) for a, b in pairs(summary)) if s)
    yield _comparison(summary, language)
    yield from (s for s in (_losses(summary, language), _confusions(summary, language)) if s)
    yield from (s for s in (_slices(summary, language), _times(summary, language)) if s)
    yield question_section(summary, language)
    yield _method(summary, language)


def section(key: str, language: Language, *content: str, note: str = "") -> Markup:
    """A headed part of the page."""
    intro = element("p", note, class_="note") if note else ""
    return element("section", element("h2", text(key, language)), intro, *content, class_=key)


def name_of(summary: Summary, system: str) -> Markup:
    """A system with the dot of its colour."""
    colour = hue(summary.systems.index(system))
    return join([element("i", class_=f"key {colour}"), element("span", system, class_="system")])


def _header(summary: Summary, language: Language) -> Markup:
    run = summary.run
    made = text("made", language, created=run.created[:16].replace("T", " "), questions=len(run.cases), seed=run.seed)
    return element("header", element("h1", run.title or text("title", language)), element("p", made))


def _missing(summary: Summary, language: Language) -> Markup:
    lines = [
        text(
            "missing_line",
            language,
            system=system,
            count=len(ids),
            ids=", ".join(ids[:NAMED_IDS]),
            why=why or text("not_asked", language),
        )
        for system, reasons in failures_of(summary.run).items()
        for why, ids in reasons
    ]
    return element(
        "section",
        element("h2", text("missing", language)),
        element("ul", *(element("li", line) for line in lines)),
        element("p", text("continue", language)),
        class_="missing",
    )


def _glance(summary: Summary, language: Language) -> Markup:
    names = [name for name in (GLANCE if LEADING in summary.metrics else GLANCE_RETRIEVAL) if name in summary.metrics]
    cards = [_card(summary, system, names, language) for system in summary.systems]
    content = cards if names else [element("p", text("no_figures", language))]
    return section("glance", language, element("div", *content, class_="cards"))


def _card(summary: Summary, system: str, names: list[str], language: Language) -> Markup:
    record = next(record for record in summary.run.systems if record.name == system)
    facts = " · ".join(dict.fromkeys(value for key, value in record.about.items() if key in {"model", "speed"}))
    shown = []
    for name in names:
        found = summary.estimate(system, name)
        value = figures.NOTHING if found.value is None else figures.number(found.value, name)
        spread = figures.interval(found.low, found.high, lambda v, name=name: figures.number(v, name))  # type: ignore[misc]
        about = element("small", f"{spread.strip()} n={found.n}".strip())
        shown.append(element("div", element("dt", metric_label(name, language)), element("dd", value, about)))
    return element(
        "article", element("h3", name_of(summary, system)), element("p", facts, class_="facts"), element("dl", *shown)
    )


def _differences(summary: Summary, a: str, b: str, language: Language) -> Markup | None:
    names = [name for name in summary.metrics if _shown_cutoff(name)]
    found = {name: gap for name in names if (gap := summary.difference(a, b, name)) is not None}
    if not found:
        return None
    heading = element("p", text("versus", language, a=a, b=b), class_="versus")
    rows = [element("li", _gap_row(summary, name, found[name], language)) for name in found]
    note = text("differences_note", language)
    return section("differences", language, heading, element("ul", *rows, class_="rows gaps"), note=note)


def _shown_cutoff(name: str) -> bool:
    """One cutoff of a ranking is enough to compare two systems by; the others are in the tables."""
    return "_at_" not in name or name.endswith(f"_at_{CUTOFF}")


def _gap_row(summary: Summary, name: str, found: Difference, language: Language) -> Markup:
    metric = summary.metrics[name]
    kind = "none" if not found.shown else "better" if (found.value > 0) == metric.higher_is_better else "worse"
    reach = (
        1.0 if metric.group != "cost" else max(abs(v) for v in (found.value, found.low or 0.0, found.high or 0.0, 1e-9))
    )
    said = figures.difference(found, name)
    verdict = text("none_shown" if kind == "none" else kind, language)
    label = f"{metric_label(name, language)}: {said}. {verdict}"
    return join(
        [
            _metric_name(summary, name, language),
            element("span", gap(Axis(-reach, reach), found.value, found.low, found.high, kind, label), class_="plot"),
            element("span", said, element("small", f"n={found.n}"), class_="value"),
            element("span", verdict, class_=f"verdict {kind}"),
        ]
    )


def _metric_name(summary: Summary, name: str, language: Language) -> Markup:
    down = "" if summary.metrics[name].higher_is_better else " ↓"
    return element("span", metric_label(name, language) + down, class_="metric", title=metric_about(name, language))


def _comparison(summary: Summary, language: Language) -> Markup:
    parts = [_group(summary, group, language) for group in GROUPS]
    note = text("compare_note", language)
    return section("compare", language, *(part for part in parts if part), note=note)


def _group(summary: Summary, group: Group, language: Language) -> Markup | None:
    names = [name for name, metric in summary.metrics.items() if metric.group == group]
    if not names:
        return None
    blocks = [_metric_block(summary, name, language) for name in names]
    return element("div", element("h3", text(f"group.{group}", language)), *blocks, class_="group")


def _metric_block(summary: Summary, name: str, language: Language) -> Markup:
    estimates = {system: summary.estimate(system, name) for system in summary.systems}
    tops = [v for e in estimates.values() for v in (e.value, e.high) if v is not None]
    bounded = summary.metrics[name].group != "cost"
    axis = Axis(0.0, 1.0 if bounded else (max(tops, default=1.0) or 1.0))
    rows = []
    for series, (system, found) in enumerate(estimates.items()):
        said = figures.estimate(found, name)
        plot = dot(axis, found.value, found.low, found.high, series, f"{system}: {said}")
        cells = [element("span", name_of(summary, system), class_="who"), element("span", plot, class_="plot")]
        rows.append(element("li", *cells, element("span", said, element("small", f"n={found.n}"), class_="value")))
    about = element("p", metric_about(name, language), class_="about")
    heading = element("div", _metric_name(summary, name, language), about, class_="heading")
    return element("div", heading, element("ul", *rows, class_="rows"), class_="block")


def _losses(summary: Summary, language: Language) -> Markup | None:
    run = summary.run
    rows, total = [], max(1, len(run.cases))
    for system in summary.systems:
        if confusion(run, system) is None:
            continue
        counted = count(losses(run, system))
        said = ", ".join(f"{text(f'loss.{loss}', language)} {n}" for loss, n in counted.items())
        bar = stack([(n / total, f"loss-{loss}") for loss, n in counted.items()], said)
        rows.append(
            element(
                "li",
                element("span", name_of(summary, system), class_="who"),
                bar,
                element("span", said, class_="counts"),
            )
        )
    if not rows:
        return None
    legend = [
        element(
            "li",
            element("i", class_=f"key loss-{loss}"),
            element("b", text(f"loss.{loss}", language)),
            " ",
            text(f"loss.{loss}_about", language),
        )
        for loss in LOSSES
    ]
    return section(
        "losses",
        language,
        element("ul", *rows, class_="bars"),
        element("ul", *legend, class_="legend"),
        note=text("losses_note", language),
    )


def _confusions(summary: Summary, language: Language) -> Markup | None:
    blocks = []
    for system in summary.systems:
        found = confusion(summary.run, system)
        if found is None:
            continue
        head = [name_of(summary, system), text("answered", language), text("refused", language)]
        rows: list[list[str]] = [
            [text("answerable", language), str(found.answered), str(found.refused)],
            [text("unanswerable", language), str(found.unanswerable_answered), str(found.unanswerable_refused)],
        ]
        blocks.append(table(head, rows, class_="confusion"))
    return section("confusion", language, element("div", *blocks, class_="cards")) if blocks else None


def _slices(summary: Summary, language: Language) -> Markup | None:
    """The leading figure for each tag; of unanswerable questions, right refusals."""
    leading = next((n for n in (LEADING, "gold_passage_at_5") if n in summary.metrics), None)
    if leading is None:
        return None
    rows: list[list[str]] = []
    for tag, ids in slices(summary.run.cases).items():
        name = leading
        if (
            all(summary.estimate(s, name, ids).n == 0 for s in summary.systems)
            and "refused_unanswerable" in summary.metrics
        ):
            name = "refused_unanswerable"
        found = [summary.estimate(system, name, ids) for system in summary.systems]
        if any(e.n for e in found):
            rows.append([tag, metric_label(name, language), *(f"{figures.estimate(e, name)} n={e.n}" for e in found)])
    head = ["", text("metric_head", language), *(name_of(summary, system) for system in summary.systems)]
    note = text("slices_note", language, metric=metric_about(leading, language))
    return section("slices", language, table(head, rows), note=note) if rows else None


def _times(summary: Summary, language: Language) -> Markup | None:
    rows: list[list[str]] = []
    for name in TIMES:
        for share in (0.5, 0.95):
            found = [summary.times(system, name, share) for system in summary.systems]
            if any(e.n for e in found):
                label = f"{text(name, language)} p{round(share * 100)}"
                rows.append([label, *(figures.estimate(e, f"{name}_ms") for e in found)])
    head = ["", *(name_of(summary, system) for system in summary.systems)]
    return section("times", language, table(head, rows), note=text("times_note", language)) if rows else None


def _about(facts: Mapping[str, str], language: Language) -> str:
    return " · ".join(f"{text(f'about.{name}', language)} {value}" for name, value in facts.items() if name in ABOUT)


def _method(summary: Summary, language: Language) -> Markup:
    run, judge = summary.run, summary.judge
    parts = [element("p", text("method_text", language, seed=run.seed))]
    if judge:
        counts = {"graded": judge.graded, "unreadable": judge.unreadable, "pending": judge.pending}
        parts.append(element("p", text("judge_note", language, name=judge.name, **counts)))
    rows = [[name_of(summary, s.name), _about(s.about, language), element("code", s.fingerprint)] for s in run.systems]
    head = [text("system_head", language), "", text("fingerprint", language)]
    return section("method", language, *parts, table(head, rows))
