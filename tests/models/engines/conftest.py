from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.engines.llama import EngineSpec, LocalEngine
from models.fetch import WeightsStore


@pytest.fixture(scope="session")
def gguf(weights_dir: Path) -> Path:
    """The 0.5B."""
    return WeightsStore(weights_dir).resolve("qwen2.5-coder-0.5b")


@pytest.fixture(scope="module")
def engine(gguf: Path) -> Iterator[LocalEngine]:
    """A running engine with a small context."""
    engine = LocalEngine(EngineSpec(gguf, context_tokens=2048))
    engine.start()
    yield engine
    engine.close()
