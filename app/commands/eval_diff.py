"""`coursemate eval diff RUN_A RUN_B [--metric correct] [--threshold 0.02]`: what got better, what got worse, and by how much.

Exits 1 where the figure of one system got worse by more than the threshold, so that CI can stop there.
"""

from __future__ import annotations

import argparse
import difflib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.ui.i18n import Language, text
from models.errors import InputError

if TYPE_CHECKING:
    from app.commands.base import Context
    from evals.base import AnyMetric
    from evals.diff import Change, RunDiff


def run(arguments: argparse.Namespace, context: Context) -> int:
    if len(arguments.questions) != 3:
        raise _wrong("cli.eval_need_diff")
    if not (math.isfinite(arguments.threshold) and arguments.threshold >= 0):
        raise _wrong("cli.eval_bad_threshold", threshold=arguments.threshold)
    from evals.diff import diff_runs
    from evals.run_folder import load_run

    metric = _metric(arguments.metric, context)
    earlier, later = (load_run(Path(name)) for name in arguments.questions[1:])
    past = False
    for found in diff_runs(earlier, later, metric):
        _show(found, arguments, context)
        if found.dropped > arguments.threshold:
            past = True
            params = {"metric": metric.name, "dropped": f"{found.dropped:.3f}", "threshold": arguments.threshold}
            context.console.say(text("cli.eval_diff_past", context.lang, system=found.later, **params))
    return 1 if past else 0


def _metric(name: str, context: Context) -> AnyMetric:
    """A metric by name; the embedder is loaded only for one that compares meanings."""
    from evals.suite import suite

    known = {metric.name: metric for metric in suite()}
    if name not in known and name == "semantic_similarity":
        known = {metric.name: metric for metric in suite(context.wiring.embedder())}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise _wrong("cli.eval_bad_metric", metric=name, near=near[0] if near else ", ".join(known))
    return known[name]


def _show(found: RunDiff, arguments: argparse.Namespace, context: Context) -> None:
    """JSON: one line a system. Else a sentence, then a line a question."""
    if arguments.json:
        context.console.emit(_row(found))
        return
    context.console.result(_sentence(found, context.lang))
    for key, changes in (("better", found.better), ("worse", found.worse)):
        for change in changes:
            name = text(f"cli.eval_diff_{key}", context.lang)
            line = f"  {name}  {change.case.id}  {change.before:g} → {change.after:g}  {change.case.question}"
            context.console.result(line.replace("\n", " "))


def _sentence(found: RunDiff, lang: Language) -> str:
    gap, up = found.gap, found.gap.value > 0
    key = "none" if not gap.shown else "better" if up == found.metric.higher_is_better else "worse"
    return text(
        "cli.eval_diff_line",
        lang,
        system=found.later if found.earlier == found.later else f"{found.earlier} → {found.later}",
        metric=found.metric.name,
        before=f"{found.before:.3f}",
        after=f"{found.before + gap.value:.3f}",
        gap=f"{gap.value:+.3f}",
        low="-" if gap.low is None else f"{gap.low:+.3f}",
        high="-" if gap.high is None else f"{gap.high:+.3f}",
        n=gap.n,
        verdict=text(f"cli.eval_diff_{key}", lang),
    )


def _row(found: RunDiff) -> dict[str, Any]:
    gap = found.gap
    return {
        "system": found.later,
        "earlier_system": found.earlier,
        "metric": found.metric.name,
        "before": found.before,
        "difference": {"value": gap.value, "low": gap.low, "high": gap.high, "n": gap.n, "shown": gap.shown},
        "dropped": found.dropped,
        "better": [_change(change) for change in found.better],
        "worse": [_change(change) for change in found.worse],
    }


def _change(change: Change) -> dict[str, Any]:
    return {"id": change.case.id, "question": change.case.question, "before": change.before, "after": change.after}


def _wrong(key: str, **params: Any) -> InputError:
    return InputError(detail=text(key, "en", **params), text_key=key, **params)
