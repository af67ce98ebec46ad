"""What each part of the prompt is worth to a small model: variants of rules and examples on one sample of questions.

The passages are packed once and are the same for every variant; the raw draft is judged, before any check of ours.

    python -m benchmarks.prompts --home HOME --model qwen2.5-coder-1.5b --questions 40

Prints a Markdown table; docs/prompts.md holds the last one.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from chains.answerable import is_refusal
from chains.pack import Budget
from chains.prepare import Prepared
from chains.prompts import EXAMPLES, HUMAN, RULES, render_passages
from evals.base import Case
from evals.bench import Bench, open_bench
from evals.matching import holds
from evals.questions import load_cases

QUESTIONS = Path(__file__).parent.parent / "data" / "questions"
SHORT = "자료만 보고 한국어로 짧게 답하고 근거 번호를 [1]처럼 적으세요. 자료에 답이 없으면 없다고 하세요."
ENGLISH = (
    "You are a teaching assistant. Answer in Korean, in one or two sentences, using only the numbered passages, and put the "
    'number of the passage like [1] after each sentence. If they do not hold the answer, say only "자료에서 답을 찾을 수 없습니다."'
)
VARIANTS: dict[str, tuple[str, Sequence[tuple[str, str]]]] = {
    "one line": (SHORT, ()),
    "rules": (RULES, ()),
    "rules in English": (ENGLISH, ()),
    "rules, 2 examples, no refusal": (RULES, EXAMPLES[1:3]),
    "rules, 4 examples (shipped)": (RULES, EXAMPLES),
}


def ask(bench: Bench, prepared: Prepared, variant: tuple[str, Sequence[tuple[str, str]]]) -> str:
    """The model's draft under one variant."""
    rules, examples = variant
    shown = [message for asked, said in examples for message in (HumanMessage(asked), AIMessage(said))]
    last = HUMAN.format(passages=render_passages(prepared.passages), history="", question=prepared.question)
    return bench.models.model("local").invoke([SystemMessage(rules), *shown, HumanMessage(last)]).text


def row(name: str, drafts: Sequence[tuple[Case, str, float]]) -> str:
    """One line of the table."""
    told = [(case, text) for case, text, _ in drafts if case.answerable]
    silent = [text for case, text, _ in drafts if not case.answerable]
    answered = [text for _, text in told if not is_refusal(text)]
    values = (
        statistics.mean(all(holds(text, g) for g in case.must_include) and not is_refusal(text) for case, text in told),
        statistics.mean(is_refusal(text) for _, text in told),
        statistics.mean(is_refusal(text) for text in silent),
        statistics.mean(bool(re.search(r"\[\d\]", text)) for text in answered),
        statistics.mean(len(re.findall(r"[가-힣]", text)) > len(re.findall(r"[A-Za-z]", text)) for text in answered),
    )
    seconds = statistics.median(spent for _, _, spent in drafts)
    return f"| {name} | " + " | ".join(f"{v:.2f}" for v in values) + f" | {seconds:.1f} |"


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--questions", type=int, default=40, help="half of them unanswerable")
    arguments = parser.parse_args()
    cases = load_cases(sorted(QUESTIONS.glob("course-*.jsonl")))
    draw, half = random.Random(11), arguments.questions // 2
    sample = draw.sample([c for c in cases if c.answerable], half) + draw.sample(
        [c for c in cases if not c.answerable], half
    )
    print(
        "| prompt | right | false refusals | refused unanswerable | cites | in Korean | s, median |\n"
        + "| --- " * 7
        + "|"
    )
    with open_bench(arguments.home, arguments.model) as bench:
        prepared = [(case, bench.preparer.prepare(case.question, (), Budget(160, 3))) for case in sample]
        for name, variant in VARIANTS.items():
            drafts = []
            for case, ready in prepared:
                started = time.perf_counter()
                drafts.append((case, ask(bench, ready, variant), time.perf_counter() - started))
                print(f"{name} {len(drafts)}/{len(prepared)}", file=sys.stderr)
            print(row(name, drafts), flush=True)


if __name__ == "__main__":
    main()
