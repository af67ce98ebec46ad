"""Zero-shot: the rules alone. What the examples of the shipped prompt are worth is the difference to this one."""

from chains.templates import PromptTemplateText

VARIANT = PromptTemplateText("zero_shot")
