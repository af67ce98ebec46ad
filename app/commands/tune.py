"""`coursemate tune QUESTIONS`: searches the settings that answer a question set best, within the time a reader will wait.

Held-out figures on stderr, the trade-off between quality and first token on stdout, and a settings file that the app takes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.base import Command, Context
from app.ui.i18n import text
from models.errors import InputError

if TYPE_CHECKING:
    from evals.base import Case
    from evals.statistics import Difference, Estimate
    from evals.tuning.outcome import Tuned

SETTINGS, RESULT = "tuned.toml", "tuned.json"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("questions", nargs="+", type=Path, metavar="QUESTIONS", help=text("cli.tune_questions"))
    parser.add_argument("--backend", metavar="B", help=text("cli.ask_backend"))
    parser.add_argument("--first-token", type=float, metavar="S", help=text("cli.tune_first_token"))
    parser.add_argument("--answers", action="store_true", help=text("cli.tune_answers"))
    parser.add_argument("--prompts", default="few_shot,zero_shot,role", metavar="P[,P…]", help=text("cli.tune_prompts"))
    parser.add_argument("--out", type=Path, metavar="DIR", help=text("cli.tune_out"))
    parser.add_argument("--apply", action="store_true", help=text("cli.tune_apply"))
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    from app.tuning import Wanted, enough, tune, tuning_dir
    from evals.questions import load_cases
    from models.files import write_atomic

    if arguments.first_token is not None and not 0 < arguments.first_token < 3_600:
        params = {"value": arguments.first_token}
        raise InputError(detail=text("cli.tune_bad_first", "en", **params), text_key="cli.tune_bad_first", **params)
    cases, wiring = load_cases(arguments.questions), context.wiring
    wiring.choose(backend=arguments.backend)
    cases = _in_collection(cases, context)
    enough(cases, ", ".join(path.name for path in arguments.questions))
    folder = arguments.out or tuning_dir(wiring)
    prompts = tuple(name.strip() for name in arguments.prompts.split(",") if name.strip()) if arguments.answers else ()

    def told(what: str, share: float) -> None:
        context.console.show(text("cli.tune_bar", context.lang, what=what, share=share), share)

    tuned = tune(wiring, cases, Wanted(arguments.first_token, prompts), told)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / RESULT, json.dumps(tuned.to_dict(), ensure_ascii=False, indent=1).encode())
    write_atomic(folder / SETTINGS, _settings_file(tuned, context).encode())
    _tell(tuned, arguments, context)
    context.console.say(text("cli.tune_written", context.lang, path=folder / SETTINGS))
    if arguments.apply:
        wiring.change_settings(**tuned.settings())
        context.console.say(text("cli.tune_applied", context.lang, path=wiring.settings.settings_file))
    return 0


def _in_collection(cases: Sequence[Case], context: Context) -> list[Case]:
    """The cases whose gold documents are there; the others are counted and left out."""
    from app.evaluation import absent_documents, add_course_to_empty

    add_course_to_empty(context.wiring)
    absent = absent_documents(cases, context.wiring)
    without = {case_id for ids in absent.values() for case_id in ids}
    if without:
        names = ", ".join(sorted(absent)[:8])
        context.console.say(text("cli.eval_left_out", context.lang, questions=len(without), names=names))
    return [case for case in cases if case.id not in without]


def _settings_file(tuned: Tuned, context: Context) -> str:
    from evals.tuning.outcome import toml

    default, best = tuned.validated.default, tuned.validated.tuned
    return toml(tuned, text("cli.tune_about", context.lang, n=default.n, default=default.value, tuned=best.value))


def _tell(tuned: Tuned, arguments: argparse.Namespace, context: Context) -> None:
    from evals.tuning.outcome import table

    console, lang = context.console, context.lang
    if arguments.json:
        console.emit(tuned.to_dict())
    else:
        console.say(text("cli.tune_front", lang))
        shown = sorted({*tuned.front(), tuned.default, tuned.best}, key=lambda one: (one.cost, one.quality))
        for line in table(shown, {"default": tuned.default, "tuned": tuned.best}):
            console.result(line)
    held_out = tuned.validated
    _say_gain("cli.tune_held_out", held_out.default, held_out.tuned, held_out.gain, context)
    if tuned.settled:
        settled = tuned.settled
        _say_gain("cli.tune_answered", settled.default, settled.tuned, settled.gain, context)
    here, there = tuned.default.point, tuned.best.point
    if (here.chunk_tokens, here.chunk_overlap) != (there.chunk_tokens, there.chunk_overlap):
        console.say(text("cli.tune_rechunk", lang))


def _say_gain(key: str, default: Estimate, tuned: Estimate, gain: Difference | None, context: Context) -> None:
    if gain is None:
        return
    low, high = ("-" if end is None else f"{end:+.3f}" for end in (gain.low, gain.high))
    values = {"default": default.value, "tuned": tuned.value, "gain": gain.value, "low": low, "high": high, "n": gain.n}
    context.console.say(text(key, context.lang, **values))
    if not gain.shown:
        context.console.say(text("cli.tune_not_shown", context.lang))


COMMAND = Command("tune", configure, run)
