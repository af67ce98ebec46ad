"""Every sample file beside the checkout comes out right or fails with the true reason."""

from pathlib import Path

import pytest

from ingest.base import Limits, Page
from ingest.loading import load_pages
from models.errors import DocumentError

pytestmark = pytest.mark.shared

RIGHT = {  # file -> (format, words that its text or headings must hold)
    "docx/docling_equations.docx": ("docx", ["$A=πr^{2}$", "\\sum_{n=1}^{∞}", "\\binom{n}{k}"]),
    "docx/docling_word_sample.docx": ("docx", ["| Leaves | Ash, Elm, Maple | 50 |", "2. Don’t forget to drink water"]),
    "docx/langchain-kr_sample-word-document.docx": ("docx", ["저차원의 연속적인 벡터로 변환하는 과정"]),
    "hwp/autorag_minimal-body-table.hwp": ("hwp", ["| 앞줄 맞추기와 표 안에서 앞줄 맞추기 | Ctrl+Shift+Tab |"]),
    "hwp/hwp-rs_hello_world.hwp": ("hwp", ["Hello World!"]),
    "hwp/hwp-rs_work_report.hwp": ("hwp", ["| 업무내용 | 완결여부 | 산출물 | 비고 |"]),
    "hwp/hwplib_finding-all-field.hwp": ("hwp", ["제레드 다이아몬드"]),
    "hwp/langchain-kr_디지털정부혁신추진계획.hwp": ("hwp", ["공공부문 마이데이터 활성화", "| 추진 과제 | 추진 과제 | 2019 | 2019 |"]),
    "hwpx/hwpxlib_20230728.hwpx": ("hwpx", ["| 음악축제 1부 | 18:30 ~ 19:20 | 뮤지컬, 오페라 갈라쇼 등 2팀 |"]),
    "hwpx/hwpxlib_no_manifest.hwpx": ("hwpx", ["개정 내용과 취지를 미리 알려"]),
    "hwpx/kordoc_HWP5-nopassword-123456.hwpx": ("hwpx", ["| 권장 시스템 환경 | ▸ 펜티엄 CPU 이상"]),
    "hwpx/kordoc_dummy.hwpx": ("hwpx", ["테스트 목적으로 작성된 더미 문서"]),
    "hwpx/kordoc_일반기안문_서식.hwpx": ("hwpx", ["기안자    검토자    결재권자"]),
    "hwpx/python-hwpx_all_in_one_stress.hwpx": ("hwpx", ["99_all_in_one_stress.hwpx", "| Test |"]),
    "hwpx/python-hwpx_note_example.hwpx": ("hwpx", ["| 소요예산 (예정) | 꼬마전구 | 꼬마전구 | 2 | 30,000 | 30,000 | 60,000 |"]),
    "hwpx/python-hwpx_toc-A.hwpx": ("hwpx", ["개요 두 번째의 본문입니다."]),
    "pdf/autorag_kbo_only_table.pdf": ("pdf", ["| 제28조 [비디오 판독] | - | 대기심과 루심간 무전기 사용 |"]),
    "pdf/autorag_kbo_table_text.pdf": ("pdf", ["| 8월 | 18:00 | 17:00 | 18:30 |", "시간을 19:00로 변경 가능함"]),
    "pdf/autorag_korean_texts_two_page.pdf": ("pdf", ["보험금을 청구하여 받을 수 있는 사람을 말합니다."]),
    "pdf/docling_normal_4pages.pdf": ("pdf", ["“코로나바이러스감염증-19(COVID-19,", "| 구분 | 개정전 | 개정후 |"]),
    "pdf/docling_skipped_2pages.pdf": ("pdf", ["자동적인 격리까지 제공하는 방향으로 진화"]),
    "pdf/unstructured_korean-text-with-tables.pdf": ("pdf", ["매월 1일부터 말일까지 이용한"]),
    "pdf_edge/odl_invalid-chars.pdf": ("pdf", ["Normal text: hello world 123"]),
    "pdf_edge/pdfminer_zen_of_python_corrupted.pdf": ("pdf", ["refuse the temptation to guess"]),
    "pptx/docling_powerpoint_sample.pptx": ("pptx", ["| R1 | True | False |  | False | True | True |", "Final notes on the third slide."]),
    "pptx/langchain-kr_sample-ppt.pptx": ("pptx", ["랭체인 한국어 튜토리얼", "더 작은 단위로 분할하는 것을 의미합니다"]),
    "pptx/markitdown_test.pptx": ("pptx", ["1b92870d-e3b5-4e65-8153-919f4ff45592", "44bf7d06-5e7a-4a40-a2e1-a2e42ef28c8a", "- Sub comment 2", "| 2003 |"]),
    "txt/ai-story.txt": ("txt", ["Attention is all you need", "David Cournapeau"]),
    "txt/appendix-keywords-CP949.txt": ("txt", ["의미론적 검색은 사용자의 질의를"]),
    "txt/appendix-keywords-EUCKR.txt": ("txt", ["의미론적 검색은 사용자의 질의를"]),
    "txt/appendix-keywords-utf8.txt": ("txt", ["의미론적 검색은 사용자의 질의를"]),
}  # fmt: skip
WRONG = {
    "hwp/hwplib_그림.hwp": "empty",
    "hwp/kordoc_HWP3-password-123456.hwp": "unsupported",
    "hwpx/kordoc_HWP5-password-123456.hwpx": "encrypted",
    "img/unstructured_english-and-korean.png": "unsupported",
    "pdf_edge/odl_cid-font-no-tounicode.pdf": "no_text",
    "pdf_edge/odl_fake-jpg.pdf": "unsupported",
    "pdf_edge/odl_password-protected.pdf": "encrypted",
}
SEEDS = {
    "000": ("Ⅲ. 상세 교육 과정 (10일 / 80시간)", "경사하강법(Gradient Descent)의 원리"),
    "001": ("LSTM(Long Short-Term Memory)", "입력/출력/망각 게이트"),
    "002": ("초기 언어 모델 (1950s-1980s)", "샤논의 정보 이론"),
    "003": ("3.2.2. 부분 파인 튜닝 (Partial Fine-tuning)", "모델의 일부 층만 업데이트합니다."),
    "004": ("3.1 왜 Fine-tuning이 필요한가?", "소량의 도메인 데이터"),
}


def read(path: Path) -> tuple[str, list[Page]]:
    kind, pages = load_pages(path, Limits())
    return kind, list(pages)


def words(pages: list[Page]) -> str:
    return "\n".join("\n".join([*page.locator.headings, page.text]) for page in pages)


def test_no_sample_is_left_out(shared_data: Path) -> None:
    folder = shared_data / "docs"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {*RIGHT, *WRONG}
    assert len(RIGHT) + len(WRONG) == 38


@pytest.mark.parametrize("name", RIGHT)
def test_comes_out_right(shared_data: Path, name: str) -> None:
    expected, phrases = RIGHT[name]
    kind, pages = read(shared_data / "docs" / name)
    assert kind == expected
    text = words(pages)
    assert [phrase for phrase in phrases if phrase not in text] == []
    assert all(page.text.strip() for page in pages)


@pytest.mark.parametrize("name", WRONG)
def test_fails_with_the_true_reason(shared_data: Path, name: str) -> None:
    with pytest.raises(DocumentError) as error:
        read(shared_data / "docs" / name)
    assert error.value.reason == WRONG[name]
    assert Path(name).name in str(error.value)


def test_korean_encodings_give_the_same_text(shared_data: Path) -> None:
    texts = {words(read(path)[1]) for path in (shared_data / "docs" / "txt").glob("appendix-*.txt")}
    assert len(texts) == 1


@pytest.mark.parametrize("name", SEEDS)
def test_markdown_in_text_files_has_headings(shared: Path, name: str) -> None:
    heading, phrase = SEEDS[name]
    path = next((shared / "seeds").glob(f"{name}_*.txt"))
    kind, pages = read(path)
    assert kind == "txt"
    found = [page for page in pages if any(heading.startswith(h) for h in page.locator.headings)]
    assert found, sorted({h for page in pages for h in page.locator.headings})
    assert phrase in words(pages)
    assert not any(page.text.startswith("#") for page in pages)


def test_pages_are_numbered_as_printed(shared_data: Path) -> None:
    _, pages = read(shared_data / "docs/pdf/docling_normal_4pages.pdf")
    assert [page.locator.page for page in pages] == [1, 2, 3, 4]
    _, slides = read(shared_data / "docs/pptx/markitdown_test.pptx")
    assert [slide.locator.slide for slide in slides] == [1, 2, 3, 4, 5, 6]
