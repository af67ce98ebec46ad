"""Transfer with few images, every way, network and number of images: what the lesson 이미지의 전이 학습 shows.

    python -m benchmarks.image_transfer FASHION [--shown 5]        FASHION: folder of Fashion-MNIST's four IDX files

Prints a table for Fashion-MNIST and for the digits, and writes data/lessons/images.json: both networks with `--shown` images a
kind of Fashion-MNIST, three seeds. The yardstick is `scratch`, the same network, data and steps without the checkpoint.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from app.lessons.base import Result, Row, folder
from app.lessons.images import EXPECTED, METRICS, NETS, SEEDS, STEPS, WAYS, Recipe, row, trial
from app.lessons.pictures import Pictures, digits, fashion

EACH = (2, 5, 10, 20, 50)


def measure(found: Pictures, net: str, each: int) -> list[Row]:
    """A row a way."""
    return [row(way, [trial(Recipe(net, way, each, seed), found) for seed in SEEDS]) for way in WAYS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fashion", type=Path)
    parser.add_argument("--shown", type=int, default=5, choices=EACH)
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    shown: list[Row] = []
    for found in (fashion(arguments.fashion), digits()):
        for net in NETS:
            for each in EACH:
                rows = measure(found, net, each)
                told = "  ".join(f"{r.key} {r.figures['accuracy']:.2f}" for r in rows)
                kept = "  ".join(f"{r.figures['kept']:.2f}" for r in rows[:3])
                print(f"{found.name:8}{net:4}{each:4}  {told}   kept {kept}", flush=True)
                if found.name == "fashion" and each == arguments.shown:
                    shown += [Row(f"{net}_{r.key}", r.figures, low=r.low, high=r.high) for r in rows]
    made = {
        "data": "fashion",
        "each": arguments.shown,
        "steps": STEPS,
        "seeds": len(SEEDS),
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    result = Result(METRICS, tuple(shown), made=made, expected=EXPECTED, checked=("cnn_frozen", "cnn_full"))
    text = json.dumps(result.to_dict(), ensure_ascii=False, indent=1)
    (folder() / "images.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
