"""Few-shot: the rules and four examples, two of them refusals. This is the prompt that answers in the chat.

Brown et al., "Language Models are Few-Shot Learners" (2020): examples in the prompt teach the form without training.
"""

from chains.prompts import EXAMPLES
from chains.templates import PromptTemplateText

VARIANT = PromptTemplateText("few_shot", examples=EXAMPLES)
