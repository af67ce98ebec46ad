"""Prompting, fine-tuning and RAG on the same questions: what the lesson of that name shows before a reader asks anything.

    python -m benchmarks.ways --home HOME [--model qwen2.5-coder-0.5b]

HOME holds the weights and the ingested course. Asks every question of data/lessons/ways-questions.jsonl in all five ways
(app/lessons/ways.py), the tuned ones with the adapter that ships, and writes data/lessons/ways.json: share right with 95 %
intervals and the mean seconds of an answer.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from app.adapter_scores import Mean
from app.keys import Keys
from app.lessons.asking import asker
from app.lessons.base import Result, Row, folder
from app.lessons.ways import METRICS, WAYS, Question, Said, questions
from app.settings import load
from app.wiring import Wiring
from evals.statistics import estimate


def measure(wiring: Wiring, asked: list[Question]) -> dict[str, list[tuple[Question, Said]]]:
    """Way -> each question with its answer."""
    ask, found = asker(wiring), defaultdict(list)
    for way in WAYS:
        for question in asked:
            said = ask(way, question.question)
            if said is not None:
                found[way].append((question, said))
                right = question.right(said.text, said.refused)
                print(way, question.id, right, round(said.seconds, 1), said.text[:60].replace("\n", " "), flush=True)
    return found


def row(way: str, answers: list[tuple[Question, Said]]) -> Row:
    """A way's line in the chart."""
    right = [(float(question.right(said.text, said.refused)),) for question, said in answers]
    share = estimate(Mean("correct"), right)
    seconds = sum(said.seconds for _, said in answers) / len(answers)
    assert share.value is not None and share.low is not None and share.high is not None
    return Row(
        way, {"correct": share.value, "seconds": seconds}, low={"correct": share.low}, high={"correct": share.high}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    arguments = parser.parse_args()
    settings = load(arguments.home, model=arguments.model, backend="local", offline=True)
    wiring, asked = Wiring(settings, Keys(arguments.home / "keys.toml", {})), questions()
    try:
        found = measure(wiring, asked)
    finally:
        wiring.close()
    made = {"model": arguments.model, "questions": len(asked), "cores": 2, "day": f"{datetime.now(UTC):%Y-%m-%d}"}
    result = Result(METRICS, tuple(row(way, answers) for way, answers in found.items()), made=made)
    text = json.dumps(result.to_dict(), ensure_ascii=False, indent=1)
    (folder() / "ways.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
