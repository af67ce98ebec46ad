"""Google's Gemini through the Developer API. Needs a key; any Gemini model name works."""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel

from models.backends.base import BackendConfig
from models.chat.failures import Source
from models.errors import MissingError

ADDRESS = "https://generativelanguage.googleapis.com/"


class GeminiBackend:
    """See the module."""

    name = "gemini"
    label = "Google Gemini"
    label_ko = "구글 Gemini"
    key_variable = "GOOGLE_API_KEY"
    default_model = "gemini-3.5-flash-lite"

    def missing(self, config: BackendConfig) -> str | None:
        if config.api_key is None or not config.api_key.get_secret_value():
            return f"no key; set {self.key_variable} or enter the key in the settings (aistudio.google.com gives one)"
        return None

    def build(self, config: BackendConfig) -> BaseChatModel:
        """Raises MissingError."""
        lacking = self.missing(config)
        if lacking:
            raise MissingError(what=self.label, fix=lacking)
        from models.chat.gemini import GeminiChat

        model = config.model or self.default_model
        address = config.base_url or ADDRESS
        return GeminiChat.on(
            config, Source(self.name, address, model, self.key_variable, config.api_key, config.timeout_s)
        )


BACKEND = GeminiBackend()
