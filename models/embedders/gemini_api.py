"""Google's Gemini embeddings, cut to 768 dimensions, which they are trained to allow (Matryoshka, arXiv:2205.13147).

Texts leave this machine: what is ingested is sent to the provider. Default model: gemini-embedding-001.
"""

from __future__ import annotations

from pathlib import Path

from models.embedders.base import NO_ACCESS, Access, Embedder
from models.errors import MissingError

URL = "https://generativelanguage.googleapis.com"
DEFAULT_MODEL = "gemini-embedding-001"
DIMENSION = 768
_BATCH = 100


class _Source:
    name = "gemini"
    label = "Gemini embeddings"
    key_variable = "GOOGLE_API_KEY"

    def missing(self, model: str, weights_dir: Path, access: Access = NO_ACCESS) -> str | None:
        if access.api_key:
            return None
        return f"there is no key: set {self.key_variable}, or enter it in the settings"

    def build(self, model: str, weights_dir: Path, threads: int = 0, access: Access = NO_ACCESS) -> Embedder:
        """model: "" for gemini-embedding-001, else a name that the provider knows."""
        if access.api_key is None:
            raise MissingError(what=self.label, fix=self.missing(model, weights_dir, access))
        import httpx
        from langchain_google_genai import GoogleGenerativeAIEmbeddings
        from langchain_google_genai._common import GoogleGenerativeAIError

        from models.chat.failures import Source
        from models.embedders.remote import TIMEOUT_S, RemoteEmbedder

        model = model or DEFAULT_MODEL
        client = GoogleGenerativeAIEmbeddings(
            model=model,
            api_key=access.api_key,
            vertexai=False,
            base_url=access.base_url or None,
            output_dimensionality=DIMENSION,
            client_args={"timeout": TIMEOUT_S},
        )
        source = Source(self.name, access.base_url or URL, model, self.key_variable, access.api_key, TIMEOUT_S)
        return RemoteEmbedder(client, source, (GoogleGenerativeAIError, httpx.HTTPError), _BATCH, DIMENSION)


EMBEDDER = _Source()
