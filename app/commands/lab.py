"""`coursemate lab [NAME]`: lists the labs, or runs one as the page does; figures go to DIR as HTML, tables as CSV.

coursemate lab mlp --set layers=3 --set activation=relu --seed 1 --out results
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.base import Command, Context
from app.commands.interrupts import interruptible
from app.ui.i18n import text
from models.errors import CourseMateError, InputError

if TYPE_CHECKING:
    from app.labs.base import Block, Event, Lab

FAILED, BAD_USAGE, INTERRUPTED = 1, 2, 130
LOWEST_SEED, HIGHEST_SEED = 0, 2**31 - 1


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help=text("cli.lab_name"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=text("cli.lab_set"))
    parser.add_argument("--seed", type=int, default=0, metavar="N", help=text("cli.lab_seed"))
    parser.add_argument("--out", type=Path, metavar="DIR", help=text("cli.lab_out"))
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.name is None:
        _list(arguments, context)
        return 0
    from app.labs.base import read_values
    from app.labs.checkpoints import meant
    from app.labs.running import desk_of, find
    from app.labs.running import run as run_lab
    from app.labs.telling import told

    lab = find(arguments.name)
    try:
        values = read_values(lab, meant(lab, _settings(arguments.set)))
        seed = min(max(arguments.seed, LOWEST_SEED), HIGHEST_SEED)
        report = Report(lab, context, arguments.json)
        report.open(lab.seconds(**values))
        with interruptible() as stop:
            for event in run_lab(lab, values, desk_of(context.settings, seed), stop):
                report.take(event)
    except CourseMateError as error:
        context.console.say(told(lab, error, context.lang))
        return BAD_USAGE if isinstance(error, InputError) else FAILED
    report.close()
    if arguments.out:
        written = report.save(arguments.out)
        context.console.say(text("cli.lab_written", context.lang, count=written, path=arguments.out))
    if stop.is_set():
        context.console.say(text("cli.lab_stopped", context.lang))
        return INTERRUPTED
    return 0


def _settings(given: Sequence[str]) -> dict[str, str]:
    """name -> value. Raises InputError for what is no setting."""
    settings = {}
    for setting in given:
        name, equals, value = setting.partition("=")
        if not equals:
            detail = f"{setting!r} is no setting; give it as name=value"
            raise InputError(detail=detail, text_key="labs.no_setting", value=setting)
        settings[name.strip()] = value
    return settings


def _list(arguments: argparse.Namespace, context: Context) -> None:
    from app.labs.drawing import phrase
    from app.labs.running import labs

    for name, lab in labs().items():
        title, goal = phrase(name, "title", context.lang), phrase(name, "goal", context.lang)
        if arguments.json:
            controls = {control.name: control.default for control in lab.controls}
            context.console.emit({"name": name, "title": title, "goal": goal, "controls": controls})
        else:
            context.console.result(f"{name:14} " + text("cli.lab_line", context.lang, title=title, goal=goal))


@dataclass(slots=True)
class Report:
    """What a run has shown. blocks: the last of each kind and name, in the order of their first."""

    lab: Lab
    context: Context
    as_json: bool = False
    blocks: dict[tuple[str, str], Block] = field(default_factory=dict)

    def open(self, seconds: float) -> None:
        """What runs, and how long it may take."""
        from app.labs.drawing import phrase

        title = phrase(self.lab.name, "title", self.context.lang)
        self.context.console.say(text("cli.lab_takes", self.context.lang, title=title, seconds=seconds))

    def take(self, event: Event) -> None:
        """Progress on the console; scores at once; blocks at the end, because a later one may replace them."""
        from app.labs.base import Progress, Score, Shown, to_row

        if isinstance(event, Progress):
            self._progress(event)
        elif self.as_json:
            self.context.console.emit(_finite(to_row(event)))
        elif isinstance(event, Score):
            self._score(event)
        if isinstance(event, Shown):
            self.blocks[type(event.block).__name__, event.block.name] = event.block
        elif not isinstance(event, Progress | Score):
            from app.labs.telling import used

            self.context.console.say(used(self.lab, [event], self.context.lang))

    def _progress(self, event: Any) -> None:
        from app.labs.drawing import phrase

        lang = self.context.lang
        what = phrase(self.lab.name, event.key, lang) if event.key else text("labs.working", lang)
        share = min(1.0, event.done / event.total) if event.total else 0.0
        self.context.console.show(text("cli.lab_bar", lang, what=what, share=share), share)

    def _score(self, score: Any) -> None:
        from app.labs.drawing import figure_of, named, phrase, span

        lang, name = self.context.lang, self.lab.name
        self.context.console.result(f"{named(name, 'score', score.name, lang)}: {figure_of(score, score.value)}")
        if score.outside:
            meaning = phrase(name, "outside", lang)
            self.context.console.say(text("cli.lab_outside", lang, span=span(score), meaning=meaning))

    def close(self) -> None:
        """Sentences and tables, on stdout."""
        from app.labs.base import Said, Table
        from app.labs.drawing import phrase

        if self.as_json:
            return
        for block in self.blocks.values():
            if isinstance(block, Said):
                self.context.console.result(phrase(self.lab.name, block.key, self.context.lang, **block.values))
            if isinstance(block, Table):
                self._table(block)

    def _table(self, table: Any) -> None:
        from app.commands.console import width
        from app.labs.drawing import cells, headings, named

        lang = self.context.lang
        rows = [headings(self.lab.name, table, lang), *(cells(self.lab.name, row, lang) for row in table.rows)]
        widths = [max(width(row[at]) for row in rows) for at in range(len(table.columns))]
        self.context.console.result(f"\n{named(self.lab.name, 'table', table.name, lang)}")
        for row in rows:
            line = "  ".join(one + " " * (wide - width(one)) for one, wide in zip(row, widths, strict=True))
            self.context.console.result(line.rstrip())

    def save(self, folder: Path) -> int:
        """Figures as HTML, tables as CSV, code as it is; how many files. Raises InputError where the folder cannot be written."""
        from app.labs.base import Code, Figure, Table
        from app.labs.drawing import document

        files: dict[str, str] = {}
        for block in self.blocks.values():
            if isinstance(block, Figure):
                files[f"{block.name}.html"] = document(self.lab.name, block, self.context.lang)
            elif isinstance(block, Table):
                files[f"{block.name}.csv"] = self._csv(block)
            elif isinstance(block, Code):
                files[f"{block.name}.{'py' if block.language == 'python' else 'txt'}"] = block.source
        _write(folder, files)
        return len(files)

    def _csv(self, table: Any) -> str:
        from app.labs.drawing import cells, headings

        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(headings(self.lab.name, table, self.context.lang))
        for row in table.rows:
            said = cells(self.lab.name, row, self.context.lang)
            writer.writerow([text if isinstance(value, str) else value for value, text in zip(row, said, strict=True)])
        return "\ufeff" + out.getvalue()  # so that spreadsheets read Korean as UTF-8


def _write(folder: Path, files: dict[str, str]) -> None:
    from models.files import write_atomic

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_atomic(folder / name, content.encode())
    except OSError as error:
        reason = error.strerror or str(error)
        detail = f"{folder} cannot be written ({reason}); choose another folder with --out"
        raise InputError(detail=detail, text_key="cli.lab_no_folder", path=folder, reason=reason) from error


def _finite(row: Any) -> Any:
    """JSON knows no infinity: None stands for what is not finite."""
    return json.loads(json.dumps(row), parse_constant=lambda _name: None)


COMMAND = Command("lab", configure, run)
