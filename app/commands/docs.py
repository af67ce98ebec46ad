"""`coursemate docs [list|remove NAME…] [--json]`: what is in a collection."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from app.commands.base import Command, Context
from app.commands.console import size
from app.ui.i18n import text
from models.errors import InputError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=text("cli.json"))
    below = parser.add_subparsers(dest="action", metavar="list|remove")
    listing = below.add_parser("list", help=text("cli.docs_list"))
    listing.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=text("cli.json"))
    removing = below.add_parser("remove", help=text("cli.docs_remove"))
    removing.add_argument("names", nargs="+", metavar="NAME", help=text("cli.docs_names"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.action == "remove":
        return _remove(arguments.names, context)
    documents = context.wiring.documents()
    for document in documents:
        if arguments.json:
            context.console.emit({name: _plain(value) for name, value in asdict(document).items()})
        else:
            chunks = text("cli.chunks", context.lang, n=document.chunks)
            parts = (document.format, chunks, size(document.size_bytes), document.added_at[:16])
            context.console.result(f"{document.source}  ({' · '.join(parts)})")
    if not documents:
        context.console.say(text("cli.docs_none", context.lang))
    return 0


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | None) else str(value)


def _remove(names: list[str], context: Context) -> int:
    """All or nothing: a name that is not there removes nothing. Raises InputError then."""
    documents = context.wiring.documents()
    by_name = {document.id: document.id for document in documents} | {d.source: d.id for d in documents}
    for name in names:
        if name not in by_name:
            raise InputError(detail=text("cli.docs_unknown", "en", name=name), text_key="cli.docs_unknown", name=name)
    removed = context.wiring.remove_documents(list(dict.fromkeys(by_name[name] for name in names)))
    context.console.say(text("cli.docs_removed", context.lang, n=removed))
    return 0


COMMAND = Command("docs", configure, run)
