"""Word documents as Word writes them, and packages that are traps."""

import io
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ingest.base import Limits

BOMB = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
EXTERNAL = '<!DOCTYPE l [<!ENTITY c SYSTEM "file:///etc/passwd">]>'


def saved(document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def rewritten(package: bytes, **parts: bytes) -> bytes:
    """A copy of a package with members replaced or added; `__` stands for `/` and `_x` for `.x`."""
    new = {
        name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"): data for name, data in parts.items()
    }
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in [*old.namelist(), *(name for name in new if name not in old.namelist())]:
            copy.writestr(name, new[name] if name in new else old.read(name))
    return out.getvalue()


def simple() -> bytes:
    document = docx.Document()
    document.add_paragraph("본문 한 줄")
    return saved(document)


def body(package: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.read("word/document.xml").decode()


def test_headings_lists_and_tables(read):
    document = docx.Document()
    document.add_heading("강의", 0)
    document.add_heading("과적합", 1)
    document.add_paragraph("뜻")
    document.add_heading("드롭아웃", 2)
    document.add_paragraph("가", style="List Bullet")
    document.add_paragraph("하나", style="List Number")
    document.add_paragraph("둘", style="List Number")
    table = document.add_table(rows=3, cols=3)
    for row, line in enumerate(("층|값|값", "가|1|2", "가|3|4")):
        for column, text in enumerate(line.split("|")):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0)).text = "합친 칸"
    pages = read("a.docx", saved(document))
    assert [page.locator.headings for page in pages] == [("강의", "과적합"), ("강의", "과적합", "드롭아웃")]
    assert (
        pages[1].text
        == "- 가\n1. 하나\n2. 둘\n| 층 | 값 | 값 |\n| --- | --- | --- |\n| 합친 칸 | 1 | 2 |\n| 합친 칸 | 3 | 4 |"
    )


def test_what_a_reader_does_not_see_is_left_out(read):
    document = docx.Document()
    paragraph = document.add_paragraph("앞 ")
    space = nsdecls("w")
    for xml in (
        f"<w:del {space}><w:r><w:delText>지운 글</w:delText></w:r></w:del>",
        f"<w:ins {space}><w:r><w:t>넣은 글</w:t></w:r></w:ins>",
        f"<w:r {space}><w:instrText>HYPERLINK evil</w:instrText></w:r>",
        f"<w:sdt {space}><w:sdtContent><w:r><w:t> 양식 글</w:t></w:r></w:sdtContent></w:sdt>",
    ):
        paragraph._p.append(parse_xml(xml))
    document.sections[0].header.paragraphs[0].text = "머리말"
    assert [page.text for page in read("a.docx", saved(document))] == ["앞 넣은 글 양식 글"]


def test_text_boxes_and_footnotes_follow_their_paragraph(read):
    document = docx.Document()
    paragraph = document.add_paragraph("문장")
    space = nsdecls("w")
    paragraph._p.append(parse_xml(f'<w:r {space}><w:footnoteReference w:id="2"/></w:r>'))
    paragraph._p.append(
        parse_xml(
            f"<w:r {space}><w:pict><w:txbxContent><w:p><w:r><w:t>상자 글</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
        )
    )
    package = saved(document)
    rels = "word/_rels/document.xml.rels"
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        relations = archive.read(rels).decode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    relations = relations.replace(
        "</Relationships>", f'<Relationship Id="rIdN" Type="{kind}" Target="footnotes.xml"/></Relationships>'
    )
    notes = (
        f'<w:footnotes {space}><w:footnote w:id="2"><w:p><w:r><w:t>각주 글</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(out, "w") as copy:
        for name in old.namelist():
            copy.writestr(name, relations if name == rels else old.read(name))
        copy.writestr("word/footnotes.xml", notes)
    [page] = read("a.docx", out.getvalue())
    assert page.text == "문장[^2]\n\n상자 글\n\n[^2]: 각주 글"


def test_unstyled_titles_are_found(read):
    document = docx.Document()
    for name in ("임베딩", "토큰", "어텐션"):
        document.add_paragraph(name)
        document.add_paragraph("이 문단은 제목 아래에 놓인 본문이며, 제목보다 훨씬 길어서 본문으로 읽힌다.")
    assert [page.locator.headings for page in read("a.docx", saved(document))] == [("임베딩",), ("토큰",), ("어텐션",)]


def test_suffix_lies(read):
    assert read("a.hwp", simple())[0].text == "본문 한 줄"


@pytest.mark.parametrize("doctype", [BOMB, EXTERNAL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(reason, doctype, encoding):
    xml = body(simple()).replace("<w:body>", "<w:body><w:p><w:r><w:t>&c;</w:t></w:r></w:p>")
    head, _, rest = xml.partition("?>")
    hostile = (head.replace("UTF-8", encoding) + "?>" + doctype + rest).encode(encoding)
    assert reason("a.docx", rewritten(simple(), word__document_xml=hostile)) == "unsafe"


def test_zip_bomb_is_refused(reason):
    assert reason("a.docx", rewritten(simple(), word__media_bin=bytes(60_000_000))) == "unsafe"
    assert reason("b.docx", rewritten(simple(), word__media_bin=bytes(3_000_000)), Limits(unpacked_mb=2)) == "unsafe"


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/passwd", "word/..\\..\\evil.xml", "C:\\evil.xml"])
def test_members_cannot_leave(reason, name):
    out = io.BytesIO(simple())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, "x")
    assert reason("a.docx", out.getvalue()) == "unsafe"


@pytest.mark.parametrize("part", [b"<w:document", b"", b"<a/>", b"\xff\xfe\x00"])
def test_broken_parts(reason, part):
    assert reason("a.docx", rewritten(simple(), word__document_xml=part)) in ("broken", "empty")


def test_lying_numbers_and_deep_nesting(read, reason):
    xml = body(simple())
    assert (
        reason(
            "a.docx",
            rewritten(simple(), word__document_xml=xml.replace("<w:p>", "<w:p>" + "<w:ins>" * 5_000, 1).encode()),
        )
        == "broken"
    )
    spans = '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="99999999999"/><w:vMerge/></w:tcPr><w:p><w:r><w:t>칸</w:t></w:r></w:p></w:tc></w:tr></w:tbl>'
    pages = read(
        "b.docx", rewritten(simple(), word__document_xml=xml.replace("<w:body>", f"<w:body>{spans}", 1).encode())
    )
    assert pages[0].text.startswith("칸")
