"""The lessons' own figures on the small language model: what the page shows before a reader runs anything.

    python -m benchmarks.lessons [rate amount synthetic]

Runs every setting of a lesson with its own code (app/lessons), one core, seeds as in the lessons, and writes
data/lessons/<lesson>.json. The yardstick is the first row, the model as it was pretrained.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.lessons.base import Bench, Lesson, Result, folder
from app.lessons.running import lessons

SETTINGS: dict[str, list[dict[str, Any]]] = {
    "rate": [{"rate": value} for value in lessons()["rate"].controls[0].values],
    "amount": [{"count": value} for value in lessons()["amount"].controls[0].values],
    "synthetic": [{"mix": value} for value in lessons()["synthetic"].controls[0].values],
}


def measure(lesson: Lesson, settings: list[dict[str, Any]]) -> Result:
    """The rows of all settings in one chart; the base once."""
    whole = Result()
    for values in settings:
        *_, found = lesson.compute(Bench(Path()), **values)
        assert isinstance(found, Result)
        known = {row.key for row in whole.rows}
        rows = (*whole.rows, *(row for row in found.rows if row.key not in known))
        whole = replace(found, rows=rows, curves=(*whole.curves, *found.curves), verdict="")
        told = {row.key: {k: None if v is None else round(v, 3) for k, v in row.figures.items()} for row in found.rows}
        print(lesson.name, values, told, flush=True)
    return replace(whole, made={**whole.made, "cores": 1, "day": f"{datetime.now(UTC):%Y-%m-%d}"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", choices=[*SETTINGS, []], default=[])
    import torch

    torch.set_num_threads(1)
    for name in parser.parse_args().lessons or SETTINGS:
        result = measure(lessons()[name], SETTINGS[name])
        text = json.dumps(result.to_dict(), ensure_ascii=False, indent=1)
        (folder() / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
