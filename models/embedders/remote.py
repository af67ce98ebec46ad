"""What the embedders of providers share: LangChain's client inside, unit vectors and our errors outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from models.chat.failures import Source, failure
from models.embedders.base import Embedder, unit

TIMEOUT_S = 60.0
TRIES = 3
FIRST_WAIT_S = 0.5

Q = TypeVar("Q")
A = TypeVar("A")


class RemoteEmbedder(Embedder):
    """An embedder behind a provider's API. errors: what its client raises; each becomes a BackendError of ours.

    batch: texts a request. dimension: 0 where it is not known before the first vector has come.
    """

    def __init__(
        self, client: Embeddings, source: Source, errors: tuple[type[Exception], ...], batch: int, dimension: int = 0
    ) -> None:
        self._client, self._source, self._errors, self._batch = client, source, errors, batch
        self._known_dimension = dimension
        self.fingerprint = f"{source.backend}:{source.model}:{dimension or 'full'}"

    @cached_property
    def dimension(self) -> int:  # type: ignore[override]
        """Length of the vectors; asks for one where it is not known."""
        return self._known_dimension or len(self.embed_question("dimension"))

    def embed_passages(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors of passages, (len(texts), dimension), in the given order. Raises BackendError."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        rows: list[list[float]] = []
        for start in range(0, len(texts), self._batch):
            rows += self._ask(
                self._client.embed_documents, [_sendable(text) for text in texts[start : start + self._batch]]
            )
        return unit(np.array(rows, np.float32))

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """Unit vector of a question, (dimension,). Raises BackendError."""
        return unit(np.array(self._ask(self._client.embed_query, _sendable(text)), np.float32))

    def _ask(self, call: Callable[[Q], A], texts: Q) -> A:
        """One request, tried again where that can help; the wait doubles unless the server says how long."""
        for left in reversed(range(TRIES)):
            try:
                return call(texts)
            except self._errors as error:
                failed = failure(error, self._source)
                if not failed.retry or not left:
                    raise failed.error from error
            doubling_s = FIRST_WAIT_S * 2 ** (TRIES - 1 - left)
            time.sleep(failed.after_s if failed.after_s is not None else doubling_s)
        raise AssertionError("the last try returns or raises")


def _sendable(text: str) -> str:
    """Providers refuse empty texts."""
    return text if text.strip() else "-"
