"""Small datasets of our own, for a machine that has nothing else. The page calls them what they are: made.

They are drawn by a fixed seed and are harder than they look: shapes move, turn grey and get noise; one review in three negates its
word or turns at a "but", so that counting words is not enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.labs.data.base import Split
from app.labs.data.catalog import Entry

_SEED = 20_261
_SIDE = 28


def shapes(entry: Entry) -> tuple[Split, Split]:
    """Grey pictures of ten shapes, moved by up to 3 pixels, of different sizes and brightness, with noise."""
    draw = np.random.default_rng(_SEED)
    train, test = (_shapes(draw, rows) for rows in entry.rows)
    return train, test


def _shapes(draw: np.random.Generator, rows: int) -> Split:
    kinds = np.arange(rows) % 10
    images = np.stack([_shape(draw, int(kind)) for kind in kinds])  # (N, 28, 28)
    return Split(images, kinds.astype(np.int64))


def _shape(draw: np.random.Generator, kind: int) -> NDArray[np.uint8]:
    """(28, 28). The coordinates are shifted and scaled, so that each shape is written about its own centre."""
    size = draw.uniform(6.5, 10)
    down, right = (np.mgrid[:_SIDE, :_SIDE] - 13.5 - draw.integers(-3, 4, size=(2, 1, 1))) / size
    inside = np.maximum(abs(down), abs(right)) < 1
    radius = np.hypot(down, right)
    masks = (
        radius < 1,
        inside,
        (down < 1) & (abs(right) < (down + 1) / 2),
        inside & (np.minimum(abs(down), abs(right)) < 0.3),
        (radius < 1) & (radius > 0.55),
        inside & (np.sin(down * 9) > 0),
        inside & (np.sin(right * 9) > 0),
        inside & (abs(down - right) < 0.4),
        inside & (np.sin(down * 7) * np.sin(right * 7) > 0.35),
        inside & (np.maximum(abs(down), abs(right)) > 0.6),
    )
    grey = masks[kind] * draw.uniform(110, 230) + draw.normal(0, 22, (_SIDE, _SIDE))
    return np.asarray(np.clip(grey, 0, 255), np.uint8)


_KO_THINGS = [
    "연기",
    "줄거리",
    "음악",
    "영상",
    "대사",
    "결말",
    "편집",
    "분위기",
    "주인공",
    "연출",
    "각본",
    "장면",
    "액션",
    "감정선",
    "전개",
    "배경",
    "의상",
    "목소리",
]
_KO_GOOD = ["훌륭하", "뛰어나", "아름답", "인상적이", "자연스럽", "탄탄하", "섬세하", "신선하", "완벽하", "따뜻하"]
_KO_BAD = ["지루하", "어색하", "답답하", "산만하", "억지스럽", "뻔하", "허술하", "진부하", "유치하", "밋밋하"]
_KO_HOW = ["정말", "꽤", "무척", "생각보다", "끝까지", "대체로", "처음부터", "상당히"]
_EN_THINGS = [
    "acting",
    "story",
    "music",
    "camera",
    "dialogue",
    "ending",
    "editing",
    "mood",
    "hero",
    "directing",
    "script",
    "scene",
    "action",
    "pacing",
]
_EN_GOOD = ["brilliant", "moving", "beautiful", "memorable", "natural", "solid", "subtle", "fresh", "flawless", "warm"]
_EN_BAD = ["boring", "awkward", "frustrating", "messy", "forced", "predictable", "sloppy", "stale", "childish", "flat"]
_EN_HOW = ["really", "quite", "very", "surprisingly", "consistently", "mostly", "truly", "rather"]


def reviews_ko(entry: Entry) -> tuple[Split, Split]:
    """Reviews of films that nobody has seen, in Korean."""
    return _reviews(entry, _clause_ko, "{}지만, {}다.", "{}고 {}다.", "{}다.")


def reviews_en(entry: Entry) -> tuple[Split, Split]:
    """The same in English."""
    return _reviews(entry, _clause_en, "{}, but {}.", "{}, and {}.", "{}.")


def _clause_ko(draw: np.random.Generator, good: bool) -> str:
    """A stem that takes 다, 고 and 지만. One in six says it by denying the opposite."""
    denied = draw.random() < 1 / 6
    word = _one(draw, _KO_GOOD if good != denied else _KO_BAD)
    thing = _one(draw, _KO_THINGS)
    particle = "이" if (ord(thing[-1]) - ord("가")) % 28 else "가"
    return f"{thing}{particle} {_one(draw, _KO_HOW)} {word}{'지 않았' if denied else _PAST[word[-1]]}"


_PAST = {"하": "였", "나": "었", "답": "기도 했", "이": "었", "럽": "기도 했"}


def _clause_en(draw: np.random.Generator, good: bool) -> str:
    denied = draw.random() < 1 / 6
    word = _one(draw, _EN_GOOD if good != denied else _EN_BAD)
    return f"the {_one(draw, _EN_THINGS)} was {'not' if denied else _one(draw, _EN_HOW)} {word}"


def _one(draw: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(draw.integers(len(words)))]


def _reviews(entry: Entry, clause: Callable[..., str], but: str, both: str, alone: str) -> tuple[Split, Split]:
    draw = np.random.default_rng(_SEED)

    def review(good: bool) -> str:
        """After "but" comes what counts."""
        turn = draw.random()
        if turn < 1 / 4:
            return but.format(clause(draw, not good), clause(draw, good))
        return both.format(clause(draw, good), clause(draw, good)) if turn < 2 / 3 else alone.format(clause(draw, good))

    def part(rows: int) -> Split:
        kinds = np.arange(rows) % 2
        return Split([review(bool(kind)) for kind in kinds], kinds.astype(np.int64))

    train, test = (part(rows) for rows in entry.rows)
    return train, test


_WHO = (("남자", "남성"), ("여자", "여성"), ("아이", "어린이"), ("학생", "수강생"))
_DOING = (
    ("공원에서 자전거를 타고 있다", "자전거를 타고 공원을 달린다"),
    ("부엌에서 요리를 하고 있다", "부엌에서 음식을 만든다"),
    ("도서관에서 책을 읽고 있다", "도서관에 앉아 책을 본다"),
    ("무대에서 노래를 부르고 있다", "무대 위에서 노래한다"),
    ("강아지와 산책을 하고 있다", "강아지를 데리고 걷는다"),
)


def pairs_ko(entry: Entry) -> tuple[Split, Split]:
    """Two sentences and how alike they are: 5 the same said otherwise, 3 the same deed of another, 2 of the same another deed, 0 neither."""
    draw = np.random.default_rng(_SEED)

    def pair(score: float) -> tuple[str, str]:
        who, other = draw.permutation(len(_WHO))[:2]
        doing, another = draw.permutation(len(_DOING))[:2]
        second_who = who if score in {5, 2} else other
        second_doing = doing if score in {5, 3} else another
        return f"한 {_WHO[who][0]}가 {_DOING[doing][0]}.".replace("학생가", "학생이"), _second(second_who, second_doing)

    def part(rows: int) -> Split:
        scores = np.resize([5.0, 3.0, 2.0, 0.0], rows)
        return Split([pair(float(score)) for score in scores], scores)

    train, test = (part(rows) for rows in entry.rows)
    return train, test


def _second(who: int, doing: int) -> str:
    name = _WHO[who][1]
    return f"{name}{'이' if (ord(name[-1]) - ord('가')) % 28 else '가'} {_DOING[doing][1]}."


def blobs(entry: Entry) -> tuple[Split, Split, tuple[str, ...]]:
    """Three clusters in two dimensions that touch."""
    draw = np.random.default_rng(_SEED)
    centres = np.array([[-2.0, 0.0], [2.0, 0.5], [0.0, 3.0]])

    def part(rows: int) -> Split:
        kinds = np.arange(rows) % len(centres)
        return Split(centres[kinds] + draw.normal(0, 1, (rows, 2)), kinds.astype(np.int64))

    return part(entry.rows[0]), part(entry.rows[1]), ("x1", "x2")


def line(entry: Entry) -> tuple[Split, Split, tuple[str, ...]]:
    """y = 3 x + 2 with noise of standard deviation 1."""
    draw = np.random.default_rng(_SEED)

    def part(rows: int) -> Split:
        x = draw.uniform(-3, 3, (rows, 1))
        return Split(x, 3 * x[:, 0] + 2 + draw.normal(0, 1, rows))

    return part(entry.rows[0]), part(entry.rows[1]), ("x",)


GENERATORS: dict[str, Callable[[Entry], Any]] = {
    generator.__name__: generator for generator in (shapes, reviews_ko, reviews_en, pairs_ko, blobs, line)
}
