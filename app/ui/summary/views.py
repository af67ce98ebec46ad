"""The tab's parts as HTML: the plan, the summary while it grows and when it is there, its sources."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.commands.console import duration
from app.ui.answers import DOTS, chip
from app.ui.i18n import Language, localize, locator_label, text
from app.ui.icons import icon
from app.ui.markup import attribute, blocks, inline, is_block
from chains.summaries.base import Part, PartBegun, Plan, Summary
from models.types import Chunk, Citation, Sentence

CONTEXT_CHARACTERS = 240
_HEADING = re.compile(r"^#{1,6} .*$", re.M)


@dataclass(slots=True)
class Growing:
    """A summary on its way. now: the part being made, None between two; draft: its unchecked text."""

    plan: Plan
    parts: list[Part] = field(default_factory=list)
    now: PartBegun | None = None
    draft: str = ""


def invitation(words: str, lang: Language) -> str:
    """What stands in the middle before the first summary."""
    lead = f"{text('summary.lead', lang)}"
    more = f'<p class="cm-lead">{inline(words)}</p>' if words else ""
    return f'<section class="cm-welcome"><h2>{text("summary.title", lang)}</h2><p class="cm-lead">{lead}</p>{more}</section>'


def plan_html(plan: Plan | None, lang: Language, words: str = "") -> str:
    """The plan in figures, and what is to be known beforehand; `words` where there is none."""
    if plan is None:
        return f'<div class="cm-plan cm-plan-empty">{inline(words or text("summary.plan_empty", lang))}</div>'
    chosen = text("summary.automatic" if plan.automatic else "summary.by_hand", lang)
    time = text("summary.no_time", lang) if plan.seconds is None else duration(plan.seconds)
    rows = [
        ("plan_time", f"<b>{inline(time)}</b>"),
        ("plan_strategy", f"{text(f'summary.strategy_{plan.strategy}', lang)} <small>{chosen}</small>"),
        ("plan_parts", text("summary.plan_parts_value", lang, count=plan.parts)),
        ("plan_read", text("summary.plan_tokens", lang, count=plan.read_tokens)),
        ("plan_write", text("summary.plan_tokens", lang, count=plan.write_tokens)),
        ("plan_share", f"{plan.share:.0%}"),
    ]
    if plan.cost_usd:
        rows.append(("plan_cost", f"${plan.cost_usd:.4f}"))
    figures = "".join(f"<dt>{text(f'summary.{key}', lang)}</dt><dd>{value}</dd>" for key, value in rows)
    return f'<div class="cm-plan"><dl>{figures}</dl>{_notes(plan.notes, lang)}</div>'


def growing_html(growing: Growing, lang: Language) -> str:
    """The parts that are there, the draft of the one that is being written, and the time left."""
    parts = "".join(_part(part, lang) for part in growing.parts)
    body = f'{_title(growing.plan, lang)}<article class="cm-summary">{parts}{_now(growing, lang)}</article>'
    stop = f'<button type="button" class="cm-pill" data-act="stop">{text("summary.stop", lang)}</button>'
    return f'<section class="cm-summary-box" aria-busy="true">{body}<div class="cm-summary-acts">{stop}</div></section>'


def _now(growing: Growing, lang: Language) -> str:
    now = growing.now
    if now is None:
        return ""
    eta, total = duration(now.left_s), now.total
    words = text("summary.part_last", lang, eta=eta) if now.final and total > 1 else ""
    words = words or text("summary.part_waiting", lang, part=now.index + 1, total=total, eta=eta)
    title = f"<h4>{inline(now.title[-1])}</h4>" if now.title and total > 1 and not now.final else ""
    draft = f'<div class="cm-body cm-draft">{blocks(growing.draft)}</div>' if growing.draft else ""
    share = round(100 * now.index / total)
    return (
        f'<section class="cm-part">{title}{draft}<p class="cm-waiting" role="status">{DOTS}<span>{inline(words)}</span></p>'
        f'<span class="cm-bar cm-summary-bar" aria-hidden="true"><u style="width:{share}%"></u></span></section>'
    )


def summary_html(summary: Summary, markdown: str, lang: Language) -> str:
    """The finished summary, or what there is of it; parts that went into a final one can be unfolded."""
    shown = summary.shown
    several = len(shown) > 1
    body = "".join(_part(part, lang, several) for part in shown)
    below = [part for part in summary.parts if part not in shown and part.sentences]
    if below:
        label = text("summary.parts_done", lang, count=len(below))
        body += f"<details><summary>{label}</summary>{''.join(_part(part, lang) for part in below)}</details>"
    ended = _ended(summary, lang)
    weak = any(not sentence.supported for sentence in summary.sentences)
    note = f'<div class="cm-note">{icon("warn")}<span>{text("summary.weak", lang)}</span></div>' if weak else ""
    return (
        f'<section class="cm-summary-box">{_title(summary.plan, lang)}<article class="cm-summary">{body}{note}{ended}'
        f'<div class="cm-meta">{_facts(summary, lang)}</div></article>{_acts(summary, markdown, lang)}</section>'
    )


def failure_html(words: str) -> str:
    """What went wrong before anything was there."""
    return f'<article class="cm-none cm-error" role="alert"><p>{inline(words)}</p></article>'


def _title(plan: Plan, lang: Language) -> str:
    request = plan.request
    names = ", ".join(request.material.names)
    return f'<header class="cm-summary-title"><h3>{inline(names)}</h3><span class="cm-tag">{request.style.name(lang)}</span></header>'


def _part(part: Part, lang: Language, titled: bool = True) -> str:
    title = f"<h4>{inline(part.title[-1])}</h4>" if part.title and titled and not part.final else ""
    if part.final or not titled:
        title = ""
    said = "".join(f"<li>{_sentence(sentence, lang)}</li>" for sentence in part.sentences)
    return f'<section class="cm-part">{title}<ul>{said}</ul></section>'


def _sentence(sentence: Sentence, lang: Language) -> str:
    chips = "".join(chip(n, lang) for n in sentence.citations)
    kind = "cm-sentence" if sentence.supported else "cm-sentence cm-weak"
    mark = f'<small class="cm-own">{text("summary.quoted_mark", lang)}</small>' if sentence.quoted else ""
    if is_block(sentence.text):
        return f'<div class="{kind}">{blocks(sentence.text)}</div>{chips}{mark}'
    title = "" if sentence.supported else f' title="{attribute(text("chat.unsupported", lang))}"'
    return f'<span class="{kind}"{title}>{inline(sentence.text)}</span>{chips}{mark}'


def _ended(summary: Summary, lang: Language) -> str:
    """Why it ended early, and what was to be known about it."""
    done, total = len(summary.parts), len(summary.plan.steps)
    words = ""
    if summary.error is not None:
        why = localize(summary.error, lang)
        words = text("summary.broke_off", lang, part=done + 1, total=total, done=done, why=why)
    elif summary.stopped:
        words = text("summary.stopped", lang, done=done, total=total)
    told = f'<div class="cm-note" role="alert">{icon("warn")}<span>{inline(words)}</span></div>' if words else ""
    return told + _notes(summary.notes, lang)


def _notes(notes: Sequence[str], lang: Language) -> str:
    return "".join(f'<p class="cm-hint">{inline(text(f"summary.note_{note}", lang))}</p>' for note in notes)


def _facts(summary: Summary, lang: Language) -> str:
    sentences = summary.sentences
    good = sum(sentence.supported for sentence in sentences)
    quoted = sum(sentence.quoted for sentence in sentences)
    facts = [
        text("summary.supported", lang, total=len(sentences), good=good),
        text("summary.quoted", lang, count=quoted) if quoted else "",
        text("summary.read_share", lang, share=f"{summary.share:.0%}"),
        duration(summary.seconds),
        f"{summary.backend} · {summary.model}",
    ]
    return "".join(f"<span>{inline(fact)}</span>" for fact in facts if fact)


def _acts(summary: Summary, markdown: str, lang: Language) -> str:
    name = attribute(f"{'-'.join(summary.plan.request.material.names)[:60]}-{summary.plan.request.style.id}.md")
    again = "" if summary.complete else _button("resume", text("summary.go_on", lang), "cm-primary")
    export = (
        f'<button type="button" class="cm-pill" data-act="export" data-name="{name}" '
        f'data-markdown="{attribute(markdown)}">{text("summary.export", lang)}</button>'
    )
    return f'<div class="cm-summary-acts">{again}{export if summary.sentences else ""}</div>'


def _button(act: str, words: str, kind: str) -> str:
    return f'<button type="button" class="{kind}" data-act="{act}">{words}</button>'


def sources_html(citations: Sequence[Citation], chunks: dict[str, Chunk], lang: Language) -> str:
    """The source sentences, numbered, each in the text around it. chunks: by id, as far as they are stored."""
    if not citations:
        return f'<div class="cm-evidence"><p class="cm-empty">{text("summary.sources_empty", lang)}</p></div>'
    cards = "".join(_card(citation, chunks.get(citation.chunk_id), lang) for citation in citations)
    return f'<div class="cm-evidence"><h6>{text("summary.sources", lang)}</h6>{cards}</div>'


def _card(citation: Citation, chunk: Chunk | None, lang: Language) -> str:
    place = locator_label(citation.locator, lang)
    return (
        f'<article class="cm-source" data-n="{citation.n}" tabindex="-1">'
        f'<div class="cm-source-title"><span class="cm-chip">{citation.n}</span>'
        f'<b title="{attribute(citation.source)}">{inline(citation.source)}</b></div>'
        f'<div class="cm-place">{inline(place)}</div>'
        f'<div class="cm-passage">{_in_context(citation.quote, chunk)}</div></article>'
    )


def _in_context(quote: str, chunk: Chunk | None) -> str:
    """The sentence, marked, between what stands before and behind it."""
    before, found, behind = (chunk.text if chunk else quote).partition(quote)
    if not found or is_block(quote):
        return f'<div class="cm-marked">{blocks(quote)}</div>' if is_block(quote) else f"<mark>{inline(quote)}</mark>"
    before, behind = _tail(_HEADING.split(before)[-1]), _head(_HEADING.split(behind)[0])
    return f"<span>{inline(before)}</span><mark>{inline(quote)}</mark><span>{inline(behind)}</span>"


def _tail(words: str) -> str:
    return words if len(words) <= CONTEXT_CHARACTERS else "…" + words[-CONTEXT_CHARACTERS:]


def _head(words: str) -> str:
    return words if len(words) <= CONTEXT_CHARACTERS else words[:CONTEXT_CHARACTERS] + "…"
