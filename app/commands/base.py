"""What a command of `coursemate` is: one file in this folder that exports COMMAND."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from app.commands.console import Console
from app.ui.i18n import Language

if TYPE_CHECKING:
    from app.keys import Keys
    from app.settings import Settings
    from app.wiring import Wiring
    from models.progress import Progress


@dataclass(frozen=True)
class Context:
    """What a command works with. `wiring` is built when first asked for, so that `--help` and bad usage cost nothing."""

    settings: Settings
    keys: Keys
    console: Console = field(default_factory=Console)

    @property
    def lang(self) -> Language:
        return self.settings.language

    @cached_property
    def wiring(self) -> Wiring:
        from app.commands.progress import pulling
        from app.wiring import Wiring

        def on_pull(progress: Progress) -> None:
            line, share = pulling(progress, self.lang)
            self.console.show(line, share, force=progress.stage != "downloading")

        return Wiring(self.settings, self.keys, on_pull)

    def close(self) -> None:
        """Ends what the command has started; the last line of the console is free again."""
        self.console.clear()
        if "wiring" in self.__dict__:
            self.wiring.close()


@dataclass(frozen=True, slots=True)
class Command:
    """name: as typed. configure: declares its arguments. run: does it and returns the exit code, 0 or 1.

    `run` raises CourseMateError for what a person can mend; app/cli.py says it and picks the exit code. The help texts are
    `cli.<name>` in app/ui/i18n.
    """

    name: str
    configure: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, Context], int]
