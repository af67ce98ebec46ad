"""`coursemate questions make [DOCS…] -n 50 [--backend B --paraphrase]`, `questions check FILE…`, `questions import FILE --out FILE`.

`make` writes a set from documents: names in the collection, paths or patterns; the whole collection for none.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.base import Command, Context
from app.ui.i18n import text
from models.errors import InputError

if TYPE_CHECKING:
    from evals.base import Case

TABLES = (".csv", ".tsv", ".xlsx")


def configure(parser: argparse.ArgumentParser) -> None:
    below = parser.add_subparsers(dest="action", metavar="make|check|import", required=True)
    making = below.add_parser("make", help=text("cli.questions_make"))
    making.add_argument("documents", nargs="*", metavar="DOC", help=text("cli.questions_docs"))
    making.add_argument("-n", dest="count", type=int, default=50, metavar="N", help=text("cli.questions_n"))
    making.add_argument("--seed", type=int, default=0, metavar="N", help=text("cli.questions_seed"))
    making.add_argument("--unanswerable", type=float, default=0.2, metavar="SHARE", help=text("cli.questions_share"))
    making.add_argument("--backend", default="", metavar="B", help=text("cli.ask_backend"))
    making.add_argument("--paraphrase", action="store_true", help=text("cli.questions_paraphrase"))
    making.add_argument("--unlike", type=Path, nargs="+", default=[], metavar="FILE", help=text("cli.questions_unlike"))
    making.add_argument("--out", type=Path, metavar="FILE.jsonl", help=text("cli.questions_out"))
    checking = below.add_parser("check", help=text("cli.questions_check"))
    checking.add_argument("files", nargs="+", type=Path, metavar="FILE", help=text("cli.questions_files"))
    importing = below.add_parser("import", help=text("cli.questions_import"))
    importing.add_argument("file", type=Path, metavar="FILE", help=text("cli.questions_table"))
    importing.add_argument("--out", type=Path, required=True, metavar="FILE.jsonl", help=text("cli.questions_out"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    return {"make": _make, "check": _check, "import": _import}[arguments.action](arguments, context)


def _make(arguments: argparse.Namespace, context: Context) -> int:
    from app.question_making import Order, check_count, gather, make_set
    from evals.questions import load_cases

    if not 0 <= arguments.unanswerable <= 0.9:
        raise _wrong("cli.bad_share", value=arguments.unanswerable)
    wiring, lang = context.wiring, context.lang
    others = load_cases(arguments.unlike) if arguments.unlike else []
    forms: Any = ("paraphrase", "english") if arguments.paraphrase else ()
    order = Order(check_count(arguments.count), arguments.unanswerable, arguments.seed, forms)
    _refuse_folder(arguments.out)
    model = wiring.pool.model(arguments.backend or context.settings.backend) if arguments.paraphrase else None
    embedder = wiring.embedder()
    material = gather(wiring.store(), embedder, wiring.limits(), arguments.documents)

    def told(stage: str, done: int, total: int) -> None:
        context.console.show(text(f"making.{stage}", lang, done=done, total=total), done / max(1, total))

    made = make_set(material, order, embedder.embed_question, model, others, told)
    _write(made.cases, arguments.out, context)
    counts = {"n": len(made.cases), "no": sum(not case.answerable for case in made.cases)}
    context.console.say(text("cli.questions_made", lang, **counts))
    for reason, count in made.dropped.items():
        if count:
            context.console.say(text("making.dropped", lang, n=count, why=text(f"making.why_{reason}", lang)))
    if sum(not case.tags or case.tags[-1] not in {"paraphrase", "english"} for case in made.cases) < arguments.count:
        context.console.say(text("making.fewer", lang, n=arguments.count))
    return 0


def _check(arguments: argparse.Namespace, context: Context) -> int:
    """0 where every file is sound and its gold documents are in the collection."""
    from app.ui.i18n import localize
    from evals.questions import absent_documents, load_entries
    from models.errors import CourseMateError

    known = {document.source for document in context.wiring.documents()}
    sound = True
    for path in arguments.files:
        try:
            entries = load_entries(path)
        except CourseMateError as error:
            context.console.say(localize(error, context.lang))
            sound = False
            continue
        cases = [entry.case for entry in entries if entry.decided]
        context.console.result(_summary(path.name, cases, len(entries), context))
        for name, ids in absent_documents(cases, known).items():
            places = {"path": path.name, "name": name, "n": len(ids), "ids": ", ".join(ids[:5])}
            context.console.say(text("cli.questions_absent", context.lang, **places))
            sound = False
    return 0 if sound else 1


def _summary(name: str, cases: list[Case], total: int, context: Context) -> str:
    tags = Counter(tag for case in cases for tag in case.tags)
    shown = " · ".join(f"{tag} {count}" for tag, count in tags.most_common(8)) or "-"
    yes = sum(case.answerable for case in cases)
    counts = {"n": total, "yes": yes, "no": len(cases) - yes, "undecided": total - len(cases)}
    return text("cli.questions_summary", context.lang, path=name, tags=shown, **counts)


def _import(arguments: argparse.Namespace, context: Context) -> int:
    from evals.questions import load_entries, save_entries

    if arguments.file.suffix.lower() not in (*TABLES, ".jsonl"):
        raise _wrong("cli.questions_no_table", path=arguments.file.name)
    _refuse_folder(arguments.out)
    entries = load_entries(arguments.file)
    save_entries(arguments.out, entries)
    context.console.say(text("cli.questions_imported", context.lang, n=len(entries), path=str(arguments.out)))
    return 0


def _write(cases: tuple[Case, ...], out: Path | None, context: Context) -> None:
    from evals.questions import Entry, dump, save_cases

    if out:
        save_cases(out, cases)
    else:
        context.console.result(dump([Entry(case) for case in cases]), end="")


def _refuse_folder(out: Path | None) -> None:
    """Before any work: the place must be one that can be written to. Raises InputError."""
    if out and (out.is_dir() or not out.resolve().parent.is_dir()):
        raise _wrong("cli.questions_no_place", path=str(out))


def _wrong(key: str, **params: Any) -> InputError:
    return InputError(detail=text(key, "en", **params), text_key=key, **params)


COMMAND = Command("questions", configure, run)
