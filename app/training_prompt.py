"""The messages before an answer, in training as in use: the assistant's own templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.training_facts import Asked
    from chains.templates import PromptTemplateText


def prompt_of(asked: Asked, template: PromptTemplateText) -> list[dict[str, str]]:
    """The messages before the answer, in the template's words; short answers are asked for in theirs."""
    template = span_template() if asked.fact.kind == "span" else template
    return messages_of(
        template, {"passages": asked.passages, "history": asked.history, "question": asked.fact.question}
    )


def messages_of(template: PromptTemplateText, variables: Mapping[str, object]) -> list[dict[str, str]]:
    """The template's messages as chat templates of tokenizers take them."""
    roles = {"system": "system", "human": "user", "ai": "assistant"}
    return [{"role": roles[message.type], "content": str(message.text)} for message in template.messages(variables)]


def span_template() -> PromptTemplateText:
    """What asks for the bare words of an answer: in training, and where short answers are evaluated."""
    from chains.prompts import SPAN_RULES
    from chains.templates import PromptTemplateText

    return PromptTemplateText("span", rules=SPAN_RULES)
