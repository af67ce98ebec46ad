"""Any server that speaks OpenAI's chat completions: vLLM, Ollama, llama-server, a gateway of one's own.

Needs `config.base_url` (with its /v1, as the server's manual says) and `config.model`; a key where the server wants one.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from models.backends.base import BackendConfig
from models.chat.failures import Source
from models.errors import MissingError


class CompatibleBackend:
    """See the module."""

    name = "compatible"
    label = "OpenAI-style server"
    label_ko = "OpenAI 호환 서버"
    key_variable = "COMPATIBLE_API_KEY"
    default_model = ""

    def missing(self, config: BackendConfig) -> str | None:
        if not config.base_url:
            return "the server's address is not set; set COURSEMATE_BASE_URL, e.g. http://127.0.0.1:8000/v1"
        parts = urlsplit(config.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return (
                f"the address {config.base_url} is none; set COURSEMATE_BASE_URL to one like http://127.0.0.1:8000/v1"
            )
        if not config.model:
            return "the model is not set; set COURSEMATE_COMPATIBLE_MODEL to a name the server lists under /v1/models"
        return None

    def build(self, config: BackendConfig) -> BaseChatModel:
        """Raises MissingError."""
        lacking = self.missing(config)
        if lacking:
            raise MissingError(what=self.label, fix=lacking)
        from models.chat.openai_style import CompatibleChat, arguments

        key = config.api_key or SecretStr("none")  # the client insists on one; a server without keys ignores it
        source = Source(self.name, config.base_url, config.model, self.key_variable, config.api_key, config.timeout_s)
        return CompatibleChat(**{**arguments(config, source), "api_key": key, "seed": config.seed})


BACKEND = CompatibleBackend()
