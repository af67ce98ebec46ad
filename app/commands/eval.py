"""`coursemate eval QUESTIONS --backend a[,b…] --out DIR`: every question to every backend, and a report; resumable.

`coursemate eval diff RUN_A RUN_B` names what got better and what got worse (app/commands/eval_diff.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands import eval_diff
from app.commands.ask import NO_ADAPTER
from app.commands.base import Command, Context
from app.commands.console import duration
from app.ui.i18n import text
from models.errors import InputError

if TYPE_CHECKING:
    from chains.compare import Contender
    from evals.base import Case
    from evals.judge import Judge
    from evals.run import RunProgress
    from evals.run_folder import Run
    from evals.systems import System

DIFF, TAKE_ADAPTERS = "diff", ("local", "hf")
MOST_K, MOST_TOKENS, NAMED = 100, 5_000, 8


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("questions", nargs="+", metavar="QUESTIONS", help=text("cli.eval_questions"))
    parser.add_argument("--backend", metavar="B[,B…]", help=text("cli.eval_backend"))
    parser.add_argument("--adapter", action="append", metavar="A", help=text("cli.eval_adapter"))
    parser.add_argument("--retrieval-only", action="store_true", help=text("cli.eval_retrieval"))
    parser.add_argument("--speed", choices=("fast", "normal", "thorough"), help=text("cli.ask_speed"))
    parser.add_argument("-k", type=int, default=10, metavar="N", help=text("cli.eval_k"))
    parser.add_argument("--tokens", type=int, metavar="N", help=text("cli.eval_tokens"))
    parser.add_argument("--judge", metavar="B", help=text("cli.eval_judge"))
    parser.add_argument("--seed", type=int, default=0, metavar="N", help=text("cli.eval_seed"))
    parser.add_argument("--out", type=Path, metavar="DIR", help=text("cli.eval_out"))
    parser.add_argument("--again", action="store_true", help=text("cli.eval_again"))
    parser.add_argument("--allow-missing", action="store_true", help=text("cli.eval_allow_missing"))
    parser.add_argument("--json", action="store_true", help=text("cli.json"))
    parser.add_argument("--threshold", type=float, default=0.02, metavar="X", help=text("cli.eval_threshold"))
    parser.add_argument("--metric", default="correct", metavar="M", help=text("cli.eval_metric"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.questions[0] == DIFF:
        return eval_diff.run(arguments, context)
    _check(arguments)
    from evals.questions import load_cases

    cases = load_cases([Path(name) for name in arguments.questions])
    contenders = [] if arguments.retrieval_only else _contenders(arguments, context)
    context.wiring.choose(speed=arguments.speed, seed=arguments.seed)
    cases = _with_documents(cases, arguments, context)
    finished = _evaluate(cases, _systems(contenders, arguments, context), arguments, context)
    return _tell(finished, arguments, context)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.out is None:
        raise wrong("cli.eval_need_out")
    if not 1 <= arguments.k <= MOST_K:
        raise wrong("cli.eval_bad_k", k=arguments.k)
    if arguments.tokens is not None and not 1 <= arguments.tokens <= MOST_TOKENS:
        raise wrong("cli.eval_bad_tokens", tokens=arguments.tokens)
    if arguments.judge and arguments.retrieval_only:
        raise wrong("cli.eval_judge_alone")


def _contenders(arguments: argparse.Namespace, context: Context) -> list[Contender]:
    """Each backend named, and where it takes adapters and names none, once with each of those given."""
    from chains.compare import Contender

    named = [
        Contender.parse(name) for name in (arguments.backend or context.settings.backend).split(",") if name.strip()
    ]
    own = context.wiring.pool.adapter_of("local")
    adapters = ["" if a == NO_ADAPTER else a for a in arguments.adapter or [own]]
    chosen: list[Contender] = []
    for contender in named:
        open_to_adapters = contender.backend in TAKE_ADAPTERS and not contender.adapter
        chosen += [replace(contender, adapter=a) for a in adapters] if open_to_adapters else [contender]
    for contender in chosen:
        context.wiring.pool.backend(contender.backend)
        contender.asked_with  # noqa: B018  raises where the prompt is none
    return chosen


def _with_documents(cases: Sequence[Case], arguments: argparse.Namespace, context: Context) -> list[Case]:
    """The cases whose gold documents are in the collection; the others are named, and fail unless they may be missing."""
    from app.commands.progress import ingesting
    from app.evaluation import absent_documents, add_course_to_empty

    add_course_to_empty(context.wiring, lambda progress: context.console.show(*ingesting(progress, context.lang)))
    absent = absent_documents(cases, context.wiring)
    if not absent:
        return list(cases)
    without = {case_id for ids in absent.values() for case_id in ids}
    names = listed([unprintable_safe(name) for name in absent])
    if not arguments.allow_missing:
        place = {"collection": context.wiring.settings.collection, "count": len(absent), "questions": len(without)}
        raise wrong("cli.eval_absent", names=names, **place)
    if without >= {case.id for case in cases if case.answerable}:
        raise wrong("cli.eval_nothing_left", names=names)
    context.console.say(text("cli.eval_left_out", context.lang, questions=len(without), names=names))
    return [case for case in cases if case.id not in without]


def _systems(contenders: Sequence[Contender], arguments: argparse.Namespace, context: Context) -> list[System]:
    from app import evaluation

    if arguments.retrieval_only:
        return [evaluation.retrieval(context.wiring, arguments.k)]
    return evaluation.systems(context.wiring, contenders, arguments.tokens)


def _evaluate(cases: Sequence[Case], systems: Sequence[System], arguments: argparse.Namespace, context: Context) -> Run:
    from app.evaluation import cache_dir
    from evals.run import RunOptions
    from evals.run import run as run_systems

    options = RunOptions(
        seed=arguments.seed,
        cache=cache_dir(context.wiring),
        again=arguments.again,
        judge=_judge(arguments, context),
        embedder=context.wiring.embedder(),
        title=", ".join(Path(name).stem for name in arguments.questions),
        language=context.lang,
    )

    def show(progress: RunProgress) -> None:
        line = text("cli.eval_bar", context.lang, **_bar(progress))
        context.console.show(line, (progress.done + progress.failed) / max(1, progress.total))

    return run_systems(cases, systems, arguments.out, show, options=options)


def _bar(progress: RunProgress) -> dict[str, Any]:
    counts = {"done": progress.done, "total": progress.total, "failed": progress.failed}
    return {**counts, "eta": duration(progress.eta_s), "system": progress.system}


def _judge(arguments: argparse.Namespace, context: Context) -> Judge | None:
    if not arguments.judge:
        return None
    from app.evaluation import cache_dir, judge

    def show(done: int, total: int) -> None:
        context.console.show(text("cli.eval_judging", context.lang, done=done, total=total), done / max(1, total))

    grader = judge(context.wiring, arguments.judge, cache_dir(context.wiring))
    grader.progress = show
    return grader


def _tell(finished: Run, arguments: argparse.Namespace, context: Context) -> int:
    """The figures on stdout, what is missing and where the report is on stderr."""
    from evals.run import failures_of
    from evals.run_folder import REPORT, TABLE

    console, lang = context.console, context.lang
    if arguments.json:
        for system in finished.summary["systems"]:
            console.emit(system)
    else:
        console.result((finished.folder / TABLE).read_text(encoding="utf-8").rstrip())
    for system, reasons in failures_of(finished).items():
        for why, ids in reasons:
            params = {"system": system, "count": len(ids), "ids": listed(ids), "why": why}
            console.say(text("cli.eval_missing", lang, **{**params, "why": why or text("cli.eval_not_asked", lang)}))
    if finished.missing:
        console.say(text("cli.eval_continue", lang))
    judge = finished.summary["judge"]
    if judge:
        counts = {"graded": judge["graded"], "unreadable": judge["unreadable"]}
        console.say(text("cli.eval_judged", lang, judge=judge["name"], **counts))
    console.say(text("cli.eval_report", lang, path=finished.folder / REPORT))
    return 1 if finished.missing else 0


def listed(names: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" … (+{more})" if more > 0 else "")


def unprintable_safe(name: str) -> str:
    """A name from a file, on one line."""
    return " ".join(name.split())


def wrong(key: str, **params: Any) -> InputError:
    """What was typed cannot be used, in both languages."""
    return InputError(detail=text(key, "en", **params), text_key=key, **params)


COMMAND = Command("eval", configure, run)
