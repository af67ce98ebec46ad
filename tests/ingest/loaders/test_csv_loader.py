"""CSV: every row can be read with its header, whatever the delimiter, the quotes and the encoding."""

import pytest

from ingest.base import Limits

ROWS = [("이름", "설명", "값"), ("드롭아웃", "뉴런을, 무작위로 끈다", "0.5"), ("L2", '큰 "가중치"에 벌', "0.01")]
TABLE = "| 이름 | 설명 | 값 |\n| --- | --- | --- |\n| 드롭아웃 | 뉴런을, 무작위로 끈다 | 0.5 |\n"


def written(delimiter: str) -> str:
    return "".join(delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in ROWS)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_delimiters_and_encodings(read, delimiter, encoding):
    [page] = read("a.csv", written(delimiter).encode(encoding))
    assert page.text == TABLE + '| L2 | 큰 "가중치"에 벌 | 0.01 |'
    assert page.locator.rows == (2, 3)


def test_pages_of_rows_repeat_the_header(read):
    pages = read("a.csv", "번호,문장\n" + "".join(f"{i},문장 {i}번이다\n" for i in range(2, 500)))
    assert len(pages) > 3
    assert all(page.text.startswith("| 번호 | 문장 |\n| --- | --- |\n") for page in pages)
    assert all(page.text.split("\n")[2].startswith(f"| {page.locator.rows[0]} |") for page in pages)
    assert pages[-1].locator.rows[1] == 499


def test_long_rows_are_records(read):
    pages = read("a.csv", f"질문,답,메모\n짧은 것,글,\n긴 것,{'긴 답 ' * 200},\n")
    assert pages[1].locator.rows == (3, 3)
    assert pages[1].text.startswith("질문: 긴 것\n답: 긴 답 긴 답")
    assert "메모" not in pages[1].text


def test_without_a_header_columns_are_numbered(read):
    assert read("a.csv", "1,2\n3,4\n")[0].text == "| 열 1 | 열 2 |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |"


def test_stray_quotes_lose_no_rows(read):
    [page] = read("a.tsv", 'id\t글\n1\t"여는 따옴표만\n2\t가운데 " 하나\n3\t끝"\n')
    assert page.text.count("\n") == 4
    assert '| 1 | "여는 따옴표만 |' in page.text


def test_hostile_shapes(read, reason):
    assert reason("a.csv", ",".join(f"열{i}" for i in range(100_000)) + "\n") == "too_large"
    assert reason("b.csv", "a" * 10_000_000) == "broken"
    assert reason("c.csv", "a,b\n" + "1,2\n" * 1_000, Limits(characters=500)) == "too_large"
    assert reason("d.csv", "\n\n,,\n") == "empty"
    assert (
        read("e.csv", "a,b\n1\n1,2,3,4\n")[0].text
        == "| a | b |  |  |\n| --- | --- | --- | --- |\n| 1 |  |  |  |\n| 1 | 2 | 3 | 4 |"
    )
    assert read("f.csv", "a,b\n=cmd|' /C calc'!A0,\"x\ny\"\n")[0].text.endswith("| =cmd\\|' /C calc'!A0 | x y |")
