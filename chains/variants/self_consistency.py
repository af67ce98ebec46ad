"""Self-consistency: several answers are drawn at a temperature, and the one that agrees most with the others is kept.

Wang et al., "Self-Consistency Improves Chain of Thought Reasoning in Language Models" (2022). Where they count equal final
answers, free text is compared by its numbers, words and meaning (chains/consistency.py). Costs `samples` times the writing;
the prompt is read once.
"""

from chains.prompts import EXAMPLES
from chains.templates import PromptTemplateText

VARIANT = PromptTemplateText("self_consistency", examples=EXAMPLES, samples=5, temperature=0.7)
