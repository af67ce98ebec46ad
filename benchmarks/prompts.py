"""What each prompt technique is worth to a small model: the variants on the packed passages of one sample of questions.

The passages are packed once and are the same for every variant; the model's final answer is judged, before any check of ours.

    python -m benchmarks.prompts --home HOME --model qwen2.5-coder-1.5b --questions 40
    python -m benchmarks.prompts --home HOME --only few_shot,role

Prints a Markdown table; docs/prompts.md holds the last one.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chains.answerable import is_refusal
from chains.budget import local_budget
from chains.draft import final_part
from chains.matching import holds
from chains.prepare import Prepared
from chains.prompts import EXAMPLES
from chains.rag import AskOptions
from chains.templates import PromptTemplateText, shipped
from evals.base import Case
from evals.bench import Bench, open_bench
from evals.questions import load_cases
from models.types import Answer, Done

QUESTIONS = Path(__file__).parent.parent / "data" / "questions"
ENGLISH = (
    "You are a teaching assistant. Answer in Korean, in one or two sentences, using only the numbered passages, and put the "
    'number of the passage like [1] after each sentence. If they do not hold the answer, say only "자료에서 답을 찾을 수 없습니다."'
)
VARIANTS: tuple[PromptTemplateText, ...] = (
    *shipped().values(),
    PromptTemplateText(
        "one line",
        "자료만 보고 한국어로 짧게 답하고 근거 번호를 [1]처럼 적으세요. 자료에 답이 없으면 없다고 하세요.",
    ),
    PromptTemplateText("rules in English", ENGLISH),
    PromptTemplateText("2 examples, no refusal", examples=EXAMPLES[1:3]),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What one variant made of one case. text: the final answer, unchecked."""

    case: Case
    prepared: Prepared
    text: str
    answer: Answer

    @property
    def refused(self) -> bool:
        return is_refusal(self.text)

    @property
    def right(self) -> bool:
        return not self.refused and all(holds(self.text, group) for group in self.case.must_include)

    @property
    def copies_heading(self) -> bool:
        """Whether a line of the answer is a passage's title, with or without its number."""
        titles = {p.chunk.locator.headings[-1] for p in self.prepared.passages if p.chunk.locator.headings}
        lines = [re.sub(r"^\[\d+\]\s*", "", line).strip(" #") for line in self.text.splitlines()]
        return any(" › " in line or line in titles for line in lines)

    @property
    def korean(self) -> bool:
        return len(re.findall(r"[가-힣]", self.text)) > len(re.findall(r"[A-Za-z]", self.text))


COLUMNS: dict[str, tuple[Callable[[Said], bool], Callable[[Said], bool]]] = {  # over which answers, and what is counted
    "right": (lambda said: said.case.answerable, lambda said: said.right),
    "false refusals": (lambda said: said.case.answerable, lambda said: said.refused),
    "refused unanswerable": (lambda said: not said.case.answerable, lambda said: said.refused),
    "cites [n]": (lambda said: not said.refused, lambda said: bool(re.search(r"\[\d\]", said.text))),
    "copies headings": (lambda said: not said.refused, lambda said: said.copies_heading),
    "English asked, Korean said": (
        lambda said: not said.refused and not re.search(r"[가-힣]", said.case.question),
        lambda said: said.korean,
    ),
}


def ask(bench: Bench, case: Case, prepared: Prepared, variant: PromptTemplateText) -> Said:
    """The model's final answer under one variant."""
    *_, done = bench.engine.answer(prepared, AskOptions(prompt=variant))
    if not isinstance(done, Done):
        raise RuntimeError("an answer's stream ended without Done")
    return Said(case, prepared, final_part(done.answer.draft, variant.final), done.answer)


def row(name: str, answers: Sequence[Said]) -> str:
    """One line of the table; each figure with the number of answers it is over."""
    cells = []
    for over, counted in COLUMNS.values():
        values = [counted(said) for said in answers if over(said)]
        cells.append(f"{statistics.mean(values):.2f} ({len(values)})" if values else "-")
    tokens = statistics.median(said.answer.usage.prompt_tokens or 0 for said in answers)
    written = statistics.median(said.answer.usage.completion_tokens or 0 for said in answers)
    total = statistics.median(said.answer.timings_ms["total"] for said in answers) / 1e3
    return f"| {name} | " + " | ".join(cells) + f" | {tokens:.0f} | {written:.0f} | {total:.1f} |"


def drawn(cases: Sequence[Case], count: int) -> list[Case]:
    """A sample, half of it unanswerable."""
    draw = random.Random(11)
    told, silent = [c for c in cases if c.answerable], [c for c in cases if not c.answerable]
    return draw.sample(told, min(len(told), count - count // 2)) + draw.sample(silent, min(len(silent), count // 2))


def chosen(names: str) -> list[PromptTemplateText]:
    """The variants of that comma-separated list, or all. Exits where one is none."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = set(wanted) - {variant.name for variant in VARIANTS}
    if unknown:
        sys.exit(f"no variant {', '.join(sorted(unknown))}; there are {', '.join(v.name for v in VARIANTS)}")
    return [variant for variant in VARIANTS if not wanted or variant.name in wanted]


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--set", type=Path, nargs="*", default=sorted(QUESTIONS.glob("course-*.jsonl")))
    parser.add_argument("--questions", type=int, default=40, help="half of them unanswerable")
    parser.add_argument("--only", default="", help="variants, separated by commas")
    arguments = parser.parse_args()
    variants = chosen(arguments.only)
    sample = drawn(load_cases(arguments.set), arguments.questions)
    print(f"| prompt | {' | '.join(COLUMNS)} | prompt tokens | written | s, median |")
    print("| --- " * (len(COLUMNS) + 4) + "|")
    with open_bench(arguments.home, arguments.model) as bench:
        prepared = [(case, bench.preparer.prepare(case.question, (), local_budget(160))) for case in sample]
        for variant in variants:
            answers: list[Said] = []
            for case, ready in prepared:
                answers.append(ask(bench, case, ready, variant))
                print(f"{variant.name} {len(answers)}/{len(prepared)}", file=sys.stderr)
            print(row(variant.name, answers), flush=True)


if __name__ == "__main__":
    main()
