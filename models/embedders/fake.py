"""An embedder without weights, for tests: hashed bags of character n-grams. Texts that share spelling come out close."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.embedders.base import NO_ACCESS, Access, Embedder, unit

_SIZES = (2, 3)


class FakeEmbedder(Embedder):
    """The same text gives the same vector on every machine."""

    fingerprint = "fake:1"
    dimension = 256

    def embed_passages(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors of passages, (len(texts), 256), in the given order."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return unit(np.stack([self._bag(text) for text in texts]))

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """Unit vector of a question, (256,)."""
        vector: NDArray[np.float32] = self.embed_passages([text])[0]
        return vector

    def count_tokens(self, text: str) -> int:
        """About what a real tokenizer would count: a token for two characters."""
        return (len(text) + 1) // 2

    def _bag(self, text: str) -> NDArray[np.float32]:
        padded = f" {' '.join(text.lower().split())} "
        grams = [padded[i : i + size] for size in _SIZES for i in range(max(1, len(padded) - size + 1))]
        places = [zlib.crc32(gram.encode("utf-8", "surrogatepass")) % self.dimension for gram in grams]
        return np.sqrt(np.bincount(places, minlength=self.dimension)).astype(np.float32)


class _Source:
    name = "fake"
    label = "Character n-grams (no model)"
    key_variable = None

    def missing(self, model: str, weights_dir: Path, access: Access = NO_ACCESS) -> str | None:
        return None

    def build(self, model: str, weights_dir: Path, threads: int = 0, access: Access = NO_ACCESS) -> FakeEmbedder:
        """`model` and `threads` mean nothing here."""
        return FakeEmbedder()


EMBEDDER = _Source()
