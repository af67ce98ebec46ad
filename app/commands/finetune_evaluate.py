"""`coursemate finetune evaluate ADAPTER --questions SET`: base against tuned, with intervals; into the adapter's scores and card."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from app.commands.base import Command, Context
from app.ui.i18n import text
from models.errors import InputError

MOST = 100_000


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("adapter", metavar="ADAPTER", help=text("cli.adapters_name"))
    parser.add_argument(
        "--questions", type=Path, nargs="+", default=[], metavar="SET", help=text("cli.evaluate_questions")
    )
    parser.add_argument("-n", type=int, default=0, metavar="N", help=text("cli.evaluate_n"))
    parser.add_argument("--reading", type=Path, metavar="FILE", help=text("cli.evaluate_reading"))
    parser.add_argument("--reading-n", type=int, default=80, metavar="N", help=text("cli.evaluate_reading_n"))
    parser.add_argument("--no-loss", action="store_true", help=text("cli.evaluate_no_loss"))
    parser.add_argument("--speed", choices=("fast", "normal", "thorough"), help=text("cli.ask_speed"))
    parser.add_argument("--seed", type=int, default=0, metavar="N", help=text("cli.eval_seed"))
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def run(arguments: argparse.Namespace, context: Context) -> int:
    from app.adapter_scores import Wanted, backend_of, evaluate
    from app.finetuning import Bench

    for name in ("n", "reading_n"):
        value = getattr(arguments, name)
        if not 0 <= value <= MOST:
            detail = text("cli.evaluate_bad_n", "en", value=value, most=MOST)
            raise InputError(detail=detail, text_key="cli.evaluate_bad_n", value=value, most=MOST)
    wiring, bench = context.wiring, Bench(context.wiring)
    adapter = bench.registry.find(arguments.adapter)
    bench.answer_with(adapter, backend_of(adapter))
    wiring.choose(speed=arguments.speed, seed=arguments.seed)
    wanted = Wanted(
        questions=tuple(arguments.questions),
        n=arguments.n,
        reading=arguments.reading,
        reading_n=arguments.reading_n,
        loss=not arguments.no_loss,
        seed=arguments.seed,
    )

    def told(what: str, share: float) -> None:
        context.console.show(text("cli.evaluate_bar", context.lang, what=what, share=share), share)

    scores = evaluate(wiring, adapter.name, wanted, told)
    if not adapter.shipped:
        bench.write_card(adapter.name)
    _tell(scores, arguments, context)
    return 0


def _tell(scores: dict[str, Any], arguments: argparse.Namespace, context: Context) -> None:
    if arguments.json:
        context.console.emit(scores)
        return
    for row in scores["metrics"]:
        low, high = ("-" if end is None else f"{end:+.3f}" for end in (row["low"], row["high"]))
        values = {key: row[key] for key in ("metric", "set", "n", "base", "tuned", "gain")}
        context.console.result(text("cli.evaluate_row", context.lang, low=low, high=high, **values))
    for key, value in scores.get("forgetting", {}).items():
        context.console.result(f"{key}: {value:.4g}")


PARTS = (Command("evaluate", configure, run),)
