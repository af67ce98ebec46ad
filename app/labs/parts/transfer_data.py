"""The pictures of both labs on transfer, as the lesson takes them: grey, one size, ten kinds of which five are known before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.labs.base import Desk
from app.labs.data.base import Loaded
from app.labs.data.loading import load
from app.lessons.pictures import KINDS, SEEN, Pictures, scaled
from models.errors import InputError

TRAIN, TEST = 8000, 2000
LEAST = 2  # pictures of a kind to learn from
LESSON_NAMES = {"fashion-mnist": "fashion"}


@dataclass(frozen=True, slots=True)
class Material:
    """A dataset as it was found, and the same pictures in one size."""

    found: Loaded
    pictures: Pictures

    @property
    def old(self) -> tuple[str, ...]:
        """The names of the five kinds that are known before."""
        return self.found.classes[:SEEN]

    @property
    def new(self) -> tuple[str, ...]:
        """The names of the five kinds that are learned."""
        return self.found.classes[SEEN:KINDS]


def material(desk: Desk, name: str, side: int) -> Material:
    """Raises InputError for broken files, and where a kind has next to no pictures."""
    found = load(desk, name, train=TRAIN, test=TEST)
    for split, least in ((found.train, LEAST), (found.test, 1)):
        counts = np.bincount(split.targets, minlength=KINDS)[:KINDS]
        if counts.min() < least:
            kind, few = found.classes[int(counts.argmin())], int(counts.min())
            detail = f"{found.name} has {few} pictures of {kind}; put at least {LEAST} into train and 1 into test"
            raise InputError(detail=detail, text_key="few_pictures", kind=kind, few=few, least=LEAST)
    (train, train_kinds), (test, test_kinds) = (
        (scaled(split.inputs, side), split.targets.astype(np.int64)) for split in (found.train, found.test)
    )
    pictures = Pictures(LESSON_NAMES.get(found.name, found.name), train, train_kinds, test, test_kinds)
    return Material(found, pictures)
