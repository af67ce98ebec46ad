"""`coursemate finetune data make|import|list|show|remove`: the datasets of this home.

`data make NAME [--from DOC…] [--licensed FILE…] [-n N]` asks documents; `data import FILE` takes rows of one's own;
`data show NAME --mask` shows the tokens of examples with what is learnt of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.base import Command, Context
from app.ui.i18n import text
from finetune.base import PARTS as DATA_PARTS

if TYPE_CHECKING:
    from finetune.base import Example
    from finetune.data.store import About, Dataset

SHOWN = 3


def configure(parser: argparse.ArgumentParser) -> None:
    below = parser.add_subparsers(dest="action", metavar="make|import|list|show|remove", required=True)
    _configure_make(below.add_parser("make", help=text("cli.data_make")))
    importing = below.add_parser("import", help=text("cli.data_import"))
    importing.add_argument("file", type=Path, metavar="FILE", help=text("cli.data_file"))
    importing.add_argument("--name", default="", metavar="NAME", help=text("cli.data_name"))
    importing.add_argument("--skip-bad", action="store_true", help=text("cli.data_skip_bad"))
    importing.add_argument("--check", action="store_true", help=text("cli.data_check"))
    listing = below.add_parser("list", help=text("cli.data_list"))
    showing = below.add_parser("show", help=text("cli.data_show"))
    showing.add_argument("name", metavar="NAME", help=text("cli.data_of"))
    showing.add_argument("-n", dest="count", type=int, default=SHOWN, metavar="N", help=text("cli.data_show_n"))
    showing.add_argument("--part", dest="which", choices=DATA_PARTS, default="train", help=text("cli.data_part"))
    showing.add_argument("--mask", action="store_true", help=text("cli.data_mask"))
    showing.add_argument("--base", default="", metavar="BASE", help=text("cli.data_base"))
    for one in (importing, listing, showing):
        one.add_argument("--json", action="store_true", help=text("cli.json"))
    removing = below.add_parser("remove", help=text("cli.data_remove"))
    removing.add_argument("name", metavar="NAME", help=text("cli.data_of"))


def _configure_make(parser: argparse.ArgumentParser) -> None:
    from app.training_order import Order

    usual = Order()
    parser.add_argument("name", metavar="NAME", help=text("cli.data_new"))
    parser.add_argument("--from", dest="documents", nargs="+", default=[], metavar="DOC", help=text("cli.data_from"))
    parser.add_argument("--licensed", nargs="+", type=Path, default=[], metavar="FILE", help=text("cli.data_licensed"))
    parser.add_argument("--unlike", nargs="+", type=Path, default=[], metavar="FILE", help=text("cli.data_unlike"))
    parser.add_argument("-n", dest="count", type=int, default=usual.count, metavar="N", help=text("cli.data_n"))
    for name in ("refusals", "spans", "licensed_share", "ratio"):
        flag, value = f"--{name.replace('_', '-')}", getattr(usual, name)
        parser.add_argument(flag, type=float, default=value, metavar="SHARE", help=text(f"cli.data_{name}"))
    parser.add_argument("--own", default="", metavar="NAME", help=text("cli.data_own"))
    parser.add_argument("--paraphrase", default="", metavar="BACKEND", help=text("cli.data_paraphrase"))
    parser.add_argument("--reworded", nargs="+", type=Path, default=[], metavar="FILE", help=text("cli.data_reworded"))
    parser.add_argument("--prompt", default=usual.prompt, metavar="P", help=text("cli.data_prompt"))
    parser.add_argument(
        "--compact", dest="prompt", action="store_const", const="compact", help=text("cli.data_compact")
    )
    parser.add_argument("--texts", type=int, default=usual.texts, metavar="N", help=text("cli.data_texts"))
    parser.add_argument("--tokens", type=int, default=usual.tokens, metavar="N", help=text("cli.data_tokens"))
    parser.add_argument("--seed", type=int, default=0, metavar="N", help=text("cli.data_seed"))
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    act: dict[str, Callable[[argparse.Namespace, Context], int]] = {
        "make": _make,
        "import": _import,
        "list": _list,
        "show": _show,
        "remove": _remove,
    }
    return act[arguments.action](arguments, context)


def _make(arguments: argparse.Namespace, context: Context) -> int:
    from app.training_data import make
    from app.training_order import Order

    order = Order(
        count=arguments.count,
        documents=tuple(arguments.documents),
        licensed=tuple(arguments.licensed),
        licensed_share=arguments.licensed_share,
        refusals=arguments.refusals,
        spans=arguments.spans,
        own=arguments.own,
        ratio=arguments.ratio,
        prompt=arguments.prompt,
        seed=arguments.seed,
        tokens=arguments.tokens,
        unlike=tuple(arguments.unlike),
        texts=arguments.texts,
        rewordings=tuple(arguments.reworded),
    )
    wiring, lang = context.wiring, context.lang
    model = wiring.pool.model(arguments.paraphrase) if arguments.paraphrase else None

    def told(stage: str, done: int, total: int) -> None:
        context.console.show(text(f"dataset.stage_{stage}", lang, done=done, total=total), done / max(1, total))

    made = make(wiring, arguments.name, order, told, model)
    _tell(made.dataset, arguments.json, context)
    if made.short:
        context.console.say(text("dataset.short", lang, n=made.short))
    return 0


def _import(arguments: argparse.Namespace, context: Context) -> int:
    from app.training_import import check_file, import_file
    from finetune.data.store import Datasets

    if arguments.check:
        read = check_file(arguments.file)
        for example in read.examples[:SHOWN]:
            _print(example, arguments.json, context)
        counts = {"n": len(read.examples), "rows": read.rows, "form": read.form}
        context.console.say(text("dataset.checked", context.lang, **counts))
        return 0
    datasets = Datasets(context.settings.home)
    dataset = import_file(datasets, arguments.file, name=arguments.name, skip_bad=arguments.skip_bad)
    _tell(dataset, arguments.json, context)
    return 0


def _list(arguments: argparse.Namespace, context: Context) -> int:
    from finetune.data.store import Datasets

    found = Datasets(context.settings.home).all()
    for dataset in found:
        if arguments.json:
            context.console.emit(asdict(dataset.about))
        else:
            context.console.result(_summary(dataset.about, context))
    if not found:
        context.console.say(text("dataset.none", context.lang))
    return 0


def _show(arguments: argparse.Namespace, context: Context) -> int:
    from finetune.data.store import Datasets

    dataset = Datasets(context.settings.home).find(arguments.name)
    examples = dataset.examples(arguments.which)[: max(0, arguments.count)]
    if arguments.mask:
        return _masks(examples, arguments, context)
    if arguments.json:
        context.console.emit(asdict(dataset.about))
    else:
        _tell(dataset, False, context)
    for example in examples:
        _print(example, arguments.json, context)
    return 0


def _masks(examples: list[Example], arguments: argparse.Namespace, context: Context) -> int:
    """What is learnt stands between ⟦ and ⟧; with --json, a row of pieces an example."""
    from finetune.base_model import load_tokenizer, locate
    from finetune.encode import colour
    from finetune.recipe import Recipe

    base = locate(arguments.base or Recipe().base, context.settings.home, context.wiring.weights())
    tokenizer = load_tokenizer(base)
    for example in examples:
        pieces = colour(example, tokenizer)
        if arguments.json:
            context.console.emit({"id": example.id, "pieces": [asdict(piece) for piece in pieces]})
            continue
        learnt = sum(piece.trained for piece in pieces)
        context.console.say(text("dataset.masked", context.lang, id=example.id, n=learnt, total=len(pieces)))
        runs = groupby(pieces, key=lambda piece: piece.trained)
        shown = ["".join(piece.text for piece in run) for _, run in runs]
        marks = [trained for trained, _ in groupby(piece.trained for piece in pieces)]
        context.console.result("".join(f"⟦{part}⟧" if mark else part for part, mark in zip(shown, marks, strict=True)))
    return 0


def _remove(arguments: argparse.Namespace, context: Context) -> int:
    from finetune.data.store import Datasets

    Datasets(context.settings.home).remove(arguments.name)
    context.console.say(text("dataset.removed", context.lang, name=arguments.name))
    return 0


def _tell(dataset: Dataset, as_json: bool, context: Context) -> None:
    """What the dataset holds, and what was left out of it."""
    about = dataset.about
    if as_json:
        context.console.emit(asdict(about))
    else:
        context.console.result(_summary(about, context))
    for reason, count in about.dropped.items():
        if count:
            why = text(f"dataset.why_{reason}", context.lang)
            context.console.say(text("dataset.left_out", context.lang, n=count, why=why))


def _summary(about: About, context: Context) -> str:
    kinds = " · ".join(f"{kind} {count}" for kind, count in about.kinds.items())
    counts: dict[str, Any] = {part: about.counts.get(part, 0) for part in DATA_PARTS}
    places: dict[str, Any] = {"name": about.name, "n": about.total, "kinds": kinds, "sha": about.sha256[:12], **counts}
    return text("dataset.summary", context.lang, **places)


def _print(example: Example, as_json: bool, context: Context) -> None:
    if as_json:
        context.console.emit(example.to_dict())
        return
    context.console.result(f"\n[{example.kind} · {example.origin} · {example.document or '-'}]")
    for message in example.messages:
        context.console.result(f"{message['role']}: {message['content']}")


PARTS = (Command("data", configure, run),)
