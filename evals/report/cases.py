"""The report's questions, one by one: what was asked, what is right, what each system said, and what went wrong."""

from __future__ import annotations

from evals.analysis import Loss, losses
from evals.base import Case, Outcome
from evals.judge import key_of
from evals.relevance import gains, gold_items
from evals.report.charts import hue
from evals.report.markup import Markup, element
from evals.report.texts import Language, text
from evals.summary import LEADING, Summary
from models.types import Answer, Citation

PLACES_SHOWN = 3


def question_section(summary: Summary, language: Language) -> Markup:
    """Wrong answers first, then what everyone got right, then what nobody can judge; each in the set's order."""
    lost = {system: losses(summary.run, system) for system in summary.systems}
    groups: dict[str, list[Markup]] = {"lost": [], "unknown": [], "kept": []}
    for case in summary.run.cases:
        block = _question(summary, case, {system: found.get(case.id) for system, found in lost.items()}, language)
        groups[_group_of(summary, case, lost)].append(block)
    parts = [
        element(
            "div", element("h3", text(f"question_groups.{name}", language), element("small", str(len(blocks)))), *blocks
        )
        for name, blocks in groups.items()
        if blocks
    ]
    note = element("p", text("questions_note", language), class_="note")
    return element("section", element("h2", text("questions", language)), note, *parts, class_="questions")


def _group_of(summary: Summary, case: Case, lost: dict[str, dict[str, Loss]]) -> str:
    if any(case.id in found for found in lost.values()):
        return "lost"
    outcomes = [o[case.id] for o in summary.run.outcomes.values() if case.id in o]
    if outcomes and all(o.answer is None for o in outcomes):
        return (
            ("kept" if all(sum(gains(case, o.ranking)) for o in outcomes) else "lost")
            if gold_items(case)
            else "unknown"
        )
    return "kept" if outcomes and (case.must_include or not case.answerable) else "unknown"


def _question(summary: Summary, case: Case, lost: dict[str, Loss | None], language: Language) -> Markup:
    marks = [_mark(summary, system, case, lost[system], language) for system in summary.systems]
    line = element(
        "summary",
        element("code", case.id),
        element("span", case.question, class_="asked"),
        element("span", *marks, class_="marks"),
    )
    systems = [_system(summary, system, case, lost[system], language) for system in summary.systems]
    return element("details", line, _gold(case, language), *systems, class_="question")


def _mark(summary: Summary, system: str, case: Case, loss: Loss | None, language: Language) -> Markup:
    """One dot a system: filled if right, a ring if wrong, faint if unknown."""
    state, said = _state(summary, system, case, loss, language)
    return element("i", class_=f"mark {hue(summary.systems.index(system))} {state}", title=f"{system}: {said}")


def _state(summary: Summary, system: str, case: Case, loss: Loss | None, language: Language) -> tuple[str, str]:
    outcome = summary.run.outcomes[system].get(case.id)
    if outcome is None:
        return "unknown", text("unasked", language)
    if loss:
        return "wrong", text(f"loss.{loss}_about", language)
    if outcome.answer is None:
        found = bool(gold_items(case)) and sum(gains(case, outcome.ranking)) > 0
        return ("right" if found else "wrong" if gold_items(case) else "unknown"), _place(case, outcome, language)
    known = (
        not case.answerable or summary.value(system, LEADING, case.id) is not None
        if LEADING in summary.metrics
        else False
    )
    return ("right", text("right", language)) if known else ("unknown", "")


def _gold(case: Case, language: Language) -> Markup:
    if not case.answerable:
        return element("p", element("b", text("gold", language)), " ", text("gold_none", language), class_="gold")
    required = ", ".join(" / ".join(group) for group in case.must_include)
    pairs = [
        (text("gold", language), case.reference),
        (text("must_include", language), required),
        (
            text("evidence", language),
            " · ".join([*case.documents, case.evidence]) if case.evidence else ", ".join(case.documents),
        ),
    ]
    lines = [element("p", element("b", name), " ", value) for name, value in pairs if value]
    return element("div", *lines, class_="gold")


def _system(summary: Summary, system: str, case: Case, loss: Loss | None, language: Language) -> Markup:
    state, said = _state(summary, system, case, loss, language)
    label = text(f"loss.{loss}", language) + ": " + said if loss else said
    head = element(
        "h4",
        element("i", class_=f"key {hue(summary.systems.index(system))}"),
        element("span", system, class_="system"),
        element("span", label, class_=f"tag {state}") if label else "",
    )
    outcome = summary.run.outcomes[system].get(case.id)
    if outcome is None:
        return element(
            "div",
            head,
            element("p", summary.run.failures[system].get(case.id, text("not_asked", language))),
            class_="said",
        )
    return element("div", head, *_said(summary, case, outcome, language), class_="said")


def _said(summary: Summary, case: Case, outcome: Outcome, language: Language) -> list[Markup]:
    answer = outcome.answer
    parts: list[Markup] = []
    if answer is not None:
        parts.append(_answer(answer, language))
        parts += [_citation(citation) for citation in answer.citations]
        if answer.draft and answer.draft.strip() != answer.text.strip():
            parts.append(element("p", element("b", text("draft", language)), " ", answer.draft, class_="draft"))
    judgement = summary.judge.judgements.get(key_of(case, outcome)) if summary.judge else None
    if judgement and judgement.verdict:
        parts.append(
            element(
                "p", element("b", text("judge", language)), f" {judgement.verdict} · {judgement.reason}", class_="draft"
            )
        )
    if gold_items(case):
        parts.append(element("p", _place(case, outcome, language), class_="place"))
    if answer is None:
        hits = outcome.ranking[:PLACES_SHOWN]
        parts += [
            element("p", f"{n}. {hit.chunk.source} · {' › '.join(hit.chunk.locator.headings)}", class_="cite")
            for n, hit in enumerate(hits, 1)
        ]
    return parts


def _answer(answer: Answer, language: Language) -> Markup:
    sentences = [
        element(
            "span",
            sentence.text + " ",
            class_=None if sentence.supported or answer.refused else "weak",
            title=None if sentence.supported or answer.refused else text("unsupported", language),
        )
        for sentence in answer.sentences
    ]
    return element("p", *sentences, class_="answer refused" if answer.refused else "answer")


def _citation(citation: Citation) -> Markup:
    place = " › ".join([citation.source, *citation.locator.headings])
    return element(
        "p", element("b", f"[{citation.n}]"), " ", citation.quote, " ", element("small", place), class_="cite"
    )


def _place(case: Case, outcome: Outcome, language: Language) -> str:
    """The rank of the first hit that holds evidence."""
    rank = (
        next((n for n, gain in enumerate(gains(case, outcome.ranking), 1) if gain), None) if gold_items(case) else None
    )
    return text("not_found", language) if rank is None else text("found_at", language, rank=rank)
