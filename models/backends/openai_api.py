"""OpenAI's own service. Needs a key; any model name of theirs works.

Models that think before they answer are told not to, or as little as they can: an answer from given passages needs none, and a
reader waits. What a model accepts (temperature, effort) comes from the client's table of models.
"""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel

from models.backends.base import BackendConfig
from models.chat.failures import Source
from models.errors import MissingError

ADDRESS = "https://api.openai.com/v1"


class OpenAIBackend:
    """See the module."""

    name = "openai"
    label = "OpenAI"
    label_ko = "OpenAI"
    key_variable = "OPENAI_API_KEY"
    default_model = "gpt-6-luna"

    def missing(self, config: BackendConfig) -> str | None:
        if config.api_key is None or not config.api_key.get_secret_value():
            return f"no key; set {self.key_variable} or enter the key in the settings (platform.openai.com gives one)"
        return None

    def build(self, config: BackendConfig) -> BaseChatModel:
        """Raises MissingError."""
        lacking = self.missing(config)
        if lacking:
            raise MissingError(what=self.label, fix=lacking)
        from models.chat.openai_style import OpenAIChat, arguments, fitting

        model = config.model or self.default_model
        address = config.base_url or ADDRESS
        source = Source(self.name, address, model, self.key_variable, config.api_key, config.timeout_s)
        return OpenAIChat(**fitting(arguments(config, source)))


BACKEND = OpenAIBackend()
