"""`coursemate tune` from the questions to a settings file that the app takes, over real indexes, with fake models."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from app.cli import main
from app.settings import load
from evals.tuning.space import Space

TOPICS = [
    "드롭아웃",
    "배치 정규화",
    "학습률",
    "과적합",
    "어텐션",
    "토큰화",
    "임베딩",
    "경사 하강법",
    "합성곱",
    "풀링",
    "역전파",
    "정밀도",
]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Twelve notes of a few sections, one gold sentence in each."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for number, topic in enumerate(TOPICS):
        sections = [f"## {n}절\n{topic} 이야기 {n}번째 문단은 배경을 설명한다." for n in range(8)]
        gold = f"## 값\n{topic}에서 흔히 쓰는 값은 {number + 30}이다."
        (folder / f"{number:02}.md").write_text(f"# {topic}\n" + "\n\n".join([*sections, gold]), encoding="utf-8")
    return folder


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    rows = [
        {
            "id": f"q{number}",
            "question": f"{topic}에서 흔히 쓰는 값은 얼마인가요?",
            "documents": [f"{number:02}.md"],
            "evidence": f"{topic}에서 흔히 쓰는 값은 {number + 30}이다.",
            "must_include": [[str(number + 30)]],
        }
        for number, topic in enumerate(TOPICS)
    ]
    rows += [{"id": f"u{n}", "question": f"수강료는 {n}월에 얼마인가요?", "answerable": False} for n in range(4)]
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def faked(home: Path, course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.setenv("COURSEMATE_EMBEDDER", "fake")
    monkeypatch.setenv("COURSEMATE_BACKEND", "fake")
    monkeypatch.setenv("COURSEMATE_COLLECTION", "notes")
    small = Space(
        chunks=((400, 0), (150, 0)), dense_weights=(0.3, 0.7), evidence_chunks=(6, 10), evidence_tokens=(80, 160)
    )
    monkeypatch.setattr(Space, "around", lambda point, known: small)
    assert main(["--home", str(home), "ingest", str(course)]) == 0
    capsys.readouterr()
    return home


def test_from_questions_to_settings(faked: Path, questions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--home", str(faked), "tune", str(questions), "--answers", "--prompts", "zero_shot", "--apply", "--json"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    (row,) = map(json.loads, out.splitlines())
    stored = json.loads((faked / "tuning" / "tuned.json").read_text(encoding="utf-8"))
    assert stored == row
    assert row["held_out"]["default"]["n"] == len(TOPICS)
    assert set(row["answers"]["by_prompt"]) == {"few_shot", "zero_shot"}
    costs = [point["read_tokens"] for point in row["front"]]
    assert costs == sorted(costs), "the front goes from cheap to good"
    values = tomllib.loads((faked / "tuning" / "tuned.toml").read_text(encoding="utf-8"))
    assert values == row["settings"]
    in_force = load(faked)
    assert {name: getattr(in_force, name) for name in values} == values
    assert "tuned.toml" in err
    drafts = (faked / "tuning" / "notes" / "drafts.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(drafts) == 2 * (len(TOPICS) + 4), "a draft for each question and prompt, kept for the next search"


def test_the_trade_off_is_a_table(faked: Path, questions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(faked), "tune", str(questions), "--out", str(faked / "mine")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["quality", "first_ms", "tokens"]
    assert any(line.endswith(("default", "tuned")) for line in lines)
    assert (faked / "mine" / "tuned.toml").is_file()
    assert not (faked / "settings.toml").exists(), "nothing is in force that was not asked for"


@pytest.mark.parametrize(
    "option",
    [["--first-token", "0"], ["--answers", "--prompts", "few_shto"], ["--answers", "--prompts", "self_consistency"]],
)
def test_what_cannot_be_tuned_is_said(
    faked: Path, questions: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(faked), "tune", str(questions), *option]) == 2
    assert capsys.readouterr().err.strip()


def test_too_few_questions_are_refused(faked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text('{"id": "a", "question": "?", "documents": ["00.md"]}\n', encoding="utf-8")
    assert main(["--home", str(faked), "tune", str(few)]) == 2
    assert "few.jsonl" in capsys.readouterr().err


def test_a_document_that_is_gone_is_named(
    faked: Path, course: Path, questions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (course / "03.md").unlink()
    assert main(["--home", str(faked), "tune", str(questions)]) == 2
    assert "03.md" in capsys.readouterr().err
