"""Prompts as data: what a learner may edit, checked, and the techniques that ship (chains/variants, one a file).

    template = find("few_shot")                              # the shipped prompt
    mine = replace(template, name="mine", rules="짧게 답하세요.")
    mine.messages({"passages": passages, "history": (), "question": "드롭아웃은?"})

A template is text with named places. `rules` and `examples` never change between questions and stand first, so that the local
engine has them read already; `human` holds {passages}, {history} and {question}. Braces that are meant are written twice.
"""

from __future__ import annotations

import difflib
import string
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable

from chains.prompts import HUMAN, RULES, answer_prompt, render, safe
from models.discovery import discover
from models.errors import InputError

SHIPPED = "few_shot"
PLACES, NEEDED = ("passages", "history", "question"), ("passages", "question")
MOST_CHARACTERS, MOST_EXAMPLES, MOST_SAMPLES = 8_000, 12, 9


@dataclass(frozen=True, slots=True)
class PromptTemplateText:
    """One way of asking. Raises InputError where it cannot be used; the message names the field and the next step.

    name: of at most 60 characters. rules: the system message. examples: (what is asked, what is answered), in order.
    human: the last message, with {passages} and {question} and, where earlier turns are to be seen, {history}.
    final: the word before the answer proper where the model reasons first ("답:"); only what follows it is checked and
    cited. samples: answers drawn; the one that agrees most with the others is kept. temperature: of the draws, in [0, 2];
    None for what the settings say.
    """

    name: str
    rules: str = RULES
    examples: tuple[tuple[str, str], ...] = ()
    human: str = HUMAN
    final: str = ""
    samples: int = 1
    temperature: float | None = None

    def __post_init__(self) -> None:
        _check_sizes(self)
        _check_numbers(self)
        _check_places(self)

    @property
    def text(self) -> str:
        """All that the model reads of the template itself."""
        return "\n\n".join([self.rules, *(part for pair in self.examples for part in pair), self.human])

    def chain(self) -> Runnable[Any, Any]:
        """passages, history and question in, the messages out; the stable part stands first."""
        examples = [(safe(asked), safe(said)) for asked, said in self.examples]
        return render | answer_prompt(safe(self.rules), examples, safe(self.human))

    def messages(self, variables: Mapping[str, object]) -> list[BaseMessage]:
        """What the model is shown."""
        messages: list[BaseMessage] = self.chain().invoke(dict(variables)).to_messages()
        return messages

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; `from_dict` reads it back."""
        return {**asdict(self), "examples": [list(pair) for pair in self.examples]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PromptTemplateText:
        """A template from JSON. Raises InputError for an unknown field, a wrong type or text that cannot be used."""
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                detail = f"has no field {name!r}; it knows {', '.join(known)}"
                raise _wrong(detail, "unknown_field", field=name, known=", ".join(known))
        if "name" not in values:
            raise _wrong("has no name; give it one", "no_name")
        given = dict(values)
        if "examples" in given:
            given["examples"] = _pairs(given["examples"])
        return cls(**given)


@cache
def shipped() -> Mapping[str, PromptTemplateText]:
    """The techniques by name, in alphabetical order."""
    return {template.name: template for template in discover("chains.variants", "VARIANT").values()}


def find(prompt: str | PromptTemplateText) -> PromptTemplateText:
    """The template itself, or the shipped one of that name; "" is the prompt that answers in the chat.

    Raises InputError for a name that is none, with the nearest one.
    """
    if isinstance(prompt, PromptTemplateText):
        return prompt
    templates, name = shipped(), prompt or SHIPPED
    if name not in templates:
        near = difflib.get_close_matches(name, templates, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(templates)}"
        raise InputError(
            detail=f"There is no prompt {name!r}; {hint}",
            text_key="prompt.unknown",
            name=name,
            near=near[0] if near else ", ".join(templates),
        )
    return templates[name]


def _check_sizes(template: PromptTemplateText) -> None:
    for field in ("name", "rules", "human", "final"):
        value = getattr(template, field)
        if not isinstance(value, str):
            raise _wrong(f"has {value!r} for {field}; give text", "not_text", field=field)
    if not template.name.strip() or len(template.name) > 60 or not template.name.isprintable():
        raise _wrong(f"has the name {template.name[:60]!r}; give one line of at most 60 characters", "name")
    count = len(template.examples)
    if count > MOST_EXAMPLES:
        raise _wrong(f"has {count} examples; keep at most {MOST_EXAMPLES}", "examples", count=count, most=MOST_EXAMPLES)
    for pair in template.examples:
        _check_pair(pair)
    count = len(template.text)
    if count > MOST_CHARACTERS:
        detail = f"has {count} characters; keep at most {MOST_CHARACTERS}"
        raise _wrong(detail, "too_long", count=count, most=MOST_CHARACTERS)


def _check_pair(pair: Any) -> None:
    two = isinstance(pair, Sequence) and not isinstance(pair, str) and len(pair) == 2
    if not two or not all(isinstance(part, str) for part in pair):
        value = repr(pair)[:80]
        raise _wrong(f"has the example {value}; give a question and an answer as a pair", "example", value=value)


def _check_numbers(template: PromptTemplateText) -> None:
    samples, temperature = template.samples, template.temperature
    if type(samples) is not int or not 1 <= samples <= MOST_SAMPLES:
        value, detail = repr(samples)[:40], f"give a whole number from 1 to {MOST_SAMPLES}"
        raise _wrong(f"has samples={value}; {detail}", "samples", value=value, most=MOST_SAMPLES)
    number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if temperature is not None and not (number and 0 <= temperature <= 2):
        value = repr(temperature)[:40]
        raise _wrong(f"has temperature={value}; give a number from 0 to 2", "temperature", value=value)


def _check_places(template: PromptTemplateText) -> None:
    named = _places(template.human)
    for name in named:
        if name not in PLACES:
            near = difflib.get_close_matches(name, PLACES, n=1)
            hint = f"did you mean {{{near[0]}}}?" if near else "write braces that are meant as text twice"
            raise _wrong(f"has the unknown place {{{name}}}; {hint}", "unknown_place", place=name)
    for name in NEEDED:
        if named.count(name) != 1:
            raise _wrong(
                f"needs {{{name}}} exactly once in `human`; put it in, or keep one", "missing_place", place=name
            )
    for text in (template.rules, *(part for pair in template.examples for part in pair)):
        for name in PLACES:
            if f"{{{name}}}" in text:
                raise _wrong(f"has {{{name}}} outside `human`; take it out there", "place_outside", place=name)


def _places(human: str) -> list[str]:
    """Names in braces, as str.format reads them. Raises InputError for anything but a bare name."""
    try:
        parsed = list(string.Formatter().parse(human))
    except ValueError:
        raise _wrong("has a brace without its pair; write braces that are meant as text twice", "brace") from None
    for _, name, form, conversion in parsed:
        if name is not None and (form or conversion):
            raise _wrong(f"has a format behind {{{name[:60]}}}; write the bare name", "place_format", place=name[:60])
    return [name[:60] for _, name, _, _ in parsed if name is not None]


def _pairs(examples: Any) -> tuple[tuple[str, str], ...]:
    """JSON's lists of two as pairs; what is none of them is left for the template's own check to name."""
    if not isinstance(examples, Sequence) or isinstance(examples, str):
        _check_pair(examples)
        raise _wrong("has examples that are no list; give pairs in a list", "not_text", field="examples")
    return tuple(tuple(pair) if isinstance(pair, list) else pair for pair in examples)


def _wrong(what: str, key: str, **params: Any) -> InputError:
    """One sentence about the template, in English; `prompt.<key>` in app/ui/i18n says it in both languages."""
    return InputError(detail=f"The prompt {what}", text_key=f"prompt.{key}", **params)
