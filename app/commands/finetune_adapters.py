"""`coursemate finetune adapters list|show|rename|remove|import|export|compare`: the adapters of this home."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.base import Command, Context
from app.commands.console import size
from app.ui.i18n import localize, text

if TYPE_CHECKING:
    from finetune.adapter import Adapter

ACTIONS = {
    "list": (),
    "show": ("name",),
    "rename": ("name", "new"),
    "remove": ("name",),
    "import": ("source",),
    "export": ("name", "target"),
    "compare": ("names",),
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=text("cli.json"))
    below = parser.add_subparsers(dest="action", metavar="|".join(ACTIONS))
    for action, values in ACTIONS.items():
        parser_of = below.add_parser(action, help=text(f"cli.adapters_{action}"))
        parser_of.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=text("cli.json"))
        for value in values:
            kind: dict[str, Any] = {"type": Path} if value in {"source", "target"} else {}
            many: dict[str, Any] = {"nargs": "+"} if value == "names" else {}
            parser_of.add_argument(value, metavar=value.upper(), help=text(f"cli.adapters_{value}"), **kind, **many)
        if action == "import":
            parser_of.add_argument("--name", default="", metavar="NAME", help=text("cli.adapters_new"))
        if action == "export":
            parser_of.add_argument("--form", default="", metavar="FORM", help=text("cli.adapters_form"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    act: dict[str, Callable[[argparse.Namespace, Context], int]] = {
        "list": _list,
        "show": _show,
        "rename": _rename,
        "remove": _remove,
        "import": _import,
        "export": _export,
        "compare": _compare,
    }
    return act[arguments.action or "list"](arguments, context)


def _list(arguments: argparse.Namespace, context: Context) -> int:
    registry = context.wiring.pool.adapters.registry
    for adapter in registry.all():
        _tell(adapter, arguments, context)
    broken = registry.broken()
    for name, error in broken.items():
        context.console.say(text("cli.adapters_broken", context.lang, name=name, why=localize(error, context.lang)))
    return 1 if broken else 0


def _show(arguments: argparse.Namespace, context: Context) -> int:
    from finetune.card import render

    bench = _bench(context)
    adapter = bench.registry.find(arguments.name)
    if arguments.json:
        context.console.emit(adapter.to_dict())
    else:
        context.console.result(render(adapter, bench.facts(adapter)).rstrip())
    return 0


def _rename(arguments: argparse.Namespace, context: Context) -> int:
    _tell(_bench(context).rename(arguments.name, arguments.new), arguments, context)
    return 0


def _remove(arguments: argparse.Namespace, context: Context) -> int:
    _bench(context).remove(arguments.name)
    context.console.say(text("cli.adapters_removed", context.lang, name=arguments.name))
    return 0


def _import(arguments: argparse.Namespace, context: Context) -> int:
    _tell(_bench(context).take(arguments.source, arguments.name), arguments, context)
    return 0


def _export(arguments: argparse.Namespace, context: Context) -> int:
    path = _bench(context).export(arguments.name, arguments.target, arguments.form)
    if arguments.json:
        context.console.emit({"name": arguments.name, "path": str(path)})
    else:
        context.console.result(str(path))
    return 0


def _compare(arguments: argparse.Namespace, context: Context) -> int:
    rows = _bench(context).registry.compare(arguments.names)
    for key, values in rows.items():
        if arguments.json:
            context.console.emit({"key": key, "values": values})
        else:
            shown = "   ".join(f"{name}: {_value(value)}" for name, value in values.items())
            context.console.result(f"{key:24} {shown}")
    return 0


def _tell(adapter: Adapter, arguments: argparse.Namespace, context: Context) -> None:
    """One adapter as a line."""
    if arguments.json:
        context.console.emit(adapter.to_dict())
        return
    told = adapter.to_dict()
    kept = text("cli.adapters_shipped" if adapter.shipped else "cli.adapters_own", context.lang)
    facts = (told["method"], told["base"] or "-", size(told["size_bytes"]), told["created"][:10], kept)
    context.console.result(f"{adapter.name}  ({' · '.join(facts)})")


def _value(value: Any) -> str:
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _bench(context: Context) -> Any:
    from app.finetuning import Bench

    return Bench(context.wiring)


PARTS = (Command("adapters", configure, run),)
