"""Study aids from the shipped course: nothing wrong is right by the collection, every source stands word for word."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import sqlite3
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from app.ui.i18n import text
from chains.making.base import Made
from chains.study.anki import rich, to_apkg
from chains.study.answers import is_right
from chains.study.asking import asked
from chains.study.bank import Bank
from chains.study.base import FALSE, Item, Study, study_of
from chains.study.definitions import Definition
from chains.study.export import BOM, to_csv, to_markdown
from chains.study.language import language_of
from chains.study.maker import Order, make
from chains.study.names import fold
from chains.study.screen import is_awkward
from chains.study.wording import keeps_meaning
from chains.study.wrong import other_terms
from ingest.base import Limits
from ingest.loading import load_pages
from ingest.split import split_pages
from models.errors import InputError
from models.types import Chunk, Citation, Locator

COURSE = Path(__file__).parents[3] / "data" / "course"
HOSTILE = "드롭커넥트(DropConnect)는 <script>alert(1)</script> {{Front}} 가중치를 무작위로 끄는 규제 방법입니다."


def words(key: str, **params: object) -> str:
    return text(f"study.{key}", "ko", **params)


def place(locator: Locator) -> str:
    return " › ".join(locator.headings)


def chunks_of(path: Path) -> list[Chunk]:
    kind, pages = load_pages(path, Limits())
    pieces = split_pages(pages)
    return [Chunk(f"{path.name}-{n}", p.text, path.name, p.locator, n, path.name, kind) for n, p in enumerate(pieces)]


def one(said: str) -> list[list[Chunk]]:
    return [[Chunk("c", said, "n.md", Locator(), 0, "d", "md")]] if said else [[]]


@pytest.fixture(scope="module")
def documents() -> list[list[Chunk]]:
    names = ("06-mlp-overfitting.md", "07-cnn.md", "12-bert-gpt-vit.md")
    return [chunks_of(COURSE / name) for name in names]


@pytest.fixture(scope="module")
def bank(documents: list[list[Chunk]]) -> Bank:
    return Bank([chunk for chunks in documents for chunk in chunks])


@pytest.fixture(scope="module")
def quiz(bank: Bank, documents: list[list[Chunk]]) -> Study:
    return make(bank, documents, Order("quiz", 24))


def test_a_quiz_has_every_form_from_every_document(quiz: Study, documents: list[list[Chunk]]) -> None:
    assert {item.form for item in quiz.items} == {"choice", "short", "truefalse"}
    assert {item.source.source for item in quiz.items} == {chunks[0].source for chunks in documents}
    assert len({item.source.quote for item in quiz.items}) == len(quiz.items)


def test_every_source_stands_in_its_chunk(quiz: Study, bank: Bank, documents: list[list[Chunk]]) -> None:
    texts = {chunk.id: chunk.text for chunk in bank.chunks}
    guide = make(bank, documents, Order("guide", 0))
    assert len(guide.weeks) == 3
    assert all(week.terms and week.readings and week.checks for week in guide.weeks)
    for source in (*quiz.sources().values(), *guide.sources().values()):
        assert source.quote in texts[source.chunk_id]


def test_no_wrong_option_is_right_by_the_collection(quiz: Study, bank: Bank) -> None:
    definitions = [one for chunk in bank.chunks for one in bank.definitions(chunk)]
    choices = [item for item in quiz.items if item.form == "choice"]
    assert choices
    for item in choices:
        assert len(set(map(fold, item.options))) == len(item.options) >= 3
        assert item.options.count(item.answer) == 1
        wrong = [option for option in item.options if option != item.answer]
        if item.hint == "describe":
            assert not any(one.said == item.question and one.term in wrong for one in definitions)
            assert not any(fold(option) in fold(item.source.quote) for option in wrong)
        elif not item.hint:
            assert not any(option in item.source.quote for option in wrong)


def test_false_statements_stand_nowhere_and_true_ones_in_their_source(quiz: Study, bank: Bank) -> None:
    statements = [item for item in quiz.items if item.form == "truefalse"]
    false = [item for item in statements if item.answer == FALSE]
    assert false
    assert len(false) < len(statements)
    assert not any(bank.stands(item.question) for item in false)
    for item in statements:
        assert item.hint == "pair" or (item.question == item.explanation) is (item.answer != FALSE)


def test_the_same_seed_makes_the_same_set(quiz: Study, bank: Bank, documents: list[list[Chunk]]) -> None:
    assert make(bank, documents, Order("quiz", 24)) == quiz
    assert make(bank, documents, Order("quiz", 24, seed=5)).items != quiz.items
    assert study_of(json.loads(json.dumps(quiz.to_dict()))) == quiz


def test_more_than_there_is_says_how_many_and_why(bank: Bank, documents: list[list[Chunk]]) -> None:
    glossary = make(bank, documents, Order("glossary", 300))
    assert 0 < glossary.count < glossary.wanted == 300
    terms = [entry.term for entry in glossary.entries]
    assert len(set(terms)) == len(terms)


@pytest.mark.parametrize(
    "said",
    ["", "짧은 한 줄", "```python\nprint(1)\n```", "Le dropout est une méthode de régularisation très utilisée."],
)
def test_documents_that_give_nothing_are_named(said: str) -> None:
    documents = one(said)
    with pytest.raises(InputError) as caught:
        make(Bank([chunk for chunks in documents for chunk in chunks]), documents, Order("quiz", 5))
    assert caught.value.params["text_key"] == "study.nothing"
    with pytest.raises(InputError):
        make(Bank([]), [], Order("quiz", 0))


def test_hostile_text_is_inert_in_every_export() -> None:
    documents = one(HOSTILE)
    study = make(Bank(documents[0]), documents, Order("flashcards", 5))
    deck = to_apkg(study, "위험", words, place)
    with zipfile.ZipFile(io.BytesIO(deck)) as archive:
        assert json.loads(archive.read("media")) == {}
        content = archive.read("collection.anki2")
    store = sqlite3.connect(":memory:")
    try:
        store.deserialize(content)
        assert store.execute("pragma integrity_check").fetchone() == ("ok",)
        fields = "".join(row[0] for row in store.execute("select flds from notes"))
    finally:
        store.close()
    assert "&lt;script&gt;" in fields
    assert "<script" not in fields
    assert "{{" not in fields
    assert "<script" not in to_markdown(study, words, place)
    assert rich("식 $x<y$와 `a<b`") == "식 \\(x&lt;y\\)와 <code>a&lt;b</code>"


def test_csv_comes_back_as_it_went(quiz: Study) -> None:
    written = to_csv(quiz, words, place)
    assert written.startswith(BOM)
    rows = list(csv.reader(io.StringIO(written.removeprefix(BOM), newline="")))
    assert len(rows) == len(quiz.items) + 1
    assert [row[7].lstrip("'") for row in rows[1:]] == [item.source.quote for item in quiz.items]
    assert [row[2].split("\n") if row[2] else [] for row in rows[1:]] == [list(item.options) for item in quiz.items]
    risky = replace(quiz.items[0], form="short", hint="", question="=1+1", options=())
    assert "'=1+1" in to_csv(replace(quiz, items=(risky,)), words, place)


def short(answer: str, *accepted: str) -> Item:
    return Item("i", "short", "q", answer, Citation(1, "n.md", Locator(), "q"), accepted=accepted)


@pytest.mark.parametrize(
    ("item", "given", "right"),
    [
        (short("드롭아웃"), " Dropout ", True),
        (short("드롭아웃"), "드롭 아웃입니다.", True),
        (short("경사 하강법"), "경사하강법은", True),
        (short("경사 하강법"), "gradient descent", True),
        (short("3,000억 개", "3,000억"), "3000억", True),
        (short("15%", "15퍼센트"), "15 퍼센트", True),
        (short("15%", "15퍼센트"), "1.5%", False),
        (short("15%", "15퍼센트"), "15개", False),
        (short("드롭아웃"), "배치 정규화", False),
        (short("드롭아웃"), "", False),
    ],
)
def test_short_answers_are_read_leniently(item: Item, given: str, right: bool) -> None:
    assert is_right(item, given) is right


def test_a_reworded_question_keeps_its_meaning() -> None:
    item = replace(short("15%", "15퍼센트"), question="BERT는 입력 토큰의 몇 퍼센트를 예측 대상으로 고르나요?")
    assert keeps_meaning("BERT가 예측 대상으로 고르는 입력 토큰은 몇 퍼센트인가요?", item)
    assert not keeps_meaning("BERT가 예측 대상으로 고르는 입력 토큰은 15퍼센트인가요?", item)
    assert not keeps_meaning("GPT가 예측 대상으로 고르는 입력 토큰은 몇 퍼센트인가요?", item)
    assert not keeps_meaning("오늘 날씨는 어떤가요?", item)


def listed(*lines: str) -> list[Chunk]:
    text = "\n".join(f"- {line}" for line in lines)
    return [Chunk("list", text, "m.md", Locator(headings=("모델",)), 0, "d", "md")]


MODELS = (
    "Mistral 7B: 70억 파라미터, 8,192 토큰 컨텍스트",
    "Falcon 180B: 1,800억 파라미터, 2,048 토큰 컨텍스트",
    "GLM-130B: 1,300억 파라미터, 중영 이중 언어 특화",
    "PaLM 540B: 5,400억 파라미터, 칩 6,144개로 훈련",
    "LangChain: LLM 애플리케이션 개발 프레임워크",
    "양방향: 무작위로 마스킹된 단어를 예측",
)


def test_a_list_of_facts_is_no_glossary_and_stands_among_its_like() -> None:
    documents = [listed(*MODELS)]
    bank = Bank(documents[0])
    glossary = make(bank, documents, Order("glossary", 10))
    assert [entry.term for entry in glossary.entries] == ["LangChain"]
    quiz = make(bank, documents, Order("quiz", 10))
    assert quiz.items
    for item in quiz.items:
        assert item.hint in {"about", "pair"}  # "Mistral 7B란 무엇인가요?" would have no answer here
        assert "프레임워크" not in "".join(item.options)  # of another shape, and it fits many
        assert "양방향" not in item.question


@pytest.mark.parametrize(
    ("term", "said", "away"),
    [
        ("SBERT", "가중치를 공유하는 BERT 두 개로 문장 임베딩을 학습한 모델입니다.", True),
        ("학습 후 양자화", "학습이 끝난 모델을 재학습 없이 양자화하는 방법입니다.", True),
        ("언어 모델", "토큰열에 확률을 매기는 모델입니다.", False),
    ],
)
def test_a_description_that_shows_its_term_is_known(term: str, said: str, away: bool) -> None:
    made = Made("definition", "q", term, f"{term}은 {said}")
    assert Definition(made, term, said, (), False).gives_away is away


@pytest.mark.parametrize(
    ("kind", "question", "evidence"),
    [
        ("why", "완성형 한글 한 글자는 왜 병합이 부족하면 한글 한 글자가 여러 조각이 되나요?", "근거"),
        ("why", "SentencePiece는 왜 사전 토큰화가 필요 없는 도구이며, 두 방식을 모두 지원하나요?", "근거"),
        ("number", "심판과 사람은 몇 퍼센트 넘게 일치했지만, 편향이 나타났나요?", "근거"),
        ("number", "성공률이 몇 퍼센트포인트 높았나요?", "근거"),
        ("comparison", "스칼라와 벡터는 어떻게 다른가요?", "스칼라는 0차원, 벡터는 1차원, 행렬은 2차원 텐서입니다."),
    ],
)
def test_what_hangs_on_a_part_of_its_sentence_is_not_asked(kind: str, question: str, evidence: str) -> None:
    assert is_awkward(Made(kind, question, "x", evidence))


def test_a_kind_of_a_thing_is_no_wrong_answer_for_it() -> None:
    headings = Locator(headings=("과목", "전이 학습"))

    def defined(term: str, said: str) -> Definition:
        chunk = Chunk(term, f"{term}은 {said}", "n.md", headings, 0, "d", "md")
        return Definition(Made("definition", "q", term, chunk.text, chunk=chunk), term, said, (), False)

    special = defined("특징 추출", "본체를 고정하고 새 출력층만 학습하는 방법입니다.")
    general = defined("전이 학습", "어떤 과제의 지식을 나중 과제에 활용하는 방법입니다.")
    other = defined("모멘텀", "지난 기울기를 누적한 속도를 따라 움직이는 방법입니다.")
    assert other_terms(special, [general], Bank([]), random.Random(0)) == []
    assert other_terms(special, [other], Bank([]), random.Random(0)) == [other]


ENGLISH = """Dropout is a regularization technique that randomly sets activations to zero during training. It was new in 2014.
Backpropagation is an algorithm that computes gradients layer by layer with the chain rule.
An optimizer is a rule that updates parameters using gradients. The goal is a model that generalizes to new data.
Overfitting is a phenomenon in which a model fits its training data but fails on new data. BERT-base uses 12 encoder layers.

| Model | Year | Layers |
| --- | --- | --- |
| AlexNet | 2012 | 8 |
| VGG-16 | 2014 | 16 |
| ResNet-152 | 2015 | 152 |
"""


def test_an_english_document_gives_english_items() -> None:
    documents = one(ENGLISH)
    bank = Bank(documents[0])
    quiz = make(bank, documents, Order("quiz", 20))
    assert {item.form for item in quiz.items} == {"choice", "short", "truefalse"}
    assert {item.language for item in quiz.items} == {"en"}
    assert not any(re.search("[가-힣]", asked(item) + item.explanation) for item in quiz.items)
    blank = next(item for item in quiz.items if item.hint == "blank")
    assert is_right(blank, "12 layers")
    assert not is_right(blank, "24")
    glossary = make(bank, documents, Order("glossary", 20))
    assert [entry.term for entry in glossary.entries] == ["Backpropagation", "Dropout", "Optimizer", "Overfitting"]
    cards = make(bank, documents, Order("flashcards", 20)).cards
    assert "What is an optimizer?" in {card.front for card in cards}
    assert study_of(json.loads(json.dumps(quiz.to_dict()))) == quiz
    assert is_right(short("Optimizer"), "an optimizer")


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("드롭아웃(dropout)은 뉴런을 끄는 regularization 방법입니다.", "ko"),
        ("Dropout is a regularization technique used in training.", "en"),
        ("Le dropout est une méthode de régularisation utilisée pendant l'entraînement.", ""),
        ("ドロップアウトは正則化の手法です。", ""),
        ("1234 5678", ""),
    ],
)
def test_a_language_is_told(said: str, language: str) -> None:
    assert language_of(said) == language


def test_a_long_document_is_read_in_part_and_told() -> None:
    said = "드롭아웃은 뉴런의 출력을 무작위로 0으로 만드는 규제 기법입니다."
    long = [Chunk(f"c{n}", said, "n.md", Locator(headings=("책", f"{n % 8}절")), n, "d", "md") for n in range(300)]
    seen: list[tuple[int, int]] = []
    bank = Bank(long)
    guide = make(bank, [long], Order("guide", 4), lambda done, total: seen.append((done, total)))
    assert len(guide.weeks) == 4
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    cancel = threading.Event()
    stopped = make(bank, [long], Order("guide", 4), lambda done, total: cancel.set() if done else None, cancel)
    assert stopped.stopped
    assert len(stopped.weeks) == 1
    glossary = make(bank, [long], Order("glossary", 70))
    assert glossary.count == 1
    assert glossary.dropped["unread"] == len(long) - 240
