"""`coursemate finetune PART …`: data, training, adapters and their figures. A part is a file app/commands/finetune_<name>.py.

Such a file exports PARTS, one or more Commands; what each does is said by `cli.finetune_<part>` in app/ui/i18n.
"""

from __future__ import annotations

import argparse

from app.commands.base import Command, Context
from app.ui.i18n import text
from models.discovery import discover


def parts() -> dict[str, Command]:
    """Name, as typed behind `finetune` -> part."""
    exported = discover("app.commands", "PARTS").values()
    return {part.name: part for some in exported for part in some}


def configure(parser: argparse.ArgumentParser) -> None:
    below = parser.add_subparsers(dest="part", metavar="PART", required=True)
    for name, part in sorted(parts().items()):
        purpose = f"{text(f'cli.finetune_{name}', 'ko')} / {text(f'cli.finetune_{name}', 'en')}".replace("%", "%%")
        part.configure(below.add_parser(name, help=purpose, description=purpose))


def run(arguments: argparse.Namespace, context: Context) -> int:
    return parts()[arguments.part].run(arguments, context)


COMMAND = Command("finetune", configure, run)
