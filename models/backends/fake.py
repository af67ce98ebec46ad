"""A backend without a model: quotes the passage sentence that shares most words with the question. For tests and demos.

It reads the prompt as the real ones do: passages are blocks that begin with `[n]` and a title line, the question follows the
last `질문:`. Where nothing is shared it refuses. The same prompt always gives the same answer.
`config.options`: fail = an error class of models/errors ("RateLimited", …), fail_after = pieces before it (default 0),
fail_times = how often (default always), delay_s = wait before each piece, hang = "1" never answers.
"""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel

from models.backends.base import BackendConfig


class FakeBackend:
    """See the module."""

    name = "fake"
    label = "Quotes the sources (no model)"
    label_ko = "자료 인용 (모델 없음)"
    key_variable = None
    default_model = "quote"

    def missing(self, config: BackendConfig) -> str | None:
        return None

    def build(self, config: BackendConfig) -> BaseChatModel:
        from models.chat.fake import FakeChat, Script

        return FakeChat(script=Script.from_options(config.options))


BACKEND = FakeBackend()
