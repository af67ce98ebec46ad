"""`coursemate models list|pull|verify [NAME…]`: weights of the catalogue on this machine."""

from __future__ import annotations

import argparse

from app.commands.base import Command, Context
from app.commands.console import size
from app.ui.i18n import text


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=text("cli.json"))
    below = parser.add_subparsers(dest="action", metavar="list|pull|verify")
    listing = below.add_parser("list", help=text("cli.models_list"))
    listing.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=text("cli.json"))
    for action in ("pull", "verify"):
        parser_of = below.add_parser(action, help=text(f"cli.models_{action}"))
        parser_of.add_argument("names", nargs="*", metavar="NAME", help=text("cli.models_names"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.action == "pull":
        return _pull(arguments.names, context)
    if arguments.action == "verify":
        return _verify(arguments.names, context)
    return _list(arguments.json, context)


def _list(as_json: bool, context: Context) -> int:
    weights = context.wiring.weights()
    for entry in weights.entries():
        path = weights.path(entry.name)
        if as_json:
            context.console.emit(
                {
                    "name": entry.name,
                    "label": entry.label,
                    "kind": entry.kind,
                    "size_bytes": entry.size_bytes,
                    "licence": entry.licence,
                    "path": str(path) if path else None,
                }
            )
        else:
            state = text("cli.models_present" if path else "cli.models_absent", context.lang)
            context.console.result(
                f"{entry.name}  {state}  ({entry.label} · {size(entry.size_bytes)} · {entry.licence})"
            )
    return 0


def _pull(names: list[str], context: Context) -> int:
    for name in names or context.wiring.default_weights():
        context.wiring.pull(name)
        context.console.say(text("cli.models_ready", context.lang, name=name))
    return 0


def _verify(names: list[str], context: Context) -> int:
    weights = context.wiring.weights()
    for name in names or [entry.name for entry in weights.entries() if weights.path(entry.name)]:
        weights.verify(name)
        context.console.result(text("cli.verified", context.lang, name=name))
    return 0


COMMAND = Command("models", configure, run)
