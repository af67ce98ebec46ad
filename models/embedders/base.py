"""What an embedder is: LangChain's Embeddings plus a fingerprint that says in which space its vectors live."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray


class Embedder(Embeddings):
    """Embeddings whose vectors have unit length. `embed_documents` and `embed_query` come from LangChain.

    fingerprint: changes whenever vectors stop being comparable (model, revision, precision, prefix). dimension: length.
    """

    fingerprint: str
    dimension: int

    def embed_passages(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors of passages, (len(texts), dimension), in the given order."""
        raise TypeError(f"{type(self).__name__} does not embed passages")

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """Unit vector of a question, (dimension,)."""
        raise TypeError(f"{type(self).__name__} does not embed questions")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """LangChain's form of `embed_passages`."""
        vectors: list[list[float]] = self.embed_passages(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """LangChain's form of `embed_question`."""
        vector: list[float] = self.embed_question(text).tolist()
        return vector


class EmbedderSource(Protocol):
    """What a module of this folder exports as EMBEDDER: how to get an embedder, and what it lacks here."""

    name: str
    label: str

    def missing(self, model: str, weights_dir: Path) -> str | None:
        """None if `build` can work now, else one English sentence with the command that helps."""

    def build(self, model: str, weights_dir: Path, threads: int = 0) -> Embedder:
        """Loads the embedder. model: "" for its default, else a hub id or path. Raises MissingError or WeightsError."""
