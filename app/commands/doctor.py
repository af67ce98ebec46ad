"""`coursemate doctor [--json]`: what works on this machine, what is missing, and how to get it. Exit code 1 where the default
use lacks something."""

from __future__ import annotations

import argparse

from app.commands.base import Command, Context
from app.ui.i18n import text


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    from app.doctor import examine

    findings = examine(context.wiring)
    lacking = [finding for finding in findings if finding.needed and not finding.ok]
    if arguments.json:
        context.console.emit({"ok": not lacking, "findings": [finding.to_dict() for finding in findings]})
        return 1 if lacking else 0
    for finding in findings:
        mark = "✓" if finding.ok else ("✗" if finding.needed else "–")
        line = finding.line(context.lang)
        context.console.result(f"{mark} {line.name}: {line.value}")
    verdict = text("cli.doctor_bad", context.lang, n=len(lacking)) if lacking else text("cli.doctor_ok", context.lang)
    context.console.say(verdict)
    return 1 if lacking else 0


COMMAND = Command("doctor", configure, run)
