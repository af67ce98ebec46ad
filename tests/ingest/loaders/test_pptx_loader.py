"""Slides as PowerPoint writes them."""

import io

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ingest.base import Limits


def saved(presentation) -> bytes:
    out = io.BytesIO()
    presentation.save(out)
    return out.getvalue()


def test_title_body_table_group_chart_and_notes(read):
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "과적합과\n정규화"
    frame = slide.placeholders[1].text_frame
    frame.text = "뜻"
    frame.add_paragraph().text = "드롭아웃"
    frame.paragraphs[1].level = 1
    table = slide.shapes.add_table(2, 2, 0, 0, Inches(4), Inches(1)).table
    for index, text in enumerate(("방법", "효과", "L2", "작은 가중치")):
        table.cell(index // 2, index % 2).text = text
    box = slide.shapes.add_group_shape().shapes.add_group_shape().shapes.add_textbox(0, 0, Inches(1), Inches(1))
    box.text_frame.text = "묶음 안 글"
    data = CategoryChartData()
    data.categories = ["2019", "2020"]
    data.add_series("정확도", (0.5, 0.75))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(3), Inches(3), data)
    slide.notes_slide.notes_text_frame.text = "천천히 말하기"
    [page] = read("a.pptx", saved(presentation))
    assert page.locator.slide == 1
    assert page.locator.headings == ("과적합과 정규화",)
    assert page.text.split("\n\n") == [
        "뜻\n  - 드롭아웃",
        "| 방법 | 효과 |\n| --- | --- |\n| L2 | 작은 가중치 |",
        "묶음 안 글",
        "|  | 정확도 |\n| --- | --- |\n| 2019 | 0.5 |\n| 2020 | 0.75 |",
        "발표자 노트 (notes): 천천히 말하기",
    ]


def test_slides_count_even_where_they_are_empty(read):
    presentation = Presentation()
    for title in ("하나", "", "셋"):
        presentation.slides.add_slide(presentation.slide_layouts[5]).shapes.title.text = title
    assert [(page.locator.slide, page.text) for page in read("a.pptx", saved(presentation))] == [(1, "하나"), (3, "셋")]


def test_no_words_and_too_many_slides(reason):
    presentation = Presentation()
    for _ in range(3):
        presentation.slides.add_slide(presentation.slide_layouts[6])
    assert reason("a.pptx", saved(presentation)) == "empty"
    assert reason("b.pptx", saved(presentation), Limits(pages=2)) == "too_large"
