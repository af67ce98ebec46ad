"""`coursemate summarize PATH|DOC… --style 3줄`: a summary with the sentence each claim rests on; stops and breaks keep what is done.

A path is read from the disk and not stored; anything else is the name of a document in the collection.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.base import Command, Context
from app.commands.console import duration
from app.commands.interrupts import interruptible
from app.ui.i18n import Language, localize, locator_label, text
from models.errors import InputError

if TYPE_CHECKING:
    from app.wiring import Wiring
    from chains.summaries.base import Part, Plan, Summary, SummaryEvent
    from models.types import Chunk, Citation, Sentence

STYLE, BUDGET_S = "3줄", 240.0
FAILED, INTERRUPTED = 1, 130


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("documents", nargs="+", metavar="PATH|DOC", help=text("cli.summarize_documents"))
    parser.add_argument("--style", default=STYLE, metavar="S", help=text("cli.summarize_style"))
    parser.add_argument("--audience", default="", metavar="A", help=text("cli.summarize_audience"))
    parser.add_argument("--heading", action="append", default=[], metavar="H", help=text("cli.summarize_heading"))
    parser.add_argument("--strategy", default="", metavar="X", help=text("cli.summarize_strategy"))
    parser.add_argument("--backend", metavar="B", help=text("cli.ask_backend"))
    parser.add_argument("--model", metavar="M", help=text("cli.ask_model"))
    parser.add_argument("--budget-s", type=float, default=BUDGET_S, metavar="S", help=text("cli.summarize_budget"))
    parser.add_argument("--plan", action="store_true", help=text("cli.summarize_plan"))
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    from chains.summaries.base import Request
    from chains.summaries.reading import material_of
    from chains.summaries.styles import find_style

    style, wiring = find_style(arguments.style), context.wiring
    backend = wiring.pool.backend(arguments.backend or wiring.settings.backend).name
    wiring.choose(backend=backend, **{"model" if backend == "local" else f"{backend}_model": arguments.model})
    chunks = [chunk for name in arguments.documents for chunk in chunks_of(name, wiring)]
    material = material_of(chunks, arguments.heading)
    summarizer = wiring.summarizer()
    request = Request(material, style, arguments.audience, arguments.strategy, backend, arguments.budget_s)
    plan = summarizer.plan(request)
    context.console.say(planned(plan, context.lang))
    for note in plan.notes:
        context.console.say(text(f"summary.note_{note}", context.lang))
    if arguments.plan:
        if arguments.json:
            context.console.emit({"plan": plan_row(plan)})
        return 0
    with interruptible() as cancel:
        summary = _follow(summarizer.stream(plan, cancel, wiring.ask_options().limits), plan, context)
    _show(summary, arguments.json, context)
    return FAILED if summary.error else INTERRUPTED if summary.stopped else 0


def chunks_of(name: str, wiring: Wiring) -> Sequence[Chunk]:
    """Of a file on the disk, else of the document of that name in the collection. Raises DocumentError, InputError."""
    from chains.summaries.reading import read_file

    path = Path(name).expanduser()
    if path.exists():
        return read_file(path, wiring.limits())
    documents = wiring.documents()
    found = next((d for d in documents if name in {d.source, d.title, Path(d.source).stem}), None)
    if found is None:
        near = difflib.get_close_matches(name, [d.source for d in documents], n=1, cutoff=0.4)
        detail = f"There is neither a file nor a document {name!r}; `coursemate docs` lists the documents"
        key = "cli.summarize_near" if near else "cli.summarize_unknown"
        raise InputError(detail=detail, text_key=key, name=name, **({"near": near[0]} if near else {}))
    with wiring.open_store() as store:
        return store.chunks_of(found.id)


def _follow(events: Iterator[SummaryEvent], plan: Plan, context: Context) -> Summary:
    """Shows parts and time left on stderr until the summary is there."""
    from chains.summaries.base import PartBegun, PartDone, Summarised

    total = len(plan.steps)
    for event in events:
        if isinstance(event, PartBegun):
            title = " › ".join(event.title) or ", ".join(plan.request.material.names)
            eta = duration(event.left_s)
            line = text("cli.summarize_bar", context.lang, part=event.index + 1, total=total, eta=eta, title=title)
            context.console.show(line, event.index / total, force=True)
        elif isinstance(event, PartDone):
            context.console.show(title, (event.part.index + 1) / total)
        elif isinstance(event, Summarised):
            context.console.clear()
            return event.summary
    raise RuntimeError("a summary's stream ended without Summarised")


def _show(summary: Summary, as_json: bool, context: Context) -> None:
    if as_json:
        context.console.emit(row(summary, context.lang))
    else:
        for line in lines(summary, context.lang):
            context.console.result(line)
    if summary.error is not None:
        done, total = len(summary.parts), len(summary.plan.steps)
        why = localize(summary.error, context.lang)
        context.console.say(text("summary.broke_off", context.lang, part=done + 1, total=total, done=done, why=why))
    elif summary.stopped:
        context.console.say(
            text("summary.stopped", context.lang, done=len(summary.parts), total=len(summary.plan.steps))
        )
    context.console.say(figures(summary, context.lang))


def planned(plan: Plan, lang: Language) -> str:
    """The plan in one sentence: strategy, calls, tokens and time."""
    strategy = text(f"summary.strategy_{plan.strategy}", lang)
    chosen = text("summary.automatic" if plan.automatic else "summary.by_hand", lang)
    time = text("summary.no_time", lang) if plan.seconds is None else duration(plan.seconds)
    figures = {"parts": plan.parts, "read": plan.read_tokens, "write": plan.write_tokens, "share": f"{plan.share:.0%}"}
    return text("summary.plan", lang, strategy=strategy, chosen=chosen, time=time, **figures)


def figures(summary: Summary, lang: Language) -> str:
    """What the summary took and how much of it is supported."""
    sentences = summary.sentences
    good = sum(sentence.supported for sentence in sentences)
    counts = {"total": len(sentences), "good": good, "quoted": sum(sentence.quoted for sentence in sentences)}
    share, time = f"{summary.share:.0%}", duration(summary.seconds)
    return text("summary.figures", lang, backend=summary.backend, model=summary.model, share=share, time=time, **counts)


def lines(summary: Summary, lang: Language) -> list[str]:
    """The summary for a person: sentences with marks, under their headings where there are several parts, then the sources."""
    several = len(summary.shown) > 1
    output: list[str] = []
    for part in summary.shown:
        output += ([""] if output else []) + ([f"## {' › '.join(part.title)}"] if several and part.title else [])
        output += _sentences(part, summary, lang)
    if summary.citations:
        output += ["", text("cli.sources", lang)]
        shown = {n for sentence in summary.sentences for n in sentence.citations}
        output += [f"[{c.n}] {place(c, lang)}: “{c.quote}”" for c in summary.citations if c.n in shown]
    return output


def _sentences(part: Part, summary: Summary, lang: Language) -> list[str]:
    said = [_sentence(sentence, lang) for sentence in part.sentences]
    if summary.plan.request.style.form == "paragraph" and part.final:
        return [" ".join(said)]
    return [f"- {one}" for one in said]


def _sentence(sentence: Sentence, lang: Language) -> str:
    marks = "".join(f"[{n}]" for n in sentence.citations)
    weak = "" if sentence.supported else f" {text('cli.weak_mark', lang)}"
    return f"{sentence.text} {marks}{weak}".strip()


def place(citation: Citation, lang: Language) -> str:
    """Document and place of a source."""
    label = locator_label(citation.locator, lang)
    return f"{citation.source} · {label}" if label else citation.source


def plan_row(plan: Plan) -> dict[str, Any]:
    """The plan's JSON."""
    return {
        "strategy": plan.strategy,
        "automatic": plan.automatic,
        "parts": plan.parts,
        "read_tokens": plan.read_tokens,
        "write_tokens": plan.write_tokens,
        "seconds": None if plan.seconds is None else round(plan.seconds, 1),
        "share": round(plan.share, 4),
        "cost_usd": plan.cost_usd,
        "notes": list(plan.notes),
    }


def row(summary: Summary, lang: Language) -> dict[str, Any]:
    """The summary's JSON, in the forms of `ask`."""
    from app.commands.ask import citation_row, sentence_row

    request, usage = summary.plan.request, summary.usage
    return {
        "documents": list(request.material.names),
        "style": request.style.id,
        "audience": request.audience,
        "plan": plan_row(summary.plan),
        "summary": " ".join(sentence.text for sentence in summary.sentences),
        "sentences": [sentence_row(sentence) for sentence in summary.sentences],
        "parts": [
            {
                "title": list(part.title),
                "final": part.final,
                "state": part.state,
                "asked": part.asked,
                "kept": part.kept,
                "seconds": round(part.seconds, 2),
                "sentences": [sentence_row(sentence) for sentence in part.sentences],
            }
            for part in summary.parts
        ],
        "citations": [citation_row(citation, lang) for citation in summary.citations],
        "share": round(summary.share, 4),
        "complete": summary.complete,
        "stopped": summary.stopped,
        "error": localize(summary.error, lang) if summary.error else None,
        "notes": list(summary.notes),
        "backend": summary.backend,
        "model": summary.model,
        "usage": {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens},
        "seconds": round(summary.seconds, 2),
    }


COMMAND = Command("summarize", configure, run)
