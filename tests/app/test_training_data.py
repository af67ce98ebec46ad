"""Training data of the shipped notes: in the assistant's form, faithful, and without anything of the shipped question sets."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.course import course_files
from app.training_gate import Gate, held_cases
from app.training_prompt import span_template
from chains.making.base import Made
from chains.matching import squeeze
from chains.prompts import COMPACT_RULES, EXAMPLES, REFUSAL_KO, RULES
from finetune.base import PARTS, Example
from finetune.data.split import Screen, grams, jaccard
from finetune.data.store import Datasets
from ingest.morphemes import content_morphemes

Run = Callable[..., Any]
_MARK = re.compile(r"\[(\d)\]")


def words(text: str) -> frozenset[str]:
    return frozenset(content_morphemes(text))


def parts_of(example: Example) -> tuple[dict[int, str], str, str]:
    """Passages by number, question and answer of the last exchange."""
    asked, question = example.messages[-2]["content"].rsplit("\n\n질문: ", 1)
    passages = dict(enumerate(re.split(r"(?:^|\n\n)\[\d\] ", asked)[1:], start=1))
    return passages, question, example.messages[-1]["content"]


@pytest.fixture
def made(cli: Run, home: Path) -> Callable[..., list[Example]]:
    """made("--compact", …) makes a dataset of three shipped notes and gives its examples."""
    cli("ingest", *course_files()[5:8])

    def make(*options: str) -> list[Example]:
        ended = cli("finetune", "data", "make", "t", "-n", "60", "--json", *options)
        assert ended.code == 0, ended.err
        dataset = Datasets(home).find("t")
        assert ended.rows[0]["sha256"] == dataset.about.sha256
        return [example for part in PARTS for example in dataset.examples(part)]

    return make


def test_examples_have_the_assistants_very_form(made: Callable[..., list[Example]]) -> None:
    examples = made("--compact", "--spans", "0.2", "--refusals", "0.4")
    kinds = Counter(example.kind for example in examples)
    assert set(kinds) == {"cite", "refuse", "span"}
    assert all(count >= 8 for count in kinds.values()), kinds
    for example in examples:
        passages, question, answer = parts_of(example)
        span = example.kind == "span"
        assert example.messages[0]["content"] == (span_template().rules if span else COMPACT_RULES)
        assert [message["role"] for message in example.messages] == ["system", "user", "assistant"]
        assert passages and question.strip()
        if example.kind == "refuse":
            assert answer == REFUSAL_KO
        elif span:
            assert answer in passages[1]
        else:
            marks = [int(mark) for mark in _MARK.findall(answer)]
            assert answer.endswith("]") and marks and max(marks) <= len(passages)
            assert re.search(r"니다\. \[\d\]$", answer)


def test_what_is_cited_stands_in_its_passage(made: Callable[..., list[Example]]) -> None:
    cited = [example for example in made("--compact") if example.kind == "cite"]
    whole = 0
    for example in cited:
        passages, _, answer = parts_of(example)
        for said, mark in re.findall(r"(.+?) \[(\d)\](?: |$)", answer):
            told = words(said)
            lacking = told - words(passages[int(mark)])
            assert len(lacking) <= max(1, 0.15 * len(told)), (said, lacking)  # "개" behind a bare number of a table
            whole += squeeze(said) in squeeze(passages[int(mark)])
    assert whole >= 0.4 * len(cited)  # the others are cells put into a sentence, or without a reference


def test_the_usual_prompt_is_that_of_the_chat(made: Callable[..., list[Example]]) -> None:
    first = made()[0]
    assert first.messages[0]["content"] == RULES
    assert [message["content"] for message in first.messages[1:-2]] == [text for pair in EXAMPLES for text in pair]


def test_the_same_seed_gives_the_same_dataset(cli: Run, home: Path, made: Callable[..., list[Example]]) -> None:
    made("--compact", "--seed", "4")
    assert cli("finetune", "data", "make", "again", "-n", "60", "--compact", "--seed", "4").code == 0
    one, two = (Datasets(home).find(name).about for name in ("t", "again"))
    assert one.sha256 == two.sha256


def test_no_question_of_the_shipped_sets_and_no_proof_of_one_comes_in(made: Callable[..., list[Example]]) -> None:
    examples = made("--compact", "--spans", "0.2")
    held = held_cases()
    asked = [grams(case.question) for case in held]
    meant = [words(case.question) for case in held]
    proofs = [squeeze(case.evidence) for case in held if case.evidence]
    for example in examples:
        _, question, answer = parts_of(example)
        letters, told = grams(question), words(question)
        assert max(jaccard(letters, other) for other in asked) < 0.6, question
        assert max(jaccard(told, other) for other in meant) < 0.8, question
        if example.kind == "cite":
            said = squeeze(_MARK.sub("", answer))
            assert not any(said in proof or proof in said for proof in proofs), answer


@pytest.mark.weights
def test_the_gate_knows_every_shipped_question_and_its_paraphrases(weights_dir: Path) -> None:
    from models.discovery import discover
    from models.embedders.base import NO_ACCESS

    embedder = discover("models.embedders", "EMBEDDER")["e5"].build("", weights_dir, 2, NO_ACCESS)
    cases = held_cases()
    assert len(cases) > 200
    chosen = random.Random(0).sample(cases, 60)
    screen = Screen([case.question for case in chosen], words, lambda texts: embedder.embed_passages(list(texts)))
    assert all(screen.near([case.question for case in chosen]))
    reworded = [re.sub(r"(?:인가요|이에요|예요|일까요)\?$", "인지 알려 주세요.", case.question) for case in chosen]
    assert all(screen.near(reworded))


def test_the_gate_counts_what_it_holds_back() -> None:
    case = held_cases()[0]
    dropped: Counter[str] = Counter()
    gate = Gate(Screen([case.question], words), [case], dropped)
    found = [
        Made("fact", case.question, evidence="다른 문장입니다."),
        Made("fact", "전혀 다른 것을 묻나요?", evidence=case.evidence),
        Made("fact", "허블 망원경은 언제 발사됐나요?", evidence="허블 망원경은 1990년에 발사되었습니다."),
    ]
    assert gate.made(found) == found[2:]
    assert dropped == {"evaluation_question": 1, "evaluation_evidence": 1}


def test_licensed_texts_are_asked_and_their_licences_kept(cli: Run, home: Path, notes: Path, tmp_path: Path) -> None:
    cli("ingest", notes)
    sentences = "해밀턴은 1804년에 사망했습니다. 체스는 64개의 칸으로 된 게임입니다. 앙부일구는 그림자로 시각을 재는 해시계입니다."
    rows = [
        {"id": f"t{n}", "license": "MIT", "title": f"글 {n}", "text": f"{sentences} 번호는 {n}번째입니다."}
        for n in range(3)
    ]
    texts = tmp_path / "texts.jsonl"
    texts.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    ended = cli(
        "finetune", "data", "make", "l", "-n", "8", "--spans", "0.5", "--licensed", texts, "--licensed-share", "1"
    )
    assert ended.code == 0, ended.err
    about = Datasets(home).find("l").about
    assert set(about.origins) == {"licensed:texts"}
    assert about.licences == {"MIT": about.total}
    assert len(list((home / "finetune" / "sources").iterdir())) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-n", "0"), "0"),
        (("--refusals", "2"), "refusals"),
        (("--refusals", "0.6", "--spans", "0.6"), "1.2"),
        (("--prompt", "few_shots"), "few_shot"),
        (("--own", "none"), "none"),
        (("--from", "nirgends.md"), "nirgends.md"),
        (("--licensed", "nirgends.jsonl"), "nirgends.jsonl"),
    ],
)
def test_a_wrong_order_is_said_before_any_work(
    cli: Run, notes: Path, home: Path, options: tuple[str, ...], said: str
) -> None:
    cli("ingest", notes)
    ended = cli("finetune", "data", "make", "t", *options)
    assert ended.code == 2
    assert said in ended.err
    assert Datasets(home).all() == []


def test_own_rows_come_in_the_assistants_form(cli: Run, home: Path, tmp_path: Path) -> None:
    rows = [
        {"question": "비율은?", "context": "드롭아웃 비율은 0.5입니다.", "answer": "0.5"},
        {"question": "비율은?", "context": "드롭아웃 비율은 0.5입니다.", "answer": "비율은 0.5입니다."},
        {"question": "학습률은?", "context": "드롭아웃 비율은 0.5입니다.", "answer": REFUSAL_KO},
        {"question": "안녕?", "answer": "안녕하세요."},
    ]
    path = tmp_path / "우리 반.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    assert cli("finetune", "data", "import", path).code == 0
    dataset = Datasets(home).find("우리-반")
    examples = sorted((one for part in PARTS for one in dataset.examples(part)), key=lambda one: one.id)
    assert [one.messages[-1]["content"] for one in examples] == [
        "0.5",
        "비율은 0.5입니다. [1]",
        REFUSAL_KO,
        "안녕하세요.",
    ]
    assert [one.kind for one in examples] == ["span", "cite", "refuse", "chat"]


def test_bad_rows_are_named_and_may_be_left_out(cli: Run, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("instruction,output\n더해,셋\n,넷\n", encoding="utf-8")
    refused = cli("finetune", "data", "import", path)
    assert refused.code == 2
    assert "2행: `instruction`" in refused.err
    checked = cli("finetune", "data", "import", path, "--check")
    assert checked.code == 2
    assert Datasets(home).all() == []
    assert cli("finetune", "data", "import", path, "--skip-bad", "--name", "ok").code == 0
    assert Datasets(home).find("ok").about.dropped == {"bad_rows": 1}


def test_datasets_are_listed_shown_and_removed(cli: Run, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"instruction": "더해", "output": "셋"}\n', encoding="utf-8")
    cli("finetune", "data", "import", path)
    assert cli("finetune", "data", "list", "--json").rows[0]["name"] == "own"
    shown = cli("finetune", "data", "show", "own")
    assert "user: 더해" in shown.out and "assistant: 셋" in shown.out
    assert cli("finetune", "data", "remove", "own").code == 0
    assert cli("finetune", "data", "show", "own").code == 2
    assert not (home / "finetune" / "data" / "own").exists()


def test_a_document_outside_of_the_collection_can_be_asked(cli: Run, home: Path, notes: Path) -> None:
    cli("ingest", notes)
    ended = cli("finetune", "data", "make", "o", "-n", "12", "--from", course_files()[6])
    assert ended.code == 0, ended.err
    dataset = Datasets(home).find("o")
    assert {one.document for part in PARTS for one in dataset.examples(part)} == {course_files()[6].name}
