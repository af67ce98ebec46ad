"""Any SentenceTransformer, from the hub or a folder, through LangChain's HuggingFaceEmbeddings. Needs the extra `hf`.

Takes the prompts that a model names for queries and documents; E5 models, which name none, get theirs. Only safetensors are
loaded, and no code that a repository brings along is run. Default: the fetched multilingual-e5-small in float32.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.embedders.base import NO_ACCESS, Access, Embedder, unit
from models.errors import MissingError, WeightsError

if TYPE_CHECKING:
    from langchain_huggingface import HuggingFaceEmbeddings

DEFAULT = "multilingual-e5-small"
_INSTALL = "pip install 'coursemate[hf]'"
_QUERY_NAMES, _PASSAGE_NAMES = ("query", "Query"), ("document", "passage", "Document", "Passage")


class SentenceEmbedder(Embedder):
    """Embeds with a loaded HuggingFaceEmbeddings. model: what its fingerprint is called after."""

    def __init__(self, client: HuggingFaceEmbeddings, model: str) -> None:
        self._client = client
        transformer: Any = client._client
        self.dimension = int(transformer.get_embedding_dimension())
        self.query_prompt, self.passage_prompt = _prompts(transformer.prompts, model)
        self.fingerprint = f"sentence:{model}:{self.query_prompt}:{self.passage_prompt}"

    def embed_passages(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors of passages, (len(texts), dimension), in the given order."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        rows = self._client.embed_documents([self.passage_prompt + text for text in texts])
        return unit(np.array(rows, np.float32))

    def embed_question(self, text: str) -> NDArray[np.float32]:
        """Unit vector of a question, (dimension,)."""
        return unit(np.array(self._client.embed_query(self.query_prompt + text), np.float32))


def _prompts(prompts: dict[str, str], model: str) -> tuple[str, str]:
    query = next((prompts[name] for name in _QUERY_NAMES if prompts.get(name)), "")
    passage = next((prompts[name] for name in _PASSAGE_NAMES if prompts.get(name)), "")
    name = Path(model).name.lower()
    if not query and not passage and "e5" in name.split("-") and "instruct" not in name:
        return "query: ", "passage: "
    return query, passage


class _Source:
    name = "sentence"
    label = "SentenceTransformer (hub id or folder)"
    key_variable = None

    def missing(self, model: str, weights_dir: Path, access: Access = NO_ACCESS) -> str | None:
        """The extra, or the default's weights."""
        if any(importlib.util.find_spec(name) is None for name in ("sentence_transformers", "langchain_huggingface")):
            return f"the extra hf is not installed: run `{_INSTALL}`"
        if not model and not (weights_dir / DEFAULT / "model.safetensors").is_file():
            return (
                "no model is set: set COURSEMATE_EMBEDDER_MODEL to a hub id such as nlpai-lab/KURE-v1, or to a folder"
            )
        return None

    def build(self, model: str, weights_dir: Path, threads: int = 0, access: Access = NO_ACCESS) -> SentenceEmbedder:
        """model: hub id or folder; "" for the fetched multilingual-e5-small."""
        if lacking := self.missing(model, weights_dir, access):
            raise MissingError(what=self.label, fix=lacking)
        import torch
        from langchain_huggingface import HuggingFaceEmbeddings

        if threads:
            torch.set_num_threads(threads)
        place = str(Path(model).expanduser()) if model else str(weights_dir / DEFAULT)
        safe = {"trust_remote_code": False, "model_kwargs": {"use_safetensors": True}}
        try:
            client = HuggingFaceEmbeddings(model=place, model_kwargs=safe)
        except (OSError, ValueError) as error:
            raise WeightsError(name=model or DEFAULT, detail=str(error).splitlines()[0]) from error
        return SentenceEmbedder(client, model or DEFAULT)


EMBEDDER = _Source()
