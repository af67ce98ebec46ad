"""Answers of the local models on our question sets, beside the naive chain: right or wrong, refused or not, how fast.

The naive chain is what tutorials build: the top 4 chunks of 1,000 characters by embedding, stuffed into the prompt, and
whatever the model says is the answer (a refusal phrase counts as a refusal). Same weights, same engine, same questions, same
measure of correctness, so that speed isn't bought with wrong answers.

    python -m benchmarks.answer --home HOME --model qwen2.5-coder-1.5b
    python -m benchmarks.answer --home HOME --model qwen2.5-coder-0.5b --questions 60 --naive

HOME holds weights and the ingested course (`coursemate --home HOME ingest data/course`). Prints one JSON line a system.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from chains.answerable import is_refusal
from chains.rag import AskOptions
from evals.base import Case, Outcome
from evals.bench import Bench, open_bench
from evals.questions import load_cases
from evals.statistics import summarise
from evals.suite import suite
from models.types import Answer, Done, Sentence, Sources, Token

NAIVE_RULES = "다음 문맥만 사용해 질문에 한국어로 답하세요. 문맥에 답이 없으면 모른다고 답하세요."
FIGURES = ("correct", "false_refusal", "refused_unanswerable", "citation_format", "citation_precision")
QUESTIONS = Path(__file__).parent.parent / "data" / "questions"


def ours(bench: Bench, tokens: int | None, ahead: bool = False) -> Callable[[Case], tuple[Answer, dict[str, float]]]:
    """The engine's answer, and when sources and the first token were there.

    ahead: a draft of the question, its last three characters missing, was read before the question came.
    """

    def ask(case: Case) -> tuple[Answer, dict[str, float]]:
        options = AskOptions(tokens=tokens, thread=case.id)
        if ahead:
            bench.engine.read_ahead(case.question[:-3], options=options)
        started, marks, answer = time.perf_counter(), {}, None
        for event in bench.engine.stream(case.question, options=options):
            spent = (time.perf_counter() - started) * 1e3
            if isinstance(event, Sources):
                marks["sources_ms"] = spent
            elif isinstance(event, Token):
                marks.setdefault("first_ms", spent)
                marks["last_ms"] = spent
            elif isinstance(event, Done):
                answer = event.answer
        assert answer is not None
        total_ms = (time.perf_counter() - started) * 1e3
        written, engine_rate = answer.usage.completion_tokens or 0, bench.models.engine.writing_rate
        if written > 8 and "first_ms" in marks and engine_rate:
            marks["decode_share"] = (written - 1) / (marks["last_ms"] - marks["first_ms"]) * 1e3 / engine_rate
        return answer, marks | {"total_ms": total_ms}

    return ask


def naive(bench: Bench, course: Path) -> Callable[[Case], tuple[Answer, dict[str, float]]]:
    """Top 4 chunks of 1,000 characters by embedding, stuffed."""
    embedder = bench.preparer.retriever.embedder
    texts = [
        t[i : i + 1000]
        for p in sorted(course.glob("*.md"))
        for t in [p.read_text("utf-8")]
        for i in range(0, len(t), 1000)
    ]
    vectors = embedder.embed_passages(texts)
    model = bench.models.model("local")

    def ask(case: Case) -> tuple[Answer, dict[str, float]]:
        started, marks, said = time.perf_counter(), {}, ""
        best = np.argsort(-(vectors @ embedder.embed_question(case.question)))[:4]
        context = "\n\n".join(texts[i] for i in best)
        marks["sources_ms"] = (time.perf_counter() - started) * 1e3
        for piece in model.stream([("system", NAIVE_RULES), ("human", f"문맥:\n{context}\n\n질문: {case.question}")]):
            if piece.text:
                marks.setdefault("first_ms", (time.perf_counter() - started) * 1e3)
            said += piece.text
        refused = is_refusal(said) or "모르" in said[:40] or "모릅" in said[:40]
        answer = Answer(case.question, (Sentence(said, 0.0),), refused=refused)
        return answer, marks | {"total_ms": (time.perf_counter() - started) * 1e3}

    return ask


def run(
    name: str, ask: Callable[[Case], tuple[Answer, dict[str, float]]], cases: Sequence[Case], log: Path | None
) -> dict[str, object]:
    """The figures with n and 95 % interval each, and the median and 95th percentile of the times."""
    pairs, marks = [], defaultdict(list)
    for case, answer, spent in progress(ask, cases):
        pairs.append((case, Outcome(answer)))
        for key, value in spent.items():
            marks[key].append(value)
        if log:
            write(log, name, case, answer, spent)
    estimates = {metric.name: summarise(metric, pairs) for metric in suite() if metric.name in FIGURES}
    figures = {key: [estimate.value, estimate.low, estimate.high, estimate.n] for key, estimate in estimates.items()}
    times = {key: np.quantile(values, [0.5, 0.95]).tolist() for key, values in marks.items()}
    return {"system": name, "cases": len(cases)} | rounded(figures | times)


def rounded(figures: dict[str, list[float | None]]) -> dict[str, object]:
    """Three digits; milliseconds whole."""
    return {
        key: [None if v is None else round(v) if key.endswith("_ms") else round(v, 3) for v in values]
        for key, values in figures.items()
    }


def progress(
    ask: Callable[[Case], tuple[Answer, dict[str, float]]], cases: Sequence[Case]
) -> Iterator[tuple[Case, Answer, dict[str, float]]]:
    """Answers in turn, with a line on stderr each."""
    for number, case in enumerate(cases, start=1):
        answer, spent = ask(case)
        print(f"{number}/{len(cases)} {case.id} {spent['total_ms']:.0f} ms", file=sys.stderr)
        yield case, answer, spent


def write(log: Path, name: str, case: Case, answer: Answer, spent: dict[str, float]) -> None:
    """One JSON line an answer, to read errors by eye."""
    row = {
        "system": name,
        "id": case.id,
        "question": case.question,
        "answerable": case.answerable,
        "refused": answer.refused,
        "reason": answer.reason,
        "answer": answer.text,
        "must_include": case.must_include,
        "sentences": [(s.text, s.support, s.citations, s.unsupported) for s in answer.sentences],
        "quotes": [(c.n, c.quote) for c in answer.citations],
        "tags": case.tags,
    }
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row | spent, ensure_ascii=False) + "\n")


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--adapter", type=Path, help="folder of an adapter (docs/adapters.md)")
    parser.add_argument("--questions", type=int, default=0, help="a random sample of this many; 0: all")
    parser.add_argument("--tokens", type=int, help="packing budget; default: what the host reads in the normal time")
    parser.add_argument("--naive", action="store_true", help="run the naive chain too")
    parser.add_argument("--ahead", action="store_true", help="run with the draft read ahead too")
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    cases = load_cases(sorted(QUESTIONS.glob("course-*.jsonl")))
    if arguments.questions:
        cases = random.Random(3).sample(cases, arguments.questions)
    with open_bench(arguments.home, arguments.model, arguments.adapter) as bench:
        systems = {"coursemate": ours(bench, arguments.tokens)}
        if arguments.ahead:
            systems["coursemate, read ahead"] = ours(bench, arguments.tokens, ahead=True)
        if arguments.naive:
            systems["naive"] = naive(bench, QUESTIONS.parent / "course")
        for name, ask in systems.items():
            print(
                json.dumps({"model": arguments.model} | run(name, ask, cases, arguments.log), ensure_ascii=False),
                flush=True,
            )


if __name__ == "__main__":
    main()
