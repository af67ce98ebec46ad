"""The tokenizer in a GGUF file cuts text as the model's own does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.errors import InputError
from models.gguf_header import read_texts
from models.gguf_tokenizer import load_tokenizer


@pytest.mark.weights
def test_known_numbers_of_qwen(weights_dir: Path) -> None:
    """As transformers reads them out of the same file."""
    folder = weights_dir / "qwen2.5-coder-0.5b"
    tokenizer = load_tokenizer(next(folder.glob("*.gguf")))
    assert {text: tokenizer.encode(text).ids for text in KNOWN} == KNOWN
    for text in ("don't 12345 😀\n\n  x = 3;\t뷁 \r\n", "한"):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


KNOWN = {
    "자연어 처리를 배웁니다.": [25715, 125568, 31079, 81058, 18411, 73669, 145168, 21953, 13],
    "I don't know 2026!\n\n  x = 3": [40, 1513, 944, 1414, 220, 17, 15, 17, 21, 2219, 220, 856, 284, 220, 18],
    "뷁쀍 😀 café": [150015, 168, 222, 235, 90316, 51950],
}


def test_a_file_without_such_a_tokenizer_is_named(tmp_path: Path, tiny_gguf: Any) -> None:
    path = tiny_gguf.model(tmp_path / "tiny.gguf")
    assert read_texts(path, "tokenizer.ggml.tokens") == ("a", "b")
    assert read_texts(path, "tokenizer.ggml.merges") == ()
    with pytest.raises(InputError, match=r"tiny\.gguf has the tokenizer"):
        load_tokenizer(path)
