"""The tokenizer that a Qwen GGUF file holds, as one of the `tokenizers` library: no weights are read, and no torch is needed.

    tokenizer = load_tokenizer(Path("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"))
    tokenizer.encode("토큰화").ids

It is a byte-level BPE. The file has its pieces and merges; how text is cut into words before (PATTERN, NFC) belongs to Qwen2 and is
named there only ("qwen2"). Marks such as <|im_end|> in a text are read as text, so that nobody can write a mark.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.errors import InputError
from models.gguf_header import read_header, read_texts

KIND, CUTTING = "gpt2", "qwen2"
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def load_tokenizer(path: Path) -> Any:
    """A tokenizers.Tokenizer; takes about a second. Raises InputError for a file without such a tokenizer."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

    values = read_header(path).values
    kind, cutting = values.get("tokenizer.ggml.model"), values.get("tokenizer.ggml.pre")
    if (kind, cutting) != (KIND, CUTTING):
        detail = f"{path.name} has the tokenizer {kind}/{cutting}; choose a Qwen model, which has {KIND}/{CUTTING}"
        raise InputError(detail=detail, text_key="labs.no_tokenizer", name=path.name)
    pieces = read_texts(path, "tokenizer.ggml.tokens")
    pairs = (merge.split(" ") for merge in read_texts(path, "tokenizer.ggml.merges"))
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer: Any = Tokenizer(models.BPE(vocabulary, [(left, right) for left, right in pairs]))
    tokenizer.normalizer = normalizers.NFC()
    cut = pre_tokenizers.Split(Regex(PATTERN), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer
