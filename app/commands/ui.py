"""`coursemate ui`, or `coursemate` alone: the web page on this machine; others reach it only with `--host` and `--auth`."""

from __future__ import annotations

import argparse
import contextlib
import threading
import webbrowser

from app.commands.base import Command, Context
from app.ui.i18n import text
from models.errors import InputError

HOST, PORT = "127.0.0.1", 7860
SHORTEST_PASSWORD = 8


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=HOST, help=text("cli.ui_host"))
    parser.add_argument("--port", type=port, default=PORT, help=text("cli.ui_port"))
    parser.add_argument("--auth", metavar="USER:PASSWORD", help=text("cli.ui_auth"))
    parser.add_argument("--open", action="store_true", help=text("cli.ui_open"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    auth = credentials(arguments.auth)
    from app.settings import has_display
    from app.ui.shell import launch

    def opened(url: str) -> None:
        context.console.say(text("cli.ui_at", context.lang, url=url))
        if arguments.open and has_display():
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how the page is ended
        launch(context.wiring, arguments.host, arguments.port, auth, opened)
    return 0


def port(value: str) -> int:
    """A TCP port, 0 for any that is free. Raises ArgumentTypeError."""
    if not value.isdecimal() or int(value) > 65_535:
        raise argparse.ArgumentTypeError(
            text("cli.bad_port", "ko", value=value) + " / " + text("cli.bad_port", "en", value=value)
        )
    return int(value)


def credentials(value: str | None) -> tuple[str, str] | None:
    """User and password of "user:password". Raises InputError, without the value, where it is not that."""
    if value is None:
        return None
    user, _, password = value.partition(":")
    if not user or len(password) < SHORTEST_PASSWORD:
        raise InputError(detail=text("cli.auth_form", "en"), text_key="cli.auth_form")
    return user, password


COMMAND = Command("ui", configure, run)
