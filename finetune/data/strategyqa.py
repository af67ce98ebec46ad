"""Ko-StrategyQA's facts (Apache-2.0) as licensed texts: plain sentences about people, places and years, as in an encyclopedia.

    python -m finetune.data.strategyqa ko-strategyqa-train-v2.csv facts.jsonl

A row of the file holds a yes-or-no question, a term with its meaning and a list of facts; only the facts are taken. Geva et al.,
"Did Aristotle Use a Laptop?" (2021), is where the questions come from. Several rows make one text, so that a passage has distractors.
"""

from __future__ import annotations

import ast
import csv
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

LICENCE = "Apache-2.0"
ROWS_A_TEXT = 4
_FACTS = re.compile(r"사실목록 : (\[.*?\])\. 용어설명과", re.S)
_TERM = re.compile(r"용어설명 : (?P<term>[^:]{1,40}?) : ")


def texts(path: Path) -> Iterator[dict[str, str]]:
    """Rows of licensed texts, `ROWS_A_TEXT` questions' facts each."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [facts for row in csv.reader(file) if row and (facts := _facts(row[0]))]
    for at in range(0, len(rows), ROWS_A_TEXT):
        group = rows[at : at + ROWS_A_TEXT]
        sentences = list(dict.fromkeys(sentence for _, facts in group for sentence in facts))
        title = ", ".join(dict.fromkeys(term for term, _ in group))
        yield {"id": f"strategyqa-{at}", "license": LICENCE, "title": title, "text": " ".join(sentences)}


def _facts(cell: str) -> tuple[str, list[str]] | None:
    found, term = _FACTS.search(cell), _TERM.search(cell)
    if not found or not term:
        return None
    try:
        facts = ast.literal_eval(found[1])
    except (ValueError, SyntaxError):
        return None
    kept = [fact.strip() for fact in facts if isinstance(fact, str) and fact.strip().endswith("다.")]
    return (term["term"].strip(), kept) if kept else None


def main() -> None:
    """Writes the texts of the first file into the second."""
    source, target = (Path(argument) for argument in sys.argv[1:3])
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in texts(source)]
    target.write_text("".join(lines), encoding="utf-8")
    sys.stderr.write(f"{len(lines)} texts -> {target}\n")


if __name__ == "__main__":
    main()
