"""Reading comprehension, base against tuned: a SQuAD-format file, its paragraph as the one passage, the bare words as the answer.

Scored in characters as KorQuAD 1.0 is (Lim, Kim, Lee 2019), against the best of the reference answers. A paragraph that the adapter
was trained on is left out; where the training data are not here, nobody can tell, and the result says so.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import InputError
from models.types import Chunk, Locator, Passage

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

MOST_BYTES = 500_000_000
SEEN_CHARACTERS = 60  # of a paragraph's letters that give it away in a training text
MOST_ANSWER_TOKENS = 48


@dataclass(frozen=True, slots=True)
class Item:
    """One question. answers: each of them right."""

    id: str
    title: str
    paragraph: str
    question: str
    answers: tuple[str, ...]


def load(path: Path) -> list[Item]:
    """All answerable questions in the file's order. Raises InputError for what is no file in SQuAD's form."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES // 10**6} MB")
        values = json.loads(path.read_text(encoding="utf-8"))
        items = list(_items(values["data"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_squad(path, f"{type(error).__name__}: {error}") from error
    if not items:
        raise _no_squad(path, "it holds no question with an answer")
    return items


def _items(articles: Sequence[dict[str, Any]]) -> Iterator[Item]:
    for article in articles:
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                answers = tuple(dict.fromkeys(str(answer["text"]) for answer in asked.get("answers", ())))
                if answers:
                    title, context = str(article.get("title", "")), str(paragraph["context"])
                    yield Item(str(asked["id"]), title, context, str(asked["question"]), answers)


def unseen(items: Sequence[Item], texts: Sequence[str]) -> list[Item]:
    """The items whose paragraph stands in none of the texts: neither its beginning nor its middle."""
    seen = "\n".join(map(_letters, texts))
    kept: dict[str, bool] = {}
    for item in items:
        if item.paragraph not in kept:
            letters = _letters(item.paragraph)
            middle = len(letters) // 2
            marks = (letters[:SEEN_CHARACTERS], letters[middle : middle + SEEN_CHARACTERS])
            kept[item.paragraph] = not any(mark in seen for mark in marks)
    return [item for item in items if kept[item.paragraph]]


def drawn(items: Sequence[Item], count: int, seed: int = 0) -> list[Item]:
    """So many of them, the same for the same seed, in their order."""
    chosen = sorted(random.Random(seed).sample(range(len(items)), min(count, len(items))))  # noqa: S311 - a sample, no secret
    return [items[i] for i in chosen]


def answer(model: BaseChatModel, item: Item) -> str:
    """What the model says, asked as training asks for bare words. Raises BackendError."""
    from app.training_data import span_template

    chunk = Chunk(item.id, item.paragraph, item.title, Locator(headings=(item.title,) if item.title else ()), 0)
    passage = Passage(1, chunk, item.paragraph, (item.paragraph,), 0, 1.0)
    messages = span_template().messages({"passages": (passage,), "history": (), "question": item.question})
    return str(model.bind(max_tokens=MOST_ANSWER_TOKENS).invoke(messages).text).strip()


def scores(said: str, answers: Sequence[str]) -> tuple[float, float]:
    """(exact match, character F1) against the answer that fits best."""
    pairs = [_score(said, wanted) for wanted in answers]
    return max(exact for exact, _ in pairs), max(f1 for _, f1 in pairs)


def _score(said: str, wanted: str) -> tuple[float, float]:
    from evals.wording import korquad_normalised

    one, two = korquad_normalised(said), korquad_normalised(wanted)
    a, b = "".join(one.split()), "".join(two.split())
    same = (Counter(a) & Counter(b)).total()
    return float(one == two), 2 * same / (len(a) + len(b)) if same else 0.0


def ask_all(
    models: Sequence[BaseChatModel], items: Sequence[Item], told: Callable[[int, int], None]
) -> list[list[tuple[float, float]]]:
    """A list a model of what each item scored."""
    rows: list[list[tuple[float, float]]] = [[] for _ in models]
    for done, item in enumerate(items):
        told(done, len(items))
        for model, row in zip(models, rows, strict=True):
            row.append(scores(answer(model, item), item.answers))
    return rows


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _no_squad(path: Path, why: str) -> InputError:
    detail = f"{path.name} is no question file in SQuAD's form ({why}); give one such as KorQuAD_v1.0_dev.json"
    return InputError(detail=detail, text_key="adapter.no_squad", name=path.name, why=why)
