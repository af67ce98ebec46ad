"""The probe: real steps, figures of the whole run, and a refusal that says what would fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune import recipe as recipes
from finetune.probe import least_bytes, probe, too_large
from models.errors import InputError

pytest.importorskip("torch")


def test_it_measures_and_leaves_nothing(bench_home: Path, tiny_base: Path) -> None:
    values = {"base": str(tiny_base), "data": "small", "batch_tokens": 256, "max_tokens": 256, "threads": 1, "steps": 7}
    found = probe(recipes.parse({**values, "questions": []}), bench_home, bench_home / "weights")
    assert found.steps == 7
    assert found.total_s >= 7 * found.s_per_step > 0
    assert found.peak_bytes > 50_000_000
    assert 0 < found.trained_parameters < found.all_parameters
    assert found.device in {"cpu", "cuda", "mps"}
    assert found.to_dict()["examples"] == 24
    assert [path.name for path in (bench_home / "finetune" / "runs").glob(".probe-*")] == []


def test_what_does_not_fit_is_refused_with_what_would(bench_home: Path, tiny_base: Path) -> None:
    recipe = recipes.parse({"base": str(tiny_base), "data": "small", "threads": 1})
    with pytest.raises(InputError, match=r"checkpointing: true, batch_tokens: 512"):
        probe(recipe, bench_home, bench_home / "weights", memory_bytes=60_000_000)


def test_it_names_what_the_recipe_can_change() -> None:
    full = recipes.parse({"method": "full", "checkpointing": True, "batch_tokens": 256, "max_tokens": 256})
    said = str(too_large(full, 4_000_000_000))
    assert "4.0 GB" in said
    assert "method: lora" in said
    assert "checkpointing" not in said
    assert "batch_tokens" not in said
    assert least_bytes(630_000_000, 358_000_000, 2) == 1_260_000_000 + 358_000_000 * 16
