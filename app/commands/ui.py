"""`coursemate ui`, or `coursemate` alone: the web page on this machine; others reach it only with `--host` and `--auth`."""

from __future__ import annotations

import argparse
import contextlib
import socket
import time
import webbrowser
from threading import Thread

from app.commands.base import Command, Context
from app.ui.i18n import text
from models.errors import InputError

HOST, PORT = "127.0.0.1", 7860


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=HOST, help=text("cli.ui_host"))
    parser.add_argument("--port", type=int, default=PORT, help=text("cli.ui_port"))
    parser.add_argument("--auth", metavar="USER:PASSWORD", help=text("cli.ui_auth"))
    parser.add_argument("--open", action="store_true", help=text("cli.ui_open"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    auth = credentials(arguments.auth)
    from app.settings import has_display
    from app.ui.server import is_loopback

    if auth is None and not is_loopback(arguments.host):
        raise _wrong("cli.auth_needed", host=arguments.host)
    from app.ui.shell import launch

    if arguments.open and has_display():
        Thread(target=_open_browser, args=(arguments.host, arguments.port), daemon=True).start()
    launch(context.wiring, arguments.host, arguments.port, auth)
    return 0


def _open_browser(host: str, port: int) -> None:
    """Opens the page as soon as the server answers, within a minute."""
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            webbrowser.open(f"http://{host}:{port}")
            return
        time.sleep(0.2)


def credentials(value: str | None) -> tuple[str, str] | None:
    """User and password of "user:password". Raises InputError, without the value, where they are not that."""
    if value is None:
        return None
    user, _, password = value.partition(":")
    if not user or len(password) < 8:
        raise _wrong("cli.auth_form")
    return user, password


def _wrong(key: str, **params: str) -> InputError:
    return InputError(detail=text(key, "en", **params), text_key=key, **params)


COMMAND = Command("ui", configure, run)
