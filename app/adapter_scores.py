"""What an adapter gained and forgot: base against tuned on the same questions, paired, with intervals; into its scores.json.

    scores = evaluate(wiring, "mine", Wanted(questions=(Path("set.jsonl"),)), told)

Three looks, each left out where it cannot be had: the chat's own metrics over question sets, loss on the held-out part of its data
with what was forgotten (in PyTorch), and reading comprehension over a SQuAD-format file.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evals.base import AnyMetric, Case, Group, Outcome
from models.errors import InputError

if TYPE_CHECKING:
    from app.wiring import Wiring
    from evals.run_folder import Run
    from evals.statistics import Row
    from finetune.adapter import Adapter
    from finetune.losses import Compared

SHOWN = (
    "correct",
    "char_f1",
    "citation_format",
    "citation_precision",
    "supported_sentences",
    "invented_numbers",
    "false_refusal",
    "refused_unanswerable",
    "first_token_ms",
    "total_ms",
)
Told = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """questions: sets, n of each drawn by the seed, 0 for all. reading: a SQuAD-format file, reading_n of its questions.

    loss: whether the held-out part and what was forgotten are measured, which loads the model in PyTorch; loss_n: examples.
    """

    questions: tuple[Path, ...] = ()
    n: int = 0
    reading: Path | None = None
    reading_n: int = 80
    loss: bool = True
    loss_n: int = 40
    seed: int = 0


@dataclass(slots=True)
class Mean:
    """A figure that is the mean of what it is given, so that evals/statistics.py can say how sure it is."""

    name: str
    group: Group = "answer"
    higher_is_better: bool = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """It is given its rows, and measures nothing itself."""
        return None


@dataclass(slots=True)
class Perplexity:
    """exp of the loss a token, over all tokens of all examples."""

    name: str = "perplexity"
    group: Group = "answer"
    higher_is_better: bool = False

    def parts(self, case: Case, outcome: Outcome) -> tuple[float, ...] | None:
        """It is given its rows, and measures nothing itself."""
        return None

    def combine(self, sums: NDArray[np.float64]) -> float | None:
        return math.exp(min(50.0, float(sums[0] / sums[1]))) if sums[1] else None


def evaluate(wiring: Wiring, name: str, wanted: Wanted, told: Told) -> dict[str, Any]:
    """Measures, and keeps the figures beside the adapter, where its folder may be written; those of other sets stay.

    Raises InputError, MissingError, BackendError; what was measured until then is kept by evals' cache.
    """
    from finetune.adapter import SCORES, write_json

    adapter = wiring.pool.adapters.registry.find(name)
    rows: list[dict[str, Any]] = []
    extra: dict[str, Any] = {}
    if wanted.questions:
        rows += _by_questions(wiring, adapter, wanted, told)
    if wanted.reading is not None:
        reading, about = _by_reading(wiring, adapter, wanted, told)
        rows += reading
        extra["reading"] = about
    if wanted.loss and _in_torch(adapter):
        losses, forgetting = _by_loss(wiring, adapter, wanted, told)
        rows += losses
        extra["forgetting"] = forgetting
    scores = merged(adapter.scores, rows, extra)
    if not adapter.shipped:
        write_json(adapter.folder / SCORES, scores)
    return scores


def merged(old: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], extra: Mapping[str, Any]) -> dict[str, Any]:
    """The new figures, and the old ones of other metrics and sets."""
    new = {(row["metric"], row["set"]) for row in rows}
    kept = [row for row in old.get("metrics", ()) if (row.get("metric"), row.get("set")) not in new]
    evaluated = datetime.now(UTC).isoformat(timespec="minutes")
    return {**old, **extra, "evaluated": evaluated, "metrics": [*rows, *kept]}


def backend_of(adapter: Adapter) -> str:
    """Which backend answers with it."""
    return "local" if adapter.gguf is not None or adapter.is_lora else "hf"


def _in_torch(adapter: Adapter) -> bool:
    import importlib.util

    return (adapter.is_lora or adapter.gguf is None) and importlib.util.find_spec("torch") is not None


def _by_questions(wiring: Wiring, adapter: Adapter, wanted: Wanted, told: Told) -> list[dict[str, Any]]:
    from app import evaluation
    from chains.compare import Contender
    from evals.questions import load_cases
    from evals.run import RunOptions, RunProgress, run
    from evals.summary import summarise_run

    backend, rows = backend_of(adapter), []
    contenders = [Contender(backend), Contender(backend, adapter=adapter.name)]
    for path in wanted.questions:
        cases = sampled(load_cases([path]), wanted.n, wanted.seed)
        evaluation.add_course_to_empty(wiring)
        absent = {case_id for ids in evaluation.absent_documents(cases, wiring).values() for case_id in ids}
        cases = [case for case in cases if case.id not in absent]
        if not cases:
            detail = f"The documents of {path.name} are not in this collection; add them with `coursemate ingest`"
            raise InputError(detail=detail, text_key="adapter.no_documents", name=path.name)
        systems = evaluation.systems(wiring, contenders)

        def show(now: RunProgress, of: str = path.stem) -> None:
            told(of, (now.done + now.failed) / max(1, now.total))

        options = RunOptions(wanted.seed, evaluation.cache_dir(wiring), embedder=wiring.embedder(), title=path.stem)
        folder = _folder(wiring, adapter.name, [*cases, *(system.fingerprint for system in systems)])
        finished = run(cases, systems, folder, show, options=options)
        _require_whole(finished)
        summary = summarise_run(finished)
        base, tuned = (system.name for system in systems)
        for metric in (name for name in SHOWN if name in summary.metrics):
            before, after = summary.rows[base][metric], summary.rows[tuned][metric]
            row = compared_row(summary.metrics[metric], path.stem, before, after, wanted.seed)
            rows += [row] if row else []
    return rows


def _require_whole(finished: Run) -> None:
    """Raises InputError where answers are missing: what has come is kept, and the same command goes on with the rest."""
    from evals.run import failures_of

    count = sum(len(ids) for ids in finished.missing.values())
    if count:
        why = next((why for reasons in failures_of(finished).values() for why, _ in reasons if why), "-")
        detail = f"{count} answers are missing ({why}); the same command asks for them alone"
        raise InputError(detail=detail, text_key="adapter.answers_missing", count=count, why=why)


def sampled(cases: Sequence[Case], n: int, seed: int) -> list[Case]:
    """n of them, drawn by the seed, in their order; all for 0."""
    if not n or n >= len(cases):
        return list(cases)
    chosen = sorted(random.Random(seed).sample(range(len(cases)), n))  # noqa: S311 - a sample, no secret
    return [cases[i] for i in chosen]


def compared_row(
    metric: AnyMetric, of: str, before: Sequence[Row | None], after: Sequence[Row | None], seed: int = 0
) -> dict[str, Any] | None:
    """One line of scores.json, over what both have; None where that is nothing."""
    from evals.statistics import difference, value_of

    pairs = [(one, two) for one, two in zip(before, after, strict=True) if one is not None and two is not None]
    gap = difference(metric, before, after, seed)
    if gap is None:
        return None
    return {
        "metric": metric.name,
        "set": of,
        "n": gap.n,
        "base": value_of(metric, [one for one, _ in pairs]),
        "tuned": value_of(metric, [two for _, two in pairs]),
        "gain": gap.value,
        "low": gap.low,
        "high": gap.high,
        "shown": gap.shown,
        "higher_is_better": metric.higher_is_better,
    }


def _folder(wiring: Wiring, name: str, parts: Sequence[object]) -> Path:
    """Where the run is kept: another one for other questions, weights or settings."""
    digest = hashlib.sha256("\0".join(map(repr, parts)).encode()).hexdigest()[:12]
    return wiring.home / "evals" / "adapters" / f"{name}-{digest}"


def _by_reading(
    wiring: Wiring, adapter: Adapter, wanted: Wanted, told: Told
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    from app import reading

    if wanted.reading is None:
        return [], {}
    items = reading.load(wanted.reading)
    texts = _trained_texts(wiring, adapter)
    left = items if texts is None else reading.unseen(items, texts)
    chosen = reading.drawn(left, wanted.reading_n, wanted.seed)
    backend = backend_of(adapter)
    models = [wiring.pool.model(backend, ""), wiring.pool.model(backend, adapter.name)]
    wiring.pool.hold(backend, [adapter.name])
    models[0] = wiring.pool.model(backend, "")  # on the engine that has the adapter, too
    before, after = reading.ask_all(models, chosen, lambda done, total: told(wanted_name(wanted), done / total))
    rows = [
        compared_row(
            Mean(name), wanted_name(wanted), [(row[i],) for row in before], [(row[i],) for row in after], wanted.seed
        )
        for i, name in enumerate(("exact_match", "char_f1"))
    ]
    about = {"file": wanted_name(wanted), "left_out": len(items) - len(left), "training_known": texts is not None}
    return [row for row in rows if row], about


def wanted_name(wanted: Wanted) -> str:
    return wanted.reading.stem if wanted.reading else ""


def _trained_texts(wiring: Wiring, adapter: Adapter) -> list[str] | None:
    """Everything that training showed; None where the very dataset is not here any more."""
    from finetune.base import PARTS
    from finetune.data.store import Datasets

    try:
        dataset = Datasets(wiring.home).find(adapter.made.data)
    except InputError:
        return None
    if dataset.about.sha256 != adapter.made.data_sha256:
        return None
    return [message["content"] for part in PARTS for example in dataset.examples(part) for message in example.messages]


def _by_loss(
    wiring: Wiring, adapter: Adapter, wanted: Wanted, told: Told
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    from finetune.base_model import locate
    from finetune.data.store import Datasets
    from finetune.losses import compared

    try:
        examples = Datasets(wiring.home).find(adapter.made.data).examples("test")[: wanted.loss_n]
    except InputError:
        examples = []
    base = locate(adapter.made.base, wiring.home, wiring.weights())
    shares = {"base": 0.1, "tuned": 0.6}
    found = compared(base, adapter.made.method, adapter.folder, examples, lambda what: told(what, shares[what]))
    row = compared_row(Perplexity(), f"{adapter.made.data} (test)", found.before, found.after, wanted.seed)
    return [row] if row else [], _forgetting(found)


def _forgetting(found: Compared) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for when, memory in (("base", found.memory_before), ("tuned", found.memory_after)):
        if memory is not None:
            told |= {f"{when}_{key}": value for key, value in asdict(memory).items()}
    return told
