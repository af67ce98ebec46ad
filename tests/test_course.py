"""The shipped course: length and shape of every chapter, and every Python block of it runs.

Run: pytest tests/test_course.py
"""

import re
import runpy
from importlib.util import find_spec
from pathlib import Path

import pytest

COURSE = Path(__file__).resolve().parent.parent / "data" / "course"
CHAPTERS = sorted(COURSE.glob("*.md"))
FENCED = re.compile(r"^```(\w*)\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
OPTIONAL = ("torch", "matplotlib", "sklearn", "transformers", "peft", "sentence_transformers", "langchain_core")
BLOCK_LINES = 15


def prose(text: str) -> str:
    """The chapter without its fenced code."""
    return FENCED.sub("", text)


def python_blocks(text: str) -> list[str]:
    """Bodies of the ```python blocks, in order."""
    return [body for language, body in FENCED.findall(text) if language == "python"]


def missing_packages(source: str) -> list[str]:
    """Optional packages that the code imports and this environment lacks."""
    named = set(re.findall(r"^\s*(?:import|from)\s+(\w+)", source, re.MULTILINE))
    return [package for package in OPTIONAL if package in named and find_spec(package) is None]


def test_the_course_has_its_chapters() -> None:
    assert [path.name[:2] for path in CHAPTERS] == [f"{number:02d}" for number in range(1, 23)]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_length(path: Path) -> None:
    text = prose(path.read_text(encoding="utf-8"))
    assert len(re.sub(r"\s", "", text)) >= 1500
    assert len(text) <= 4000
    assert len(re.findall("[가-힣]", text)) >= 1200, "the course is written in Korean"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_shape(path: Path) -> None:
    text = prose(path.read_text(encoding="utf-8"))
    headings = re.findall(r"^(#+) (.+)$", text, re.MULTILINE)
    assert [level for level, _ in headings].count("#") == 1
    assert headings[0][0] == "#"
    assert all(len(level) <= 3 for level, _ in headings)
    titles = [title for _, title in headings]
    assert titles[-3:] == ["자주 하는 실수", "확인 문제", "참고 문헌"]
    assert len(set(titles)) == len(titles), "a heading path must name one place"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_formulas_and_fences_are_closed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("```") % 2 == 0
    assert re.sub(r"`[^`\n]*`", "", prose(text)).count("$") % 2 == 0


def cited_works(text: str) -> set[str]:
    """'(Surname et al., 2017a)' and '(A, 1990; B & C, 1991)' -> {'Surname 2017a', 'A 1990', 'B 1991'}."""
    inside = re.findall(r"\(([A-Z][^()]*?\d{4}[a-z]?(?:; [^()]*?\d{4}[a-z]?)*)\)", text)
    works = [re.fullmatch(r"([A-Z][\w-]+).*?, (\d{4}[a-z]?)", part) for group in inside for part in group.split("; ")]
    return {f"{match[1]} {match[2]}" for match in works if match}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_cited_work_is_listed(path: Path) -> None:
    body, _, references = prose(path.read_text(encoding="utf-8")).partition("## 참고 문헌")
    entries = references.splitlines()
    for work in sorted(cited_works(body)):
        name, year = work.split()
        assert any(entry.startswith(f"- {name}") and f"({year})" in entry for entry in entries), work


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_code_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = python_blocks(path.read_text(encoding="utf-8"))
    assert blocks
    assert all(len(block.splitlines()) <= BLOCK_LINES for block in blocks)
    missing = missing_packages("\n".join(blocks))
    if missing:
        pytest.skip(f"the chapter's code needs {', '.join(missing)}: pip install 'coursemate[dev]'")
    script = tmp_path / "chapter.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")  # in this process: torch is imported once, not 22 times
