"""Weights that come along are read as they were written, to half precision; a damaged file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.labs.checkpoints import FILE, Made, find, read, write
from models.errors import InputError

torch = pytest.importorskip("torch")


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "net" / FILE
    weight, places = torch.randn(3, 5).t(), torch.arange(4)
    write(path, Made({"weight": weight, "places": places}, {"정확도": [0.5, 0.75]}))
    found = read(path)
    assert found.facts == {"정확도": [0.5, 0.75]}
    assert found.tensors["weight"].dtype == torch.float32
    assert torch.allclose(found.tensors["weight"], weight, atol=2e-3)
    assert torch.equal(found.tensors["places"], places)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"not weights")
    with pytest.raises(InputError, match=FILE):
        read(path)


def test_a_lab_without_weights_has_none() -> None:
    assert find("arrays") is None
