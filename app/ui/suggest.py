"""Questions to start with, made from what the documents are called and what they are divided into. No model: the same
documents always suggest the same questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from app.ui.context import Store
from app.ui.i18n import Language, text
from models.types import Passage

FIRST_QUESTIONS = 4
FOLLOW_UPS = 3
LONGEST = 28
NO_TOPICS = [
    "참고문헌",
    "참고자료",
    "더읽을거리",
    "출처",
    "목차",
    "차례",
    "요약",
    "정리",
    "마무리",
    "결론",
    "서론",
    "개요",
    "소개",
    "들어가며",
    "연습문제",
    "과제",
    "실습",
    "질문",
    "부록",
    "references",
    "bibliography",
    "summary",
    "contents",
    "introduction",
    "conclusion",
    "overview",
    "exercises",
    "appendix",
]
_NUMBERING = re.compile(r"^\s*(?:제?\s*\d+(?:\.\d+)*\s*(?:장|절|강|주차)?[.):-]*\s+|[IVX]+\.\s*|[가-하]\.\s*)")
_MARKS = re.compile(r"[*_`#$\\<>\[\]|]")


def topic_of(heading: str) -> str:
    """A heading as the topic of a question; "" where it does not read as one."""
    words = _NUMBERING.sub("", _MARKS.sub("", heading)).strip(" .:-–—")
    reads = 2 <= len(words) <= LONGEST and not words.endswith(("?", "다", "요", "까"))
    return words if reads and words.replace(" ", "").lower() not in NO_TOPICS else ""


def first_questions(store: Store, lang: Language) -> list[str]:
    """At most `FIRST_QUESTIONS`, from documents spread evenly over the collection."""
    documents = sorted(store.documents(), key=lambda d: d.source)
    return [question for document in _spread(documents, FIRST_QUESTIONS) if (question := _about(store, document, lang))]


def _spread(documents: Sequence[Any], count: int) -> list[Any]:
    if len(documents) <= count:
        return list(documents)
    return [documents[(2 * i + 1) * len(documents) // (2 * count)] for i in range(count)]


def _about(store: Store, document: Any, lang: Language) -> str:
    headings = [c.locator.headings[-1] for c in store.chunks_of(document.id) if len(c.locator.headings) > 1]
    topics = [topic for heading in headings if (topic := topic_of(heading))]
    topic = topics[0] if topics else topic_of(document.title or "")
    return text("chat.ask_topic", lang, topic=topic) if topic else ""


def follow_ups(passages: Iterable[Passage], asked: Iterable[str], lang: Language) -> list[str]:
    """Topics that stand next to the evidence and have not been asked about."""
    before = " ".join(asked)
    headings = (heading for p in passages for heading in reversed(p.chunk.locator.headings))
    topics = dict.fromkeys(topic for heading in headings if (topic := topic_of(heading)) and topic not in before)
    return [text("chat.ask_topic", lang, topic=topic) for topic in topics][:FOLLOW_UPS]
