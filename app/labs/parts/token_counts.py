"""The same sentence through several tokenizers: what the pieces are, and what they cost.

Characters and Kiwi's morphemes are always there. The tokenizers of e5 and of the local Qwen come with their weights: where these
are not on this machine, the row says what to run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.labs.parts.bpe import shown
from app.labs.parts.course_text import with_breaks
from models.fetch import WeightsStore

E5 = "multilingual-e5-small"
SPACE = "␣"


@dataclass(frozen=True, slots=True)
class Cut:
    """pieces: of the sentence, as they can be read. vocabulary: how many pieces there are; 0 where it is open. missing: the
    weights that are not here."""

    name: str
    pieces: tuple[str, ...] = ()
    vocabulary: int = 0
    missing: str = ""


def cuts(sentence: str, weights_dir: Path) -> Iterator[Cut]:
    """Characters, Kiwi, e5 and Qwen, in this order."""
    from ingest.analyser import kiwi

    yield Cut("characters", tuple(SPACE if letter.isspace() else letter for letter in sentence))
    yield Cut("kiwi", tuple(f"{token.form}/{token.tag}" for token in kiwi().tokenize(with_breaks(sentence))))
    store = WeightsStore(weights_dir, offline=True)
    yield _e5(sentence, store.path(E5))
    yield _qwen(sentence, store)


def _e5(sentence: str, folder: Path | None) -> Cut:
    if folder is None:
        return Cut("e5", missing=E5)
    tokenizer = _tokenizer(folder / "tokenizer.json")
    pieces = tokenizer.encode(sentence, add_special_tokens=False).tokens
    return Cut("e5", tuple(pieces), tokenizer.get_vocab_size())


def _qwen(sentence: str, store: WeightsStore) -> Cut:
    """Of the smallest Qwen that is here; they all have one tokenizer."""
    names = [entry.name for entry in sorted(store.entries(), key=lambda e: e.size_bytes) if entry.kind == "gguf"]
    path = next((found for name in names if (found := store.path(name))), None)
    if path is None:
        return Cut("qwen", missing=names[0])
    tokenizer = _tokenizer(path)
    pieces = tokenizer.encode(sentence).tokens
    return Cut("qwen", tuple(shown(piece, "byte").replace("▁", SPACE) for piece in pieces), tokenizer.get_vocab_size())


@lru_cache(maxsize=2)
def _tokenizer(path: Path) -> Any:
    if path.suffix == ".gguf":
        from models.gguf_tokenizer import load_tokenizer

        return load_tokenizer(path)
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
