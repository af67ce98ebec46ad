"""Facts into examples: the prompt as the assistant sends it, and behind it the very answer that is wanted.

    compose(fact, prompt=({"role": "system", …}, {"role": "user", …}), refusal="자료에서 답을 찾을 수 없습니다.")

The prompt comes rendered from the caller. Each sentence of an answer ends with the mark of its passage, `… 값입니다. [1]`; what the
passages do not hold is refused in the words given, without a mark.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from finetune.base import Example
from finetune.data.facts import Fact


def answer(fact: Fact, refusal: str) -> str:
    """What the assistant is to say. Sentences in a row from one passage are marked once, behind the last of them."""
    if fact.kind == "refuse":
        return refusal
    if fact.kind == "span":
        return fact.claims[0].text
    said = []
    for claim, after in zip(fact.claims, (*fact.claims[1:], None), strict=True):
        marked = after is None or after.passage != claim.passage
        said.append(f"{claim.text} [{claim.passage}]" if marked else claim.text)
    return " ".join(said)


def compose(fact: Fact, prompt: Sequence[Mapping[str, str]], refusal: str) -> Example:
    """The example; its id is a hash of what it says, so that the same fact in the same prompt has the same id everywhere."""
    messages = (*(dict(message) for message in prompt), {"role": "assistant", "content": answer(fact, refusal)})
    digest = hashlib.sha256(json.dumps(messages, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    return Example(f"{fact.kind}-{digest[:12]}", messages, fact.origin, fact.document, fact.kind)
