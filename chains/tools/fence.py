"""The fence around tool results: what a document says is shown to the model as data, bounded, and never as an order.

A sentence that orders its reader, a model, about ("도구를 호출하라", "call the tool …") is left out; control characters and marks
that imitate a turn or an action are defused; the whole is cut at `RESULT_CHARACTERS`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from chains.injection import is_instruction
from models.types import Passage

RESULT_CHARACTERS = 4_000
_TOOL_ORDER = re.compile(
    r"(도구|툴|함수|tools?|functions?|\b(search|calculate|open_section|list_documents|summarize|quiz|run_lab)\b)"
    r".{0,60}(호출|실행|사용|불러|부르|call|run|use|invoke|execute)\S*(하라|해라|하세요|하시오|해\s*줘|라[.!]?\s*$|세요|시오|할 것)"
    r"|\b(call|run|use|invoke|execute)\b.{0,40}\b(tools?|functions?|search|calculate|open_section|list_documents|summarize)\b",
    re.I,
)
_IMITATION = re.compile(r"<\|[^|>]*\|>|</?tool_(?:call|response)>|\{\s*\"name\"\s*:", re.I)


def told(text: str) -> bool:
    """Whether a document's sentence tells something; one that gives orders to a model does not."""
    return not (is_instruction(text) or _TOOL_ORDER.search(text))


def fenced(text: str, limit: int = RESULT_CHARACTERS) -> str:
    """Text without control characters and imitated turns, cut at `limit` characters."""
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    defused = _IMITATION.sub(" ", kept)
    return defused if len(defused) <= limit else defused[: limit - 1] + "…"


def without_orders(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages with what tells something only; one of which nothing is left is gone."""
    from chains.pack import join_units

    kept = []
    for found in passages:
        sentences = tuple(sentence for sentence in found.sentences if told(sentence))
        if not sentences:
            continue
        best = found.sentences[found.best]
        index = sentences.index(best) if best in sentences else 0
        kept.append(replace(found, sentences=sentences, text=join_units(sentences), best=index))
    return tuple(kept)
