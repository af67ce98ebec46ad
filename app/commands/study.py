"""`coursemate study quiz|flashcards|glossary|guide [DOC…] [-n N] [--format md|json|csv|apkg] [--out FILE]`: study aids with sources.

Needs no model; with --backend a model rewords the questions of a quiz and explains the answers, each checked against its source.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.base import Command, Context
from app.commands.console import duration
from app.ui.i18n import Language, localize, locator_label, text
from models.errors import InputError

if TYPE_CHECKING:
    from app.studies import Studies
    from chains.study.base import Study
    from chains.study.wording import Worded

KINDS = ("quiz", "flashcards", "glossary", "guide")
FORMATS = ("md", "json", "csv", "apkg")
COUNTS = {"quiz": 10, "flashcards": 20, "glossary": 30, "guide": 0}
FAILED, INTERRUPTED = 1, 130


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("documents", nargs="*", metavar="DOC", help=text("cli.study_documents"))
    parser.add_argument("-n", dest="count", type=int, metavar="N", help=text("cli.study_n"))
    parser.add_argument("--seed", type=int, default=0, metavar="N", help=text("cli.study_seed"))
    parser.add_argument("--backend", default="", metavar="B", help=text("cli.study_backend"))
    parser.add_argument("--model", metavar="M", help=text("cli.ask_model"))
    parser.add_argument("--format", choices=FORMATS, default="", help=text("cli.study_format"))
    parser.add_argument("--out", type=Path, metavar="FILE", help=text("cli.study_out"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    from app.commands.interrupts import interruptible
    from app.studies import Studies
    from chains.study.maker import Order

    format_ = arguments.format or _format_of(arguments.out)
    _check_place(arguments.out, format_)
    count = COUNTS[arguments.kind] if arguments.count is None else arguments.count
    order, wiring, lang = Order(arguments.kind, count, arguments.seed), context.wiring, context.lang
    if arguments.backend and arguments.model:
        name = wiring.pool.backend(arguments.backend).name
        wiring.choose(**{"model" if name == "local" else f"{name}_model": arguments.model})
    studies = Studies(wiring, wiring.home / "study")
    _announce(studies, arguments, count, context)

    def told(stage: str, done: int, total: int) -> None:
        context.console.show(text(f"study.{stage}", lang, done=done, total=total), done / max(1, total))

    with interruptible() as cancel:
        worded = studies.make(order, arguments.documents, arguments.backend, told, cancel)
    context.console.clear()
    _write(exported(worded.study, format_, lang), arguments.out, context)
    return _report(worded, context)


def _announce(studies: Studies, arguments: argparse.Namespace, count: int, context: Context) -> None:
    """Before a model begins: how long it will take."""
    if arguments.backend and arguments.kind == "quiz":
        name = context.wiring.pool.backend(arguments.backend).name
        seconds = studies.seconds(name, count)
        if seconds is not None:
            context.console.say(text("study.takes", context.lang, time=duration(seconds)))


def exported(study: Study, format_: str, lang: Language) -> bytes:
    """The set as a file of this format."""
    from chains.study.anki import to_apkg
    from chains.study.export import to_csv, to_markdown

    def words(key: str, **params: Any) -> str:
        return text(f"study.{key}", lang, **params)

    def place(locator: Any) -> str:
        return locator_label(locator, lang)

    if format_ == "apkg":
        names = ", ".join(study.documents[:2]) + (" …" if len(study.documents) > 2 else "")
        return to_apkg(study, f"CourseMate::{words(f'kind_{study.kind}')} {names}", words, place)
    if format_ == "csv":
        return to_csv(study, words, place).encode()
    if format_ == "json":
        import json

        return (json.dumps(study.to_dict(), ensure_ascii=False) + "\n").encode()
    return to_markdown(study, words, place).encode()


def _write(content: bytes, out: Path | None, context: Context) -> None:
    from models.files import write_atomic

    if out:
        write_atomic(out, content)
    else:
        context.console.result(content.decode(), end="")


def _report(worded: Worded, context: Context) -> int:
    """What was made, what was not and why; the exit status."""
    study, lang, say = worded.study, context.lang, context.console.say
    say(text("study.made", lang, n=study.count))
    for reason, count in study.dropped.items():
        say(text("study.dropped", lang, n=count, why=text(f"study.why_{reason}", lang)))
    if study.count < study.wanted:
        say(text("study.fewer", lang, n=study.count, wanted=study.wanted))
    if worded.error is not None:
        say(text("study.broke_off", lang, why=localize(worded.error, lang)))
        return FAILED
    if study.stopped:
        say(text("study.stopped", lang))
    return INTERRUPTED if study.stopped else 0


def _format_of(out: Path | None) -> str:
    suffix = out.suffix.lower().lstrip(".") if out else ""
    return suffix if suffix in FORMATS else "md"


def _check_place(out: Path | None, format_: str) -> None:
    """Before any work: the place must be one that can be written to. Raises InputError."""
    if format_ == "apkg" and out is None:
        raise _wrong("cli.study_needs_out")
    if out and (out.is_dir() or not out.resolve().parent.is_dir()):
        raise _wrong("cli.questions_no_place", path=str(out))


def _wrong(key: str, **params: Any) -> InputError:
    return InputError(detail=text(key, "en", **params), text_key=key, **params)


COMMAND = Command("study", configure, run)
