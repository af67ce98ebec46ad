"""Makes a follow-up question stand alone: "그럼 입력층은?" after a question on dropout asks for dropout at the input layer.

A question that names its own subject is left as it is. For the rest there are two ways: the words of the talk so far are
joined to the question (no model needed, instant), or a model rewrites it. Small local models rewrite badly and slowly
(docs/prompts.md), so they take the first way unless the person asked for thorough answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import Runnable

from chains.prompts import render_history, rewrite_prompt
from ingest.morphemes import content_morphemes
from models.types import Turn

_POINTS_BACK = re.compile(
    r"^(그|그럼|그러면|그건|그게|그것|그거|이건|이것|이거|그런|이런|그중|그때|거기|여기|왜\??$|어떻게\??$|예를|예시|더 |또 |반대로|then|and |it\b|they\b|why\??$|how\??$|what about)"
    r"|(그것|이것|그거|이거|그걸|이걸|그건|이건|둘 중|둘의|위에서|앞에서|방금|아까)",
    re.I,
)
_EMPTY_WORDS = frozenset(
    {
        "무엇",
        "뭐",
        "것",
        "거",
        "설명",
        "하",
        "되",
        "이유",
        "차이",
        "알리",
        "어떻",
        "말",
        "주",
        "예",
        "경우",
        "때",
        "수",
        "왜",
        "더",
        "다시",
        "좀",
    }
)


def needs_rewrite(question: str, history: Sequence[Turn]) -> bool:
    """Whether the question leans on what was said before."""
    if not history:
        return False
    words = [w for w in content_morphemes(question) if w not in _EMPTY_WORDS]
    return bool(_POINTS_BACK.search(question.strip())) or len(words) <= 1


def join_subject(question: str, history: Sequence[Turn]) -> str:
    """The question with the subject of the last standalone question put before it."""
    for turn in reversed(history):
        subject = [w for w in dict.fromkeys(_nouns(turn.question)) if w not in _EMPTY_WORDS]
        if subject:
            return f"{' '.join(subject[:6])} {question}"
    return question


def rewrite_chain(model: BaseChatModel) -> Runnable[dict[str, str], str]:
    """Question and history in, one standalone question out."""
    return rewrite_prompt() | model | StrOutputParser() | _first_line


def rewrite_variables(question: str, history: Sequence[Turn]) -> dict[str, str]:
    """Variables of `rewrite_chain`."""
    return {"question": question, "history": render_history(history)}


def _first_line(text: str) -> str:
    lines = [line.strip(" \"'") for line in text.strip().splitlines() if line.strip()]
    return lines[0][:300] if lines else ""


def _nouns(question: str) -> list[str]:
    """Words as written, particles cut off; order kept."""
    words = set(content_morphemes(question))
    found = []
    for token in re.findall(r"[A-Za-z0-9가-힣.+-]+", question):
        inner = [w for w in content_morphemes(token) if w in words]
        if inner and not re.search(r"(나요|까요|인가요|은가요|는가|니까|세요|해줘|하나|될까|일까|뭐야|줘)$", token):
            found += inner
    return found
