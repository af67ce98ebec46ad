"""`coursemate reindex`: builds vectors and the lexical index again from the text in the catalogue, with today's embedder."""

from __future__ import annotations

import argparse

from app.commands.base import Command, Context
from app.commands.progress import Reindexing
from app.ui.i18n import text


def configure(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(arguments: argparse.Namespace, context: Context) -> int:
    progress = Reindexing(context.lang)
    count = context.wiring.reindex(lambda done, total: context.console.show(*progress(done, total)))
    context.console.say(text("cli.reindex_done", context.lang, n=count))
    return 0


COMMAND = Command("reindex", configure, run)
