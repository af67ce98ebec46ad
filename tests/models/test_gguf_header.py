"""The head of a GGUF file is read in a moment, and a hostile one costs nothing but a sentence."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from models.adapters import check_fit, fits
from models.errors import InputError
from models.gguf_header import read_header


def test_what_it_says(tmp_path: Path, tiny_gguf: Any) -> None:
    head = read_header(tiny_gguf.adapter(tmp_path / "a.gguf"))
    assert (head.architecture, head.is_adapter) == ("qwen2", True)
    assert head.values["adapter.lora.alpha"] == 4.0
    assert head.shapes["blk.0.attn_q.weight.lora_a"] == (8, 2)  # the fastest axis first
    assert "tokenizer.ggml.tokens" not in head.values


def test_a_changed_file_is_read_anew(tmp_path: Path, tiny_gguf: Any) -> None:
    path = tiny_gguf.model(tmp_path / "m.gguf", name="One")
    assert read_header(path).name == "One"
    tiny_gguf.model(path, width=12, name="Another")
    assert read_header(path).name == "Another"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF",
        b"PK\x03\x04" + bytes(40),
        b"GGUF" + struct.pack("<IQQ", 9, 0, 0) + bytes(40),
        b"GGUF" + struct.pack("<IQQ", 3, 2**60, 1) + bytes(40),
        b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q", 2**63) + bytes(40),
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 1)
        + struct.pack("<QcII", 1, b"k", 9, 8)
        + struct.pack("<Q", 2**62)
        + bytes(40),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<QcI", 1, b"k", 77) + bytes(40),
    ],
)
def test_what_is_no_gguf_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"broken\.gguf is no GGUF file that can be read"):
        read_header(path)


def test_a_file_that_is_gone_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.gguf", tmp_path):
        with pytest.raises(InputError, match="no GGUF file"):
            read_header(path)


def test_halves_and_strangers_do_not_fit(tmp_path: Path, tiny_gguf: Any) -> None:
    import gguf
    import numpy as np

    base = tiny_gguf.model(tmp_path / "base.gguf")
    for name, why in (
        ("blk.0.attn_q.weight.lora_a", "one half"),
        ("blk.0.attn_q.bias", "no part of a LoRA"),
    ):
        writer = gguf.GGUFWriter(tmp_path / "odd.gguf", "qwen2")
        writer.add_string("general.type", "adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_tensor(name, np.zeros((2, 8), np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        with pytest.raises(InputError, match=why):
            check_fit(base, tmp_path / "odd.gguf")
    assert fits(base, tiny_gguf.adapter(tmp_path / "good.gguf"))
