"""`coursemate compare Q --contender local --contender openai:zero_shot …`: one question, one retrieval, several answers.

A contender is BACKEND[:PROMPT][@ADAPTER]. Answers are printed as each is done, then a table of what they cost; with --json a
line for each contender and question. `--prompts FILE.json` adds prompts of one's own, see chains/templates.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.ask import lines, row
from app.commands.base import Command, Context
from app.commands.console import width
from app.commands.questions import Asked, add_arguments, asked
from app.ui.i18n import Language, localize, text
from models.errors import CourseMateError, InputError
from models.types import Answer, Done, Token

if TYPE_CHECKING:
    from chains.compare import Comparison, Contender
    from chains.templates import PromptTemplateText

RULE = "─" * 8


def configure(parser: argparse.ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument(
        "--contender", action="append", default=[], metavar="B[:PROMPT][@ADAPTER]", help=text("cli.compare_contender")
    )
    parser.add_argument("--prompts", type=Path, metavar="FILE.json", help=text("cli.compare_prompts"))
    parser.add_argument("--speed", choices=("fast", "normal", "thorough"), help=text("cli.ask_speed"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    questions = asked(arguments)
    from chains.compare import Comparison

    contenders = [_contender(name, read_prompts(arguments.prompts), context) for name in arguments.contender]
    context.wiring.choose(speed=arguments.speed)
    options = context.wiring.ask_options(backend=contenders[0].backend if contenders else "")
    comparison = Comparison(context.wiring.engine(), contenders, options)
    failed = False
    for question in questions:
        ended = _compare(question, comparison, context, as_json=arguments.json)
        failed = failed or any(isinstance(end, CourseMateError) for end in ended)
        if not arguments.json:
            for line in table([one.label() for one in contenders], ended, context.lang):
                context.console.result(line)
    return 1 if failed else 0


def _contender(name: str, prompts: Mapping[str, PromptTemplateText], context: Context) -> Contender:
    """Raises InputError for a backend or a prompt that is none, with the nearest one."""
    from chains.compare import Contender

    contender = Contender.parse(name)
    context.wiring.pool.backend(contender.backend)
    if contender.prompt in prompts:
        return replace(contender, prompt="", template=prompts[contender.prompt])
    contender.asked_with  # noqa: B018  raises where the prompt is none
    return contender


def read_prompts(path: Path | None) -> dict[str, PromptTemplateText]:
    """Prompts of one's own by name: a JSON object, or a list of them. Raises InputError that names the file."""
    from chains.templates import PromptTemplateText

    if path is None:
        return {}
    try:
        read = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise _wrong("cli.questions_unreadable", path=str(path), why=error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise _wrong("cli.questions_unreadable", path=str(path), why="UTF-8") from None
    except (json.JSONDecodeError, RecursionError):
        raise _wrong("cli.prompts_not_json", path=str(path)) from None
    rows = read if isinstance(read, list) else [read]
    if not all(isinstance(values, dict) for values in rows):
        raise _wrong("cli.prompts_not_json", path=str(path))
    templates = [PromptTemplateText.from_dict(values) for values in rows]
    return {template.name: template for template in templates}


def _compare(
    question: Asked, comparison: Comparison, context: Context, *, as_json: bool
) -> list[Answer | CourseMateError | None]:
    """How each contender ended, in their order; each is printed when it ends."""
    labels = [one.label() for one in comparison.contenders]
    ended: list[Answer | CourseMateError | None] = [None] * len(labels)
    said = [0] * len(labels)
    if question.id and not as_json:
        context.console.result(f"# {question.question}")
    for heard in comparison.stream(question.question):
        i = heard.contender
        if isinstance(heard.event, Token):
            said[i] += len(heard.event.text)
        elif isinstance(heard.event, Done):
            ended[i] = heard.event.answer
        elif heard.error is not None:
            ended[i] = heard.error
            why = localize(heard.error, context.lang)
            context.console.say(text("cli.compare_failed", context.lang, contender=labels[i], why=why))
        if ended[i] is not None and i >= 0 and (heard.error is not None or isinstance(heard.event, Done)):
            _print(question, labels[i], ended[i], context, as_json=as_json)
        states = [_state(label, count, end) for label, count, end in zip(labels, said, ended, strict=True)]
        context.console.show(" · ".join(states), sum(end is not None for end in ended) / len(ended))
    context.console.clear()
    return ended


def _state(label: str, characters: int, end: Answer | CourseMateError | None) -> str:
    mark = (
        "✗" if isinstance(end, CourseMateError) else "✓" if end is not None else str(characters) if characters else "…"
    )
    return f"{label} {mark}"


def _print(
    question: Asked, label: str, end: Answer | CourseMateError | None, context: Context, *, as_json: bool
) -> None:
    console = context.console
    if as_json:
        console.emit(result(question, label, end, context.lang))
    elif isinstance(end, Answer):
        for line in [f"{RULE} {label} {RULE}", *lines(end, context.lang), ""]:
            console.result(line)


def result(question: Asked, label: str, end: Answer | CourseMateError | None, lang: Language) -> dict[str, Any]:
    """`ask`'s JSON with the contender and what only a comparison asks for; where it failed, the error."""
    head: dict[str, Any] = {"id": question.id, "question": question.question, "contender": label, "error": None}
    if not isinstance(end, Answer):
        return {**head, "error": localize(end, lang) if end else None}
    rate = None if end.tokens_per_s is None else round(end.tokens_per_s, 1)
    more = {"prompt": end.prompt, "adapter": end.adapter, "tokens_per_s": rate, "agreement": end.agreement}
    return {**head, **row(question, end, lang), **more}


def table(labels: Sequence[str], ended: Sequence[Answer | CourseMateError | None], lang: Language) -> list[str]:
    """First token, tokens a second, tokens, money, supported sentences and citations of each contender, aligned."""
    head = [
        text(f"cli.compare_{name}", lang) for name in ("who", "first", "rate", "tokens", "cost", "support", "cites")
    ]
    rows = [head, *([label, *_figures(end, lang)] for label, end in zip(labels, ended, strict=True))]
    widths = [max(width(row[i]) for row in rows) for i in range(len(head))]
    return [
        "  ".join(cell + " " * (w - width(cell)) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _figures(end: Answer | CourseMateError | None, lang: Language) -> list[str]:
    if not isinstance(end, Answer):
        return [text("cli.compare_none", lang), *["-"] * 5]
    usage, first = end.usage, end.timings_ms.get("first_token")
    tokens = f"{_shown(usage.prompt_tokens)}→{_shown(usage.completion_tokens)}"
    cost = "-" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"
    support = f"{sum(s.supported for s in end.sentences)}/{len(end.sentences)}"
    if end.refused:
        support = text("cli.compare_refused", lang)
    return [
        "-" if first is None else f"{first / 1e3:.1f}",
        "-" if end.tokens_per_s is None else f"{end.tokens_per_s:.0f}",
        tokens,
        cost,
        support,
        str(len(end.citations)),
    ]


def _shown(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _wrong(key: str, **params: Any) -> InputError:
    return InputError(detail=text(key, "en", **params), text_key=key, **params)


COMMAND = Command("compare", configure, run)
