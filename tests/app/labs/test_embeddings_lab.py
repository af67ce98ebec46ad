"""The lab on sentence embeddings: what it claims comes true with the real e5, and what is missing or too much is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.labs.base import Desk, Figure, Score, Shown, Table, Used, read_values, to_row
from app.labs.drawing import drawn
from app.labs.embeddings import LAB, MOST, read
from app.labs.telling import told
from app.labs.words import words
from models.errors import InputError, MissingError

Ran = tuple[dict[tuple[str, str], Any], dict[str, float], list[Used]]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, weights_dir: Path) -> Desk:
    """One home for all, so that the notes are embedded once."""
    return Desk(tmp_path_factory.mktemp("home"), weights=str(weights_dir))


def ran(desk: Desk, **values: Any) -> Ran:
    """Blocks by kind and name, scores, data; everything said has words."""
    events = list(LAB.compute(desk, **read_values(LAB, values)))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    blocks = {(type(e.block).__name__, e.block.name): e.block for e in events if isinstance(e, Shown)}
    known = words(LAB.name)
    for kind, block in blocks.items():
        if isinstance(block, Figure | Table):
            assert f"{kind[0].lower()}_{kind[1]}" in known
        if isinstance(block, Figure):
            drawn(LAB.name, block, "ko")
        elif hasattr(block, "key"):
            assert known[block.key]["ko"].format(**block.values)
    scores = {event.name: event.value for event in events if isinstance(event, Score)}
    assert {f"score_{name}" for name in scores} <= set(known)
    return blocks, scores, [event for event in events if isinstance(event, Used)]


@pytest.mark.weights
class TestTries:
    def test_sentences_that_share_nothing_have_a_high_cosine(self, desk: Desk) -> None:
        blocks, scores, used = ran(desk, **LAB.tries[0].values, pairs=20)
        assert scores["least"] > 0.7
        spread = blocks["Figure", "centred"].data[0]["z"]
        assert spread[0][1] < 0.3 < 0.7 < blocks["Figure", "raw"].data[0]["z"][0][1]
        assert used[0].name == "pairs-ko", "stands in where KorSTS is not there"

    def test_the_opposite_is_nearer_than_the_same_in_other_words(self, desk: Desk) -> None:
        blocks, _, _ = ran(desk, **LAB.tries[1].values, pairs=20)
        _, opposite, same = blocks["Figure", "raw"].data[0]["z"][0]
        assert opposite > same

    @pytest.mark.shared
    def test_vectors_follow_people_better_than_words_do(self, desk: Desk, shared_data: Path) -> None:
        here = Desk(desk.home, datasets=shared_data, weights=desk.weights)
        blocks, scores, used = ran(here, **LAB.tries[2].values)
        assert used[0].name == "korsts"
        assert scores["spearman"] > scores["spearman_words"] + 0.1
        rows = {row[0]: row[1:] for row in blocks["Table", "agreement"].rows}
        assert rows["words"][0] < rows["morphemes"][0] < rows["e5"][0]
        assert rows["e5"][1] < rows["e5"][0] < rows["e5"][2]
        assert scores["unmatched"] > 0.7


@pytest.mark.weights
@pytest.mark.parametrize("query", ["🙂🙂", "가", "?!"])
def test_a_question_without_words_is_answered_by_meaning_alone(desk: Desk, query: str) -> None:
    blocks, _, _ = ran(desk, query=query, sentences="가\n🙂", pairs=20, prefix="none")
    if not blocks["Table", "lexical"].rows:
        assert blocks["Said", "differ"].key == "no_words"
    assert len(blocks["Table", "dense"].rows) == 5


@pytest.mark.parametrize("text", ["한 문장뿐", "\n".join("가" * (MOST + 1)), "\n\n \n"], ids=["one", "many", "blank"])
def test_too_few_and_too_many_sentences_are_told(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert words(LAB.name)["control_sentences"]["ko"] in told(LAB, caught.value, "ko")


def test_missing_weights_are_told_with_the_command(home: Path) -> None:
    with pytest.raises(MissingError, match="coursemate models pull multilingual-e5-small"):
        list(LAB.compute(Desk(home), **read_values(LAB, {})))
