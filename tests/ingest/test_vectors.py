"""Chroma snapshots: found again exactly, extended by copying, never changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ingest.vectors import VectorSnapshot, build_snapshot
from models.embedders.base import unit
from models.errors import StoreError

VECTORS = unit(np.random.default_rng(3).normal(size=(120, 32)).astype(np.float32))


def found(folder: Path, row: int, k: int) -> list[tuple[int, float]]:
    snapshot = VectorSnapshot(folder)
    hits = snapshot.search(VECTORS[row], k)
    snapshot.close()
    return hits


def test_keys_come_back_with_their_cosine(tmp_path: Path) -> None:
    build_snapshot(tmp_path / "1", iter([(range(100, 200), VECTORS[:100])]))
    hits = found(tmp_path / "1", 7, 5)
    cosines = VECTORS[:100] @ VECTORS[7]
    assert [key - 100 for key, _ in hits] == list(np.argsort(-cosines)[:5])
    assert [cosine for _, cosine in hits] == pytest.approx(sorted(cosines, reverse=True)[:5], abs=1e-5)


def test_a_copy_is_extended_and_the_base_stays(tmp_path: Path) -> None:
    build_snapshot(tmp_path / "1", iter([(range(60), VECTORS[:60])]))
    build_snapshot(tmp_path / "2", iter([(range(60, 120), VECTORS[60:])]), base=tmp_path / "1")
    assert found(tmp_path / "2", 90, 1)[0][0] == 90
    assert found(tmp_path / "2", 5, 1)[0][0] == 5
    assert {key for key, _ in found(tmp_path / "1", 90, 60)} == set(range(60))


def test_what_an_interrupted_builder_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "chroma.sqlite3").write_bytes(b"half")
    build_snapshot(tmp_path / "1", iter([(range(10), VECTORS[:10])]))
    assert found(tmp_path / "1", 3, 1)[0][0] == 3


@pytest.mark.parametrize("steps", [(20, 40, 60), (1, 2, 117), (30, 30, 30, 30)])
def test_small_inserts_lose_no_vector(tmp_path: Path, steps: tuple[int, ...]) -> None:
    base, start = None, 0
    for number, step in enumerate(steps):
        folder = tmp_path / str(number)
        rows = range(start, start + step)
        build_snapshot(folder, iter([(rows, VECTORS[rows.start : rows.stop])]), base)
        base, start = folder, start + step
    assert base
    assert len(found(base, 0, len(VECTORS))) == len(VECTORS)


def test_a_snapshot_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="reindex"):
        VectorSnapshot(tmp_path / "none")
