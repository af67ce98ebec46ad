"""`coursemate search Q [-k 5] [--json]`, or `--questions FILE.jsonl`: what retrieval finds, a JSON line a question."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

from app.commands.base import Command, Context
from app.commands.questions import Asked, add_arguments, asked
from app.ui.i18n import Language, locator_label, text
from models.errors import InputError
from models.types import Hit, Locator

if TYPE_CHECKING:
    from chains.retrieve import SearchResult

MOST = 100


def configure(parser: argparse.ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument("-k", type=int, default=5, metavar="N", help=text("cli.search_k"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    questions = asked(arguments)
    if not 1 <= arguments.k <= MOST:
        raise InputError(detail=text("cli.bad_k", "en", k=arguments.k), text_key="cli.bad_k", k=arguments.k)
    retriever = context.wiring.retriever()
    for question in questions:
        result = retriever.search(question.question, arguments.k)
        if arguments.json:
            context.console.emit(row(question, result, context.lang))
        else:
            _show(question, result, context)
    return 0


def row(question: Asked, result: SearchResult, lang: Language) -> dict[str, Any]:
    """The contract's JSON."""
    hits = [_hit(rank, hit, lang) for rank, hit in enumerate(result.hits, start=1)]
    timings = {name: round(ms, 3) for name, ms in result.timings_ms.items()}
    return {"id": question.id, "question": question.question, "hits": hits, "timings_ms": timings}


def _hit(rank: int, hit: Hit, lang: Language) -> dict[str, Any]:
    return {
        "rank": rank,
        "score": round(hit.score, 6),
        "source": hit.chunk.source,
        "locator": locator(hit.chunk.locator, lang),
        "chunk_id": hit.chunk.id,
        "text": hit.chunk.text,
    }


def locator(place: Locator, lang: Language) -> dict[str, Any]:
    """The locator's set fields, and `label` for people."""
    return {**place.to_dict(), "label": locator_label(place, lang)}


def _show(question: Asked, result: SearchResult, context: Context) -> None:
    console = context.console
    if question.id:
        console.result(f"# {question.question}")
    for rank, hit in enumerate(result.hits, start=1):
        place = locator_label(hit.chunk.locator, context.lang)
        console.result(f"{rank}. {hit.chunk.source}{' · ' + place if place else ''}  ({hit.score:.3f})")
        console.result(textwrap.indent(textwrap.shorten(hit.chunk.text, 240, placeholder=" …"), "   "))
    if not result.hits:
        console.say(text("cli.no_hits", context.lang))


COMMAND = Command("search", configure, run)
