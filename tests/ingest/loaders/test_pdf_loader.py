"""PDF: pages, tables drawn with lines, running heads, bookmarks, and what is no text."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from pypdfium2 import PdfDocument

from ingest.base import Limits
from ingest.loaders.pdf_text import TextLine, paragraphs
from ingest.loading import load_pages


def make_pdf(contents: Sequence[str], outline: bool = False) -> bytes:
    """A PDF with one page for each content stream; outline: a bookmark "Part n" for each page."""
    count = len(contents)
    font, first_mark = 3, 4 + 2 * count
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {f'/Outlines {first_mark} 0 R' if outline else ''} >>",
        f"<< /Type /Pages /Count {count} /Kids [{' '.join(f'{4 + 2 * i} 0 R' for i in range(count))}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, content in enumerate(contents):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {5 + 2 * index} 0 R"
            f" /Resources << /Font << /F1 {font} 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    if outline:
        objects.append(f"<< /First {first_mark + 1} 0 R /Last {first_mark + count} 0 R /Count {count} >>")
        for index in range(count):
            following = f"/Next {first_mark + index + 2} 0 R" if index + 1 < count else ""
            objects.append(
                f"<< /Title (Part {index + 1}) /Parent {first_mark} 0 R {following} /Dest [{4 + 2 * index} 0 R /Fit] >>"
            )
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    trailer = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF"
    return out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode() + trailer.encode()


def lines(*texts: str, top: int = 750) -> str:
    return "".join(f"BT /F1 12 Tf 50 {top - 20 * i} Td ({text}) Tj ET\n" for i, text in enumerate(texts))


def test_each_page_is_a_page(read):
    pages = read("a.pdf", make_pdf([lines("first"), "", lines("third")]))
    assert [(page.locator.page, page.text) for page in pages] == [(1, "first"), (3, "third")]


def test_running_heads_and_feet_are_left_out(read):
    pages = read(
        "a.pdf", make_pdf([lines("Course notes", f"Body {word}", f"- {n} -") for n, word in enumerate("abcd", 1)])
    )
    assert [page.text for page in pages] == ["Body a", "Body b", "Body c", "Body d"]


def test_bookmarks_become_headings(read):
    pages = read("a.pdf", make_pdf([lines("tail of nothing", "Part 1", "one"), lines("Part 2", "two")], outline=True))
    assert [(page.locator.headings, page.text) for page in pages] == [
        ((), "tail of nothing"),
        (("Part 1",), "Part 1\none"),
        (("Part 2",), "Part 2\ntwo"),
    ]


def test_ruled_table_with_merged_cells(read):
    grid = "50 700 m 350 700 l 50 660 m 350 660 l 150 620 m 350 620 l 50 580 m 350 580 l S\n"
    grid += "50 700 m 50 580 l 150 700 m 150 580 l 250 700 m 250 580 l 350 700 m 350 580 l S\n"
    places = {
        "name": (60, 670),
        "x": (160, 670),
        "y": (260, 670),
        "both": (60, 610),
        "1": (160, 630),
        "2": (260, 630),
        "3": (160, 590),
        "4|5": (260, 590),
    }
    words = "".join(f"BT /F1 12 Tf {x} {y} Td ({text}) Tj ET\n" for text, (x, y) in places.items())
    [page] = read("a.pdf", make_pdf([lines("before") + grid + words + lines("after", top=500)]))
    assert (
        page.text == "before\n\n| name | x | y |\n| --- | --- | --- |\n| both | 1 | 2 |\n| both | 3 | 4\\|5 |\n\nafter"
    )


def test_scan_has_no_text(reason):
    assert (
        reason("a.pdf", make_pdf(["q 100 0 0 100 50 50 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x00 EI Q"] * 2)) == "no_text"
    )


def test_too_many_pages_are_refused(reason):
    document = PdfDocument.new()
    for _ in range(6_000):
        document.new_page(100, 100).close()
    out = io.BytesIO()
    document.save(out)
    document.close()
    assert reason("a.pdf", out.getvalue()) == "too_large"
    assert reason("b.pdf", make_pdf([lines("x")] * 3), Limits(pages=2)) == "too_large"


def test_two_threads_may_read_at_once(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf([lines(f"page {number}") for number in range(20)]))
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda _: [page.text for page in load_pages(path, Limits())[1]], range(12)))
    assert texts == [[f"page {number}" for number in range(20)]] * 12


def test_suffix_lies(read):
    assert read("a.txt", make_pdf([lines("a real PDF")]))[0].locator.page == 1


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"%PDF-1.4\n1 0 obj\n<<", b"%PDF-1.4\n" + b"[" * 100_000])
def test_broken_structure(reason, content):
    assert reason("a.pdf", content) == "broken"


def wrapped(*texts: str, right: float = 500) -> list[TextLine]:
    return [TextLine(text, 50, right if len(text) > 15 else 200, 700 - 14 * i, 10) for i, text in enumerate(texts)]


def test_korean_lines_are_joined_inside_words_only_where_the_page_cuts_them():
    cut = wrapped(
        "과적합은 학습 데이터에 지나치게 맞추는 현",
        "상으로 새 데이터에서 성능이 떨어지는 것을 ",
        "말하며 정규화로 막을 수 있다고 알려져 있으",
        "며 드롭아웃도 쓴다.",
    )
    assert paragraphs(cut) == (
        "과적합은 학습 데이터에 지나치게 맞추는 현상으로 새 데이터에서 성능이 떨어지는 것을 말하며 정규화로 막을 수 있다고 알려져 있으며 드롭아웃도 쓴다."
    )
    whole = wrapped("과적합은 학습 데이터에 지나치게 맞추는", "현상으로 새 데이터에서 성능이 떨어지는 것을", "말한다.")
    assert paragraphs(whole).startswith("과적합은 학습 데이터에 지나치게 맞추는 현상으로")
    unmarked = wrapped(
        "이 방법은 모델을 쓰는 가장 편리하고 안정적인 방법입", "니다. 그래서 학습하기 앞서 데이터를 전처", "리합니다."
    )
    assert (
        paragraphs(unmarked)
        == "이 방법은 모델을 쓰는 가장 편리하고 안정적인 방법입니다. 그래서 학습하기 앞서 데이터를 전처리합니다."
    )


def test_hyphens_lists_and_short_lines():
    assert (
        paragraphs(wrapped("regularisation helps under-", "fitted models")) == "regularisation helps underfitted models"
    )
    items = wrapped(
        "- 첫째 항목은 이 줄의 끝까지 길게 이어진다", "- 둘째 항목도 이 줄의 끝까지 길게 이어진다", "짧은 줄", "다음 줄"
    )
    assert paragraphs(items).split("\n") == [items[0].text, f"{items[1].text} 짧은 줄", "다음 줄"]
