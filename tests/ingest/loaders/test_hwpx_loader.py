"""HWPX sections, and packages that are protected or traps."""

import io
import zipfile

import pytest

HP = 'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section"'
HEADER = """<hh:head xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head">
<hh:numbering id="1"><hh:paraHead level="1" start="1" numFormat="ROMAN_CAPITAL">^1.</hh:paraHead>
<hh:paraHead level="2" start="1" numFormat="HANGUL_SYLLABLE">^2.</hh:paraHead></hh:numbering>
<hh:paraPr id="1"><hh:heading type="OUTLINE" idRef="0" level="0"/></hh:paraPr>
<hh:paraPr id="2"><hh:heading type="OUTLINE" idRef="0" level="1"/></hh:paraPr>
<hh:paraPr id="3"><hh:heading type="BULLET" idRef="1" level="0"/></hh:paraPr>
<hh:style id="7" type="PARA" name="개요 3"/></hh:head>"""


def package(*sections: str, **members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/hwp+zip", zipfile.ZIP_STORED)
        archive.writestr("Contents/header.xml", HEADER)
        for index, body in enumerate(sections):
            archive.writestr(
                f"Contents/section{index}.xml", body if body.startswith("<!") else f"<hs:sec {HP}>{body}</hs:sec>"
            )
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def p(text: str, shape: int = 0, style: int = 0) -> str:
    return f'<hp:p paraPrIDRef="{shape}" styleIDRef="{style}"><hp:run>{text if text.startswith("<") else f"<hp:t>{text}</hp:t>"}</hp:run></hp:p>'


def test_outline_styles_and_bullets(read):
    body = p("개요", 1) + p("목적", 2) + p("글", 3) + p("범위", 2) + p("셋", 0, 7) + p("끝")
    pages = read("a.hwpx", package(body))
    assert [(page.locator.headings, page.text) for page in pages] == [
        (("I. 개요", "가. 목적"), "- 글"),
        (("I. 개요", "나. 범위", "셋"), "끝"),
    ]


def test_signs_deletions_notes_and_formulas(read):
    text = (
        '<hp:t>가<hp:tab/>나<hp:lineBreak/>다<hp:deleteBegin/>지운 글<hp:deleteEnd/>라</hp:t><hp:ctrl><hp:footNote number="2">'
        f"<hp:subList>{p('각주 글')}</hp:subList></hp:footNote></hp:ctrl><hp:equation><hp:script>a over b</hp:script></hp:equation>"
        "<hp:rect><hp:drawText><hp:subList>" + p("상자 글") + "</hp:subList></hp:drawText></hp:rect>"
    )
    [page] = read("a.hwpx", package(p(text)))
    assert page.text == "가\t나\n다라[^2]$a over b$\n\n[^2]: 각주 글\n\n상자 글"


def test_table_inside_a_table(read):
    def tc(row: int, column: int, inner: str, rows: int = 1) -> str:
        place = f'<hp:cellAddr colAddr="{column}" rowAddr="{row}"/><hp:cellSpan colSpan="1" rowSpan="{rows}"/>'
        return f"<hp:tc><hp:subList>{inner}</hp:subList>{place}</hp:tc>"

    small = f"<hp:tbl><hp:tr>{tc(0, 0, p('a'))}{tc(0, 1, p('b'))}</hp:tr></hp:tbl>"
    first = f"<hp:tr>{tc(0, 0, p('합친'), 2)}{tc(0, 1, p('값'))}</hp:tr>"
    [page] = read("a.hwpx", package(p(f"<hp:tbl>{first}<hp:tr>{tc(1, 1, p(small))}</hp:tr></hp:tbl>")))
    assert page.text == "| 합친 | 값 |\n| --- | --- |\n| 합친 | a / b |"


def test_sections_follow_the_spine(read):
    hpf = (
        '<opf:package xmlns:opf="http://www.idpf.org/2007/opf/"><opf:manifest><opf:item id="a" href="Contents/section1.xml"/>'
        '<opf:item id="b" href="Contents/section0.xml"/></opf:manifest><opf:spine><opf:itemref idref="a"/><opf:itemref idref="b"/>'
        "</opf:spine></opf:package>"
    )
    assert read("a.hwpx", package(p("둘"), p("하나"), Contents__content_hpf="x"))[0].text == "둘\n\n하나"
    assert read("b.hwpx", package(p("둘"), p("하나"), **{"Contents/content.hpf": hpf}))[0].text == "하나\n\n둘"


def test_encrypted_manifest(reason):
    manifest = '<m xmlns:odf="urn:x"><odf:file-entry><odf:encryption-data/></odf:file-entry></m>'
    assert reason("a.hwpx", package(p("글"), **{"META-INF/manifest.xml": manifest})) == "encrypted"


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ('<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><l>&b;</l>', "unsafe"),
        ("<hp:p>", "broken"),
        ("<hp:run>" * 3_000 + "</hp:run>" * 3_000, "broken"),
        ("", "empty"),
    ],
)
def test_hostile_sections(reason, section, expected):
    assert reason("a.hwpx", package(section)) == expected
