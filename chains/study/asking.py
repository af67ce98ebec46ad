"""How an item is put to people, in the language of its document: an English document gives English questions.

What stands around the items ("정답", "근거") is the reader's language and comes from the caller.
"""

from __future__ import annotations

from chains.study.base import Card, Item
from chains.study.language import Language

_PHRASES: dict[Language, dict[str, str]] = {
    "ko": {
        "row": "표에서 ‘{name}’의 ‘{said}’에 해당하는 것은 무엇인가요?",
        "describe": "다음은 무엇에 대한 설명인가요? “{said}”",
        "about": "‘{said}’에 대한 설명으로 맞는 것은 무엇인가요?",
        "blank": "빈칸에 알맞은 수는 무엇인가요? “{said}”",
        "pair": "‘{name}’에 대한 설명입니다. 맞으면 O, 틀리면 X를 고르세요. “{said}”",
        "statement": "맞으면 O, 틀리면 X를 고르세요. “{said}”",
        "card": "‘{said}’에 대해 자료는 무엇이라고 하나요?",
    },
    "en": {
        "row": "In the table, what is the ‘{said}’ of ‘{name}’?",
        "describe": "What is described here? “{said}”",
        "about": "Which of these describes ‘{said}’?",
        "blank": "Which number fills the blank? “{said}”",
        "pair": "True or false? This describes ‘{name}’: “{said}”",
        "statement": "True or false? “{said}”",
        "card": "What do the documents say of ‘{said}’?",
    },
}  # fmt: skip
SEPARATOR = " — "  # between a name and what is asked or said of it


def asked(item: Item) -> str:
    """The question as it is put to people."""
    if item.form == "truefalse":
        return _filled(item.language, item.hint or "statement", item.question)
    return _filled(item.language, item.hint, item.question) if item.hint else item.question


def front(card: Card) -> str:
    """The front of a card."""
    hint = "card" if card.hint == "about" else card.hint
    return _filled(card.language, hint, card.front) if hint else card.front


def _filled(language: Language, name: str, words: str) -> str:
    phrase = _PHRASES[language or "ko"][name]
    if "{name}" not in phrase:
        return phrase.format(said=words)
    first, _, said = words.partition(SEPARATOR)
    return phrase.format(name=first, said=said)
