"""`coursemate finetune methods|probe|run|stop|resume|runs|log`: training, watched through its journal.

A run is a process of its own: it goes on when this one ends. `run` and `resume` follow it; the first Ctrl-C stops it and keeps what it
has learnt, --detach does not follow at all.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.commands.base import Command, Context
from app.commands.console import duration, size
from app.ui.i18n import Language, localize, text
from models.errors import InputError

if TYPE_CHECKING:
    from finetune.base import Event
    from finetune.recipe import Recipe
    from finetune.runs import Run, Runs

FAILED, INTERRUPTED = 1, 130
SILENT = frozenset({"failed", "saved"})
SHORT = ("method", "base", "data", "steps", "learning_rate")


def configure_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", nargs="?", default="lora", metavar="RECIPE", help=text("cli.finetune_recipe"))
    for name in SHORT:
        flag = "--" + name.replace("_", "-")
        parser.add_argument(flag, dest=name, metavar=name.upper(), help=text(f"cli.finetune_set_{name}"))
    parser.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help=text("cli.finetune_set")
    )
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def configure_run(parser: argparse.ArgumentParser) -> None:
    configure_recipe(parser)
    parser.add_argument("--name", default="", metavar="NAME", help=text("cli.finetune_run_name"))
    _may_detach(parser)


def configure_resume(parser: argparse.ArgumentParser) -> None:
    configure_name(parser)
    _may_detach(parser)


def configure_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="RUN", help=text("cli.finetune_which_run"))
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def configure_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def _may_detach(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--detach", action="store_true", help=text("cli.finetune_detach"))


def run_methods(arguments: argparse.Namespace, context: Context) -> int:
    from finetune.recipe import methods, shipped

    recipes = shipped()
    for name, method in methods().items():
        label = method.label_ko if context.lang == "ko" else method.label
        defaults = method.Options().model_dump()
        if arguments.json:
            row = {"name": name, "label": label, "serves": list(method.serves), "options": defaults}
            context.console.emit({**row, "recipe": name if name in recipes else None})
        else:
            options = ", ".join(f"{key}={value}" for key, value in defaults.items())
            context.console.result(f"{name:8} {label}  ({options})")
    return 0


def run_probe(arguments: argparse.Namespace, context: Context) -> int:
    from app.machine import memory
    from finetune.probe import probe

    recipe, settings = _recipe(arguments), context.settings
    context.console.say(text("cli.finetune_probing", context.lang))
    found = probe(recipe, settings.home, settings.weights_dir, memory().available)
    if arguments.json:
        context.console.emit(found.to_dict())
        return 0
    sentence = text(
        "cli.finetune_probed",
        context.lang,
        step=f"{found.s_per_step:.1f}",
        memory=size(found.peak_bytes),
        steps=found.steps,
        total=duration(found.total_s),
        disk=size(found.disk_bytes),
        tokens=f"{found.tokens_per_s:.0f}",
    )
    context.console.result(sentence)
    return 0


def run_run(arguments: argparse.Namespace, context: Context) -> int:
    run = _runs(context).start(_recipe(arguments), arguments.name)
    return _watched(run, arguments, context)


def run_resume(arguments: argparse.Namespace, context: Context) -> int:
    return _watched(_runs(context).resume(arguments.name), arguments, context)


def run_stop(arguments: argparse.Namespace, context: Context) -> int:
    runs = _runs(context)
    runs.stop(arguments.name)
    context.console.say(text("cli.finetune_stopping", context.lang, name=arguments.name))
    for _ in runs.follow(arguments.name):
        pass
    return _ended(runs.find(arguments.name), arguments, context)


def run_runs(arguments: argparse.Namespace, context: Context) -> int:
    for run in _runs(context).all():
        if arguments.json:
            context.console.emit(run.to_dict())
        else:
            state = text(f"bench.state_{run.state}", context.lang)
            at = f"{run.step}/{run.steps}"
            context.console.result(
                f"{run.name}  {state}  {at}  {run.recipe.method}  {run.recipe.base}  {run.recipe.data}"
            )
    return 0


def run_log(arguments: argparse.Namespace, context: Context) -> int:
    for event in _runs(context).find(arguments.name).journal.events():
        _tell(event, arguments, context)
    return 0


def _runs(context: Context) -> Runs:
    from finetune.runs import Runs

    return Runs(context.settings.home, context.settings.weights_dir)


def _recipe(arguments: argparse.Namespace) -> Recipe:
    """The named recipe with what the command line changes in it. Raises InputError."""
    from finetune.recipe import changed, find

    values: dict[str, Any] = {name: getattr(arguments, name) for name in SHORT if getattr(arguments, name) is not None}
    for change in arguments.changes:
        key, given, value = change.partition("=")
        if not given or not key:
            detail = f"--set {change!r} cannot be read: write KEY=VALUE, such as --set options.r=16"
            raise InputError(detail=detail, text_key="cli.finetune_bad_set", value=change[:80])
        values[key.strip()] = value.strip()
    return changed(find(arguments.recipe), values)


def _watched(run: Run, arguments: argparse.Namespace, context: Context) -> int:
    """Follows the run to its end; Ctrl-C stops it and keeps what it has."""
    from app.commands.interrupts import interruptible

    runs, console = _runs(context), context.console
    console.say(text("cli.finetune_started", context.lang, name=run.name))
    if arguments.detach:
        if arguments.json:
            console.emit(run.to_dict())
        return 0
    asked = False
    with interruptible() as cancel:
        for event in runs.follow(run.name):
            if cancel.is_set() and not asked and runs.training() == run.name:
                asked = True
                runs.stop(run.name)
                console.say(text("cli.finetune_stopping", context.lang, name=run.name))
            if event is not None:
                _tell(event, arguments, context)
    console.clear()
    code = _ended(runs.find(run.name), arguments, context)
    return INTERRUPTED if asked and code == 0 else code


def _tell(event: Event, arguments: argparse.Namespace, context: Context) -> None:
    """An event as a line of the result, or as progress on the terminal."""
    if arguments.json:
        context.console.emit({"kind": event.kind, "step": event.step, "at": event.at, **event.values})
        return
    line = told(event, context.lang)
    if line:
        context.console.result(line)


def told(event: Event, lang: Language) -> str:
    """The event in words; "" for one that says nothing a reader needs."""
    values = {name: _short(value) for name, value in event.values.items()}
    if event.kind == "step":
        values["left"] = duration(event.values.get("left_s"))
    if event.kind in SILENT:
        return ""
    return text(f"cli.finetune_event_{event.kind}", lang, step=event.step, **values)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _ended(run: Run, arguments: argparse.Namespace, context: Context) -> int:
    """The last word on the run, and the exit code."""
    if run.error:
        context.console.say(localize(run.error, context.lang))
        return FAILED
    key = f"cli.finetune_end_{run.state}"
    context.console.say(text(key, context.lang, name=run.name, folder=str(run.result or run.folder)))
    return FAILED if run.state == "interrupted" else 0


PARTS = (
    Command("methods", configure_json, run_methods),
    Command("probe", configure_recipe, run_probe),
    Command("run", configure_run, run_run),
    Command("resume", configure_resume, run_resume),
    Command("stop", configure_name, run_stop),
    Command("runs", configure_json, run_runs),
    Command("log", configure_name, run_log),
)
