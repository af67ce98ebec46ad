"""`coursemate ingest PATH… [--json]`: adds files, folders or globs; a line a file, exit code 1 where one failed."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.base import Command, Context
from app.commands.progress import ingesting
from app.ui.i18n import Language, localize, text

if TYPE_CHECKING:
    from ingest.pipeline import FileReport


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help=text("cli.ingest_paths"))
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    statuses: Counter[str] = Counter()
    console = context.console
    for report in context.wiring.ingest(arguments.paths, lambda p: console.show(*ingesting(p, context.lang))):
        statuses[report.status] += 1
        if arguments.json:
            console.emit(row(report, context.lang))
        else:
            console.result(line(report, context.lang))
    counts = {status: statuses[status] for status in ("added", "updated", "unchanged", "failed")}
    console.say(text("cli.ingest_done", context.lang, **counts))
    return 1 if statuses["failed"] else 0


def row(report: FileReport, lang: Language) -> dict[str, Any]:
    """The contract's JSON; `error` is null where the file came in."""
    return {
        "path": str(report.path),
        "status": report.status,
        "chunks": report.chunks,
        "error": localize(report.error, lang) if report.error else None,
        "renamed_from": report.renamed_from,
    }


def line(report: FileReport, lang: Language) -> str:
    """The same for a person."""
    status = text(f"cli.status_{report.status}", lang)
    if report.error:
        return f"{status}  {localize(report.error, lang)}"
    renamed = f", {text('cli.renamed', lang, old=report.renamed_from)}" if report.renamed_from else ""
    return f"{status}  {report.path} ({text('cli.chunks', lang, n=report.chunks)}{renamed})"


COMMAND = Command("ingest", configure, run)
