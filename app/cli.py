"""The command line, `coursemate`. Each command is a file in app/commands; this one parses, runs and tells how it ended.

Results go to stdout, everything else to stderr. Exit codes: 0 all done, 1 something failed and is named, 2 bad usage,
130 interrupted, 141 the reader of our output went away.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import logging
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

from app.ui.i18n import Language, localize, text
from models.discovery import discover
from models.errors import ConfigError, CourseMateError, InputError

if TYPE_CHECKING:
    from app.commands.base import Command, Context

FAILED, BAD_USAGE, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141
DEFAULT_COMMAND = "ui"
log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code. What nobody foresaw is raised, and ends in `_on_unexpected` (exit code 1)."""
    for stream in (sys.stdout, sys.stderr):
        _speak_utf8(stream)
    commands: dict[str, Command] = {command.name: command for command in discover("app.commands", "COMMAND").values()}
    parser = build_parser(commands)
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        arguments = parser.parse_args([*(sys.argv[1:] if argv is None else argv), DEFAULT_COMMAND])
    lang: Language = "ko"
    known_keys: Sequence[str] = ()
    sys.excepthook = _on_unexpected
    threading.excepthook = _on_unexpected_in_thread
    try:
        context = _context(arguments)
        lang, known_keys = context.lang, context.keys.known()
        with closing(context):
            code = commands[arguments.command].run(arguments, context)
        sys.stdout.flush()
        return code
    except CourseMateError as error:
        _tell(localize(error, lang), known_keys)
        return BAD_USAGE if isinstance(error, InputError | ConfigError) else FAILED
    except KeyboardInterrupt:
        _tell("\n" + text("cli.interrupted", lang))
        return INTERRUPTED
    except BrokenPipeError:
        _close_quietly(sys.stdout)
        return BROKEN_PIPE


def build_parser(commands: dict[str, Command]) -> argparse.ArgumentParser:
    """The parser of all commands. Global options may stand before or after the command."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--home", type=Path, metavar="DIR", help=both("cli.home"))
    shared.add_argument("--collection", metavar="NAME", help=both("cli.collection"))
    shared.add_argument("--verbose", action="store_true", help=both("cli.verbose"))
    parser = argparse.ArgumentParser(prog="coursemate", description=both("cli.about"), parents=[shared])
    version = importlib.metadata.version("coursemate")
    parser.add_argument("--version", action="version", version=f"coursemate {version}")
    below = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in sorted(commands.items()):
        purpose = both(f"cli.{name}")
        command.configure(below.add_parser(name, help=purpose, description=purpose, parents=[shared]))
    return parser


def both(key: str) -> str:
    """A help text in Korean and English: which language to use is a setting, and settings are read after the arguments."""
    return f"{text(key, 'ko')} / {text(key, 'en')}".replace("%", "%%")


def _context(arguments: argparse.Namespace) -> Context:
    from app import logs
    from app.commands.base import Context
    from app.keys import Keys
    from app.settings import environment_keys, load, silence_libraries

    silence_libraries()
    settings = load(getattr(arguments, "home", None), collection=getattr(arguments, "collection", None))
    keys = Keys(settings.home / "keys.toml", environment_keys())
    logs.configure(settings.home, keys.known, verbose=getattr(arguments, "verbose", False))
    return Context(settings, keys)


def _tell(sentence: str, known_keys: Sequence[str] = ()) -> None:
    from app.commands.console import Console
    from app.logs import redact

    try:
        Console().say(redact(sentence, known_keys))
    except BrokenPipeError:
        _close_quietly(sys.stderr)


def _on_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The outermost edge: the log holds the traceback, the person gets a sentence."""
    log.error("unexpected error", exc_info=(kind, error, trace))
    _tell(text("cli.unexpected", "ko", kind=kind.__name__, detail=str(error)))


def _on_unexpected_in_thread(what: threading.ExceptHookArgs) -> None:
    log.error("unexpected error in %s", what.thread and what.thread.name, exc_info=what.exc_value)


def _speak_utf8(stream: IO[str]) -> None:
    """Korean comes out right under any locale (LC_ALL=C, a Windows console), and a lone surrogate never raises."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(encoding="utf-8", errors="replace")


def _close_quietly(stream: IO[str]) -> None:
    """Points the stream at nothing, so that Python's flush at exit does not complain about the closed pipe again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
