"""Question sets from spreadsheets, careless and hostile ones."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from evals.importing import import_entries
from models.errors import DocumentError, InputError, QuestionSetError

KOREAN = (
    "번호,질문,답변 가능,문서,필수 단어,모범 답안,근거 문장,태그\n"
    "1,\"무료 코랩은\n몇 시간, 돌아가나요?\",예,01.md; 02.md,12시간|열두 시간; 무료,12시간입니다.,최대 12시간까지,number\n"
    "2,수강료는 얼마인가요?,X,,,,,\n"
    ",,,,,,,\n"
    "3,\"\"\"따옴표\"\"란?\",,,,,,정의;쉬움\n"
)  # fmt: skip


def written(tmp_path: Path, content: bytes, name: str = "set.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def workbook(tmp_path: Path, rows: list[list], formulas: dict[str, tuple[str, object]] | None = None) -> Path:
    from xlsxwriter import Workbook

    path = tmp_path / "set.xlsx"
    with Workbook(path) as book:
        book.add_worksheet("빈 시트")
        sheet = book.add_worksheet("질문")
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(number, column, value)
        for cell, (formula, value) in (formulas or {}).items():
            sheet.write_formula(cell, formula, None, value)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_korean_columns_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    first, second, third = import_entries(written(tmp_path, KOREAN.encode(encoding)))
    assert first.case.question == "무료 코랩은\n몇 시간, 돌아가나요?"
    assert first.case.documents == ("01.md", "02.md")
    assert first.case.must_include == (("12시간", "열두 시간"), ("무료",))
    assert (second.case.id, second.case.answerable) == ("2", False)
    assert third.case.question == '"따옴표"란?'
    assert third.case.tags == ("정의", "쉬움")


def test_ids_may_be_left_out_and_semicolons_separate(tmp_path: Path) -> None:
    path = written(tmp_path, b"question;answerable\r\nWhat is BPE?;?\r\nWhat is LoRA?;\r\n")
    entries = import_entries(path)
    assert [entry.case.id for entry in entries] == ["row-2", "row-3"]
    assert [entry.decided for entry in entries] == [False, True]


def test_bad_rows_are_named_with_their_lines(tmp_path: Path) -> None:
    rows = 'id,question,answerable\n1,"두\n줄",예\n2,,예\n3,왜?,글쎄\n1,또?,예\n4,쉼표, 때문에,예\n'
    with pytest.raises(QuestionSetError) as caught:
        import_entries(written(tmp_path, rows.encode()))
    found = [(p.row, p.field, p.reason) for p in caught.value.params["problems"]]
    expected = [(4, "question", "empty"), (5, "answerable", "type"), (6, "id", "twice"), (7, "", "columns")]
    assert found == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column `question`"),
        (b"1,What is it?\n", "no column `question`"),
        (b"question,level\nWhat?,3\n", "unknown columns level"),
        ("질문,question\n가?,나?\n".encode(), "stands there twice"),
        (b"question\n", "no question"),
        (b'question\n"never closed\n', "cannot be read"),
        (b"\x00\x01\x02\xff\xfe" * 100, "cannot be read|no column|encoding"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        import_entries(written(tmp_path, content))


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.questions.MOST_ROWS", 100)
    content = "question\n" + "질문입니다\n" * 100_000
    with pytest.raises(InputError, match="more than 100"):
        import_entries(written(tmp_path, content.encode()))


def test_a_workbook_with_numbers_and_formulas(tmp_path: Path) -> None:
    rows = [["번호", "질문", "필수 단어"], [1, "GPT-2는 몇 층인가요?", 48], [2, "", "x"]]
    path = workbook(tmp_path, rows, {"B3": ('="BERT"&"란?"', "BERT란?")})
    first, second = import_entries(path)
    assert (first.case.id, first.case.must_include) == ("1", (("48",),))
    assert second.case.question == "BERT란?"


def test_a_workbook_names_its_bad_rows(tmp_path: Path) -> None:
    with pytest.raises(QuestionSetError, match="row 3: `question` is empty"):
        import_entries(workbook(tmp_path, [["id", "question"], ["a", "q"], ["b", " "]]))


def test_a_bomb_and_a_lie_are_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 30_000_000)
    with pytest.raises(DocumentError, match="unpacks to"):
        import_entries(bomb)
    with pytest.raises(DocumentError):
        import_entries(written(tmp_path, b"no workbook", "lie.xlsx"))
    with zipfile.ZipFile(tmp_path / "other.xlsx", "w") as archive:
        archive.writestr("word/document.xml", b"<x/>")
    with pytest.raises(DocumentError, match="no Excel workbook"):
        import_entries(tmp_path / "other.xlsx")
