"""A home with examples to train the tiny Qwen2 of the tests on."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune.base import Example
from finetune.data.store import Datasets, Told


def small_examples(count: int) -> list[Example]:
    """Questions that all have the same short answer, so that a few steps of any method learn it."""
    return [
        Example(
            id=str(number),
            messages=(
                {"role": "user", "content": f"What is {number}?" + " Say it." * (number % 3)},
                {"role": "assistant", "content": "a number [1]"},
            ),
            origin="own:test",
        )
        for number in range(count)
    ]


def fill(home: Path) -> Path:
    """Puts the dataset `small` there: 24 examples to train on, 4 to validate with."""
    examples = small_examples(28)
    Datasets(home).save("small", {"train": examples[:24], "validation": examples[24:]}, Told())
    return home


@pytest.fixture
def bench_home(home: Path) -> Path:
    """A home with the dataset `small`."""
    return fill(home)


@pytest.fixture(scope="module")
def calm_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for tests that share one."""
    return fill(tmp_path_factory.mktemp("calm"))
