"""Compact: a few rules and no example. For a model that has been trained on the form of the answers (finetune/data/compose.py).

What a small model reads before the passages is most of what a first question waits for; a tuned one knows the rest by heart.
"""

from chains.prompts import COMPACT_RULES
from chains.templates import PromptTemplateText

VARIANT = PromptTemplateText("compact", rules=COMPACT_RULES)
