"""Summaries of the course's notes by the local models: key points covered and sentences supported, beside plain map-reduce.

The peer is what LangChain's guides show for long texts: pieces of 1,000 characters, a summary of each, one summary of those, as
an LCEL chain over the same model. `extract` is ours without a model, the sentences that are selected for reading.
A key point counts as covered where one sentence of the summary, or two neighbours, hold its strings (data/summaries); a sentence
as supported by the calibrated check against the whole document, the same for all systems.

    python -m benchmarks.summaries --home HOME --model qwen2.5-coder-1.5b --documents 4

HOME holds weights and the ingested course. Prints one JSON line a system and document, and their means at the end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda

from chains.calibration import load
from chains.ground import Grounder
from chains.summaries.base import Material, Request
from chains.summaries.checking import parts_of, passages_of
from chains.summaries.reading import material_of, read_file
from chains.summaries.styles import find_style
from chains.summarize import Summarizer
from evals.bench import Bench, open_bench
from ingest.base import Limits

ROOT = Path(__file__).parent.parent
COURSE, KEY_POINTS = ROOT / "data" / "course", ROOT / "data" / "summaries" / "course.jsonl"
MAP = "다음 글을 한국어로 짧게 요약하세요.\n\n{text}"
REDUCE = "다음은 한 문서의 부분별 요약입니다. 이를 모아 한국어 {count}문장으로 요약하세요.\n\n{text}"
Summarise = Callable[[Path, Material], list[str]]


def ours(bench: Bench, style: str, budget_s: float) -> Summarise:
    """The summary that people get."""
    summarizer = Summarizer(bench.preparer.retriever, bench.models)

    def summarise(path: Path, material: Material) -> list[str]:
        plan = summarizer.plan(Request(material, find_style(style), budget_s=budget_s))
        return [sentence.text for sentence in summarizer.summarise(plan).sentences]

    return summarise


def extract(bench: Bench, style: str, budget_s: float) -> Summarise:
    """The same with no model asked."""
    summarizer = Summarizer(bench.preparer.retriever, bench.models)

    def summarise(path: Path, material: Material) -> list[str]:
        plan = summarizer.plan(Request(material, find_style(style), budget_s=budget_s))
        unasked = replace(plan, steps=tuple(replace(step, asked=False) for step in plan.steps))
        return [sentence.text for sentence in summarizer.summarise(unasked).sentences]

    return summarise


def map_reduce(bench: Bench, style: str, budget_s: float) -> Summarise:
    """LangChain's plain map-reduce; whatever the model says is the summary."""
    model: Any = bench.models.model("local")
    count = find_style(style).sentences
    each = ChatPromptTemplate.from_template(MAP) | model.bind(max_tokens=150) | StrOutputParser()
    whole = ChatPromptTemplate.from_template(REDUCE) | model.bind(max_tokens=300) | StrOutputParser()
    joined = RunnableLambda(lambda said: {"text": "\n\n".join(said), "count": count})
    chain = RunnableLambda(lambda texts: [each.invoke({"text": text}) for text in texts]) | joined | whole

    def summarise(path: Path, material: Material) -> list[str]:
        text = path.read_text("utf-8")
        return parts_of(chain.invoke([text[i : i + 1000] for i in range(0, len(text), 1000)]))

    return summarise


SYSTEMS = {"extract": extract, "ours": ours, "map_reduce": map_reduce}


def coverage(sentences: Sequence[str], points: Sequence[dict[str, Any]]) -> float:
    """Share of key points whose strings stand together."""
    windows = [*sentences, *(" ".join(pair) for pair in pairwise(sentences))]
    folded = ["".join(window.split()).lower() for window in windows]

    def covered(groups: Sequence[Sequence[str]]) -> bool:
        wanted = [["".join(word.split()).lower() for word in group] for group in groups]
        return any(all(any(word in window for word in group) for group in wanted) for window in folded)

    return statistics.mean(covered(point["must_include"]) for point in points)


def supported(bench: Bench, sentences: Sequence[str], material: Material) -> float:
    """Share of sentences that some sentence of the document supports, with no number or name of their own."""
    rule = load()
    grounder = Grounder(passages_of(material.lines), bench.preparer.vectors, bench.preparer.idf, rule.support)
    checks = [grounder.check(sentence, "") for sentence in sentences]
    return statistics.mean(c.score >= rule.citation.support and not c.unsupported for c in checks) if checks else 0.0


def measure(bench: Bench, rows: Sequence[dict[str, Any]], arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One result a document and system."""
    for row in rows:
        path = COURSE / row["document"]
        material = material_of(read_file(path, Limits()))
        for name in arguments.systems:
            started = time.perf_counter()
            said = SYSTEMS[name](bench, arguments.style, arguments.budget_s)(path, material)
            seconds = time.perf_counter() - started
            figures = {"coverage": coverage(said, row["points"]), "supported": supported(bench, said, material)}
            yield {
                "system": name,
                "document": row["document"],
                **{key: round(value, 3) for key, value in figures.items()},
                "sentences": len(said),
                "characters": sum(map(len, said)),
                "seconds": round(seconds, 1),
                "summary": said,
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--documents", type=int, default=8)
    parser.add_argument("--style", default="문단")
    parser.add_argument("--budget-s", type=float, default=240.0)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in KEY_POINTS.read_text("utf-8").splitlines()][: arguments.documents]
    results: list[dict[str, Any]] = []
    with open_bench(arguments.home, arguments.model) as bench:
        for result in measure(bench, rows, arguments):
            results.append(result)
            print(json.dumps(result, ensure_ascii=False), flush=True)
    for name in arguments.systems:
        own = [result for result in results if result["system"] == name]
        keys = ("coverage", "supported", "sentences", "characters", "seconds")
        means = {key: round(statistics.mean(result[key] for result in own), 3) for key in keys}
        print(json.dumps({"system": name, "model": arguments.model, "documents": len(own), **means}))


if __name__ == "__main__":
    main()
