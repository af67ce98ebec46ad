"""OpenAI's embeddings, and those of any server that speaks its /v1/embeddings (vLLM, Ollama, llama-server).

Texts leave this machine: what is ingested is sent to the provider. Default model: text-embedding-3-small.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from models.embedders.base import NO_ACCESS, Access, Embedder
from models.errors import MissingError

URL = "https://api.openai.com/v1"
DEFAULT_MODEL = "text-embedding-3-small"
DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
_BATCH = 128


class _Source:
    name = "openai"
    label = "OpenAI embeddings"
    key_variable = "OPENAI_API_KEY"

    def missing(self, model: str, weights_dir: Path, access: Access = NO_ACCESS) -> str | None:
        """A server of one's own needs no key."""
        if access.api_key or access.base_url:
            return None
        return f"there is no key: set {self.key_variable}, or enter it in the settings"

    def build(self, model: str, weights_dir: Path, threads: int = 0, access: Access = NO_ACCESS) -> Embedder:
        """model: "" for text-embedding-3-small, else a name that the server knows."""
        if lacking := self.missing(model, weights_dir, access):
            raise MissingError(what=self.label, fix=lacking)
        import openai
        from langchain_openai import OpenAIEmbeddings

        from models.chat.failures import Source
        from models.embedders.remote import TIMEOUT_S, RemoteEmbedder

        model = model or DEFAULT_MODEL
        url = access.base_url or URL
        client = OpenAIEmbeddings(
            model=model,
            api_key=access.api_key or SecretStr("none"),  # the client insists on one; a server without keys ignores it
            base_url=url,
            max_retries=0,
            timeout=TIMEOUT_S,
            chunk_size=_BATCH,
            check_embedding_ctx_length=False,  # counting would fetch a vocabulary from the network; chunks are short
        )
        source = Source(self.name, url, model, self.key_variable, access.api_key, TIMEOUT_S)
        return RemoteEmbedder(client, source, (openai.OpenAIError,), _BATCH, DIMENSIONS.get(model, 0))


EMBEDDER = _Source()
