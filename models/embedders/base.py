"""What an embedder is: LangChain's Embeddings plus a fingerprint that says in which space its vectors live."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray
from pydantic import SecretStr


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


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows of `vectors` (n, dimension) scaled to length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled


@dataclass(frozen=True, slots=True)
class Access:
    """What a provider's embedder needs besides its model: a key, and an address where it is not the usual one."""

    api_key: SecretStr | None = None
    base_url: str = ""


NO_ACCESS = Access()


class EmbedderSource(Protocol):
    """What a module of this folder exports as EMBEDDER: how to get an embedder, and what it lacks here.

    key_variable: name of the environment variable that holds the provider's key, None for an embedder on this machine.
    """

    name: str
    label: str
    key_variable: str | None

    def missing(self, model: str, weights_dir: Path, access: Access = NO_ACCESS) -> str | None:
        """None if `build` can work now, else one English sentence with the command that helps."""

    def build(self, model: str, weights_dir: Path, threads: int = 0, access: Access = NO_ACCESS) -> Embedder:
        """Loads the embedder. model: "" for its default, else a hub id or path. Raises MissingError or WeightsError."""
