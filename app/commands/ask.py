"""`coursemate ask Q`, or `--questions FILE.jsonl`: cited, checked answers; a JSON line each, or streamed to a terminal."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.commands.base import Command, Context
from app.commands.questions import Asked, add_arguments, asked
from app.commands.search import locator
from app.ui.i18n import Language, localize, locator_label, text
from models.errors import BackendError
from models.types import Answer, Citation, Done, Sentence, Token

if TYPE_CHECKING:
    from chains.rag import AskOptions, RagEngine

NO_ADAPTER = "none"


def configure(parser: argparse.ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument("--backend", metavar="B", help=text("cli.ask_backend"))
    parser.add_argument("--model", metavar="M", help=text("cli.ask_model"))
    parser.add_argument("--adapter", metavar="A", help=text("cli.ask_adapter"))
    parser.add_argument("--strength", type=float, metavar="X", help=text("cli.ask_strength"))
    parser.add_argument("--speed", choices=("fast", "normal", "thorough"), help=text("cli.ask_speed"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    questions = asked(arguments)
    wiring = context.wiring
    backend = wiring.pool.backend(arguments.backend or wiring.settings.backend).name
    model = {"model" if backend == "local" else f"{backend}_model": arguments.model}
    adapter = "" if arguments.adapter == NO_ADAPTER else arguments.adapter
    wiring.choose(backend=backend, adapter=adapter, adapter_scale=arguments.strength, speed=arguments.speed, **model)
    options, engine, failed = wiring.ask_options(), wiring.engine(), False
    for question in questions:
        try:
            if arguments.json:
                context.console.emit(row(question, engine.ask(question.question, (), options), context.lang))
            else:
                _show(question, engine, options, context)
        except BackendError as error:
            if len(questions) == 1:
                raise
            failed = True
            why = localize(error, context.lang)
            context.console.say(text("cli.question_failed", context.lang, id=question.id, why=why))
    return 1 if failed else 0


def row(question: Asked, answer: Answer, lang: Language) -> dict[str, Any]:
    """The contract's JSON, and beside it why a refusal was one and where the nearest place is."""
    return {
        "id": question.id,
        "question": question.question,
        "answer": answer.text,
        "refused": answer.refused,
        "reason": answer.reason,
        "sentences": [sentence_row(sentence) for sentence in answer.sentences],
        "citations": [citation_row(citation, lang) for citation in answer.citations],
        "nearest": citation_row(answer.nearest, lang) if answer.nearest else None,
        "backend": answer.backend,
        "model": answer.model,
        "usage": {
            "prompt_tokens": answer.usage.prompt_tokens,
            "completion_tokens": answer.usage.completion_tokens,
            "cost_usd": answer.usage.cost_usd,
        },
        "timings_ms": {name: None if ms is None else round(ms, 1) for name, ms in answer.timings_ms.items()},
    }


def sentence_row(sentence: Sentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "support": round(sentence.support, 4),
        "supported": sentence.supported,
        "quoted": sentence.quoted,
        "unsupported": list(sentence.unsupported),
        "citations": list(sentence.citations),
    }


def citation_row(citation: Citation, lang: Language) -> dict[str, Any]:
    return {
        "n": citation.n,
        "source": citation.source,
        "locator": locator(citation.locator, lang),
        "quote": citation.quote,
        "chunk_id": citation.chunk_id,
    }


def _show(question: Asked, engine: RagEngine, options: AskOptions, context: Context) -> None:
    """On a terminal the draft streams to stderr and is wiped, so that stdout holds the checked answer alone."""
    console = context.console
    if question.id:
        console.result(f"# {question.question}")
    with console.draft() as draft:
        for event in engine.stream(question.question, (), options):
            if isinstance(event, Token):
                draft(event.text)
            elif isinstance(event, Done):
                answer = event.answer
    for line in lines(answer, context.lang):
        console.result(line)
    console.say(_times(answer, context.lang))


def lines(answer: Answer, lang: Language) -> list[str]:
    """The checked answer for a person: sentences with marks, then the sources."""
    if answer.refused:
        refusal = [text(f"cli.refused_{answer.reason or 'not_found'}", lang)]
        nearest = answer.nearest
        return refusal + ([text("cli.nearest", lang, place=_place(nearest, lang))] if nearest else [])
    mark = text("cli.weak_mark", lang)
    shown = [s.text if s.supported else f"{s.text} {mark}" for s in answer.sentences]
    output = [" ".join(shown)]
    if answer.citations:
        output += ["", text("cli.sources", lang)]
        output += [f"[{c.n}] {_place(c, lang)}: “{c.quote}”" for c in answer.citations]
    if any(not s.supported for s in answer.sentences):
        output += ["", text("cli.weak_note", lang, mark=mark)]
        words = list(dict.fromkeys(word for s in answer.sentences for word in s.unsupported))
        output += [text("cli.weak_words", lang, words=", ".join(words))] if words else []
    return output


def _place(citation: Citation, lang: Language) -> str:
    label = locator_label(citation.locator, lang)
    return f"{citation.source} · {label}" if label else citation.source


def _times(answer: Answer, lang: Language) -> str:
    ms = {name: value or 0.0 for name, value in answer.timings_ms.items()}
    return text(
        "cli.ask_times",
        lang,
        backend=answer.backend,
        model=answer.model,
        retrieve=ms.get("retrieve", 0.0),
        first=ms.get("first_token", 0.0) / 1e3,
        total=ms.get("total", 0.0) / 1e3,
    )


COMMAND = Command("ask", configure, run)
