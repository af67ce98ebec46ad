"""The door to every format: content decides, limits hold, and nothing but pages and DocumentErrors comes out."""

import os
import stat
import unicodedata
from pathlib import Path

import pytest

from ingest.base import Limits, Loader
from ingest.loading import PAGE_CHARACTERS, load_pages, loaders, suffixes
from models.errors import DocumentError


def read(path: Path, limits: Limits | None = None) -> list[str]:
    return [page.text for page in load_pages(path, limits or Limits())[1]]


def reason(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(DocumentError) as error:
        read(path, limits)
    return error.value.reason


@pytest.mark.parametrize("loader", loaders(), ids=lambda loader: loader.format)
def test_loader_contract(loader: Loader, tmp_path: Path):
    assert loader.suffixes and all(suffix == suffix.lower() and suffix.startswith(".") for suffix in loader.suffixes)
    other = tmp_path / f"empty{loader.suffixes[0]}"
    other.write_bytes(b"\x00\x01\x02 not this format")
    assert not loader.sniff(b"", other)
    assert not loader.sniff(b"\x00\x01\x02 not this format", other)
    assert reason(other) in ("broken", "unsupported")


def test_formats_and_suffixes_are_unique():
    formats = [loader.format for loader in loaders()]
    assert sorted(formats) == ["csv", "docx", "html", "hwp", "hwpx", "ipynb", "md", "pdf", "pptx", "txt"]
    assert sum(len(loader.suffixes) for loader in loaders()) == len(suffixes())


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(50), "unsupported"),
        ("a.pdf", b"\x89PNG\r\n\x1a\n" + bytes(50), "unsupported"),
        ("a.pdf", os.urandom(3_000), "broken"),
        ("a.docx", b"PK\x03\x04" + os.urandom(500), "broken"),
        ("a.hwp", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000), "broken"),
        ("a.txt", bytes(1_000), "unsupported"),
        ("a.md", b"\x7fELF" + bytes(100), "unsupported"),
        ("a.py", b"print(1)\n", "unsupported"),
        ("a.zip", b"PK\x05\x06" + bytes(18), "unsupported"),
        ("a.pkl", b"\x80\x04\x95\x10\x00\x00\x00cos\nsystem\n.", "unsupported"),
        ("a.hwp", b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05", "unsupported"),
        ("a.txt", b"", "empty"),
        ("a.md", b" \n\t\n", "empty"),
        ("a.md", "\ufeff\u200b\u202e\n".encode(), "empty"),
    ],
)
def test_refusals_name_the_reason(tmp_path: Path, name: str, content: bytes, expected: str):
    path = tmp_path / name
    path.write_bytes(content)
    assert reason(path) == expected


def test_text_under_the_suffix_of_a_container_is_text(tmp_path: Path):
    path = tmp_path / "notes.pdf"
    path.write_text("그냥 글이다.\n")
    kind, pages = load_pages(path, Limits())
    assert (kind, next(pages).text) == ("txt", "그냥 글이다.")
    plain = tmp_path / "README"
    plain.write_text("접미사가 없다.\n")
    assert load_pages(plain, Limits())[0] == "txt"


def test_what_is_no_file(tmp_path: Path):
    assert reason(tmp_path) == "unreadable"
    assert reason(tmp_path / "없음.md") == "not_found"
    assert reason(tmp_path / "a.md" / "b.md") == "not_found"
    assert reason(Path("bad\0name.md")) == "not_found"
    link = tmp_path / "link.md"
    link.symlink_to(tmp_path / "gone.md")
    with pytest.raises(DocumentError, match=r"gone\.md"):
        read(link)
    loop = tmp_path / "loop.md"
    loop.symlink_to(loop)
    assert reason(loop) == "unreadable"
    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)
    assert reason(pipe) == "unreadable"
    assert reason(tmp_path / ("a" * 300 + ".md")) == "unreadable"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_missing_permission(tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_text("글")
    path.chmod(stat.S_IWUSR)
    user = os.geteuid()
    try:
        if user == 0:  # root reads every file
            os.seteuid(65_534)
        assert reason(path) == "unreadable"
    finally:
        os.seteuid(user)


def test_limits(tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_text("# 제목\n" + "글이다. " * 100_000)
    assert reason(path, Limits(file_mb=1)) == "too_large"
    assert reason(path, Limits(characters=1_000)) == "too_large"
    assert read(path)


def test_one_endless_line_is_cut_without_loss(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("가" * 10_000_000)
    pieces = read(path)
    assert max(map(len, pieces)) == PAGE_CHARACTERS
    assert sum(map(len, pieces)) == 10_000_000


def test_cut_fences_stay_fences(tmp_path: Path):
    path = tmp_path / "a.md"
    code = "".join(f"x{i} = '<b>'\n" for i in range(20_000))
    path.write_text(f"# 코드\n~~~python\n{code}~~~\n")
    pieces = read(path)
    assert len(pieces) > 2
    assert all(piece.startswith("~~~") and piece.endswith("~~~") for piece in pieces)
    assert sum(piece.count("= '<b>'") for piece in pieces) == 20_000


def test_pages_are_clean(tmp_path: Path):
    path = tmp_path / "a.md"
    decomposed = unicodedata.normalize("NFD", "한글 제목")
    path.write_text(
        f"# {decomposed}\x07\n본\u200b문\u00a0\x00 줄\u202e바꿈\r\n다음\u2028줄 \U000e0041\U000e0042숨은 글\n"
    )
    [page] = load_pages(path, Limits())[1]
    assert page.locator.headings == ("한글 제목",)
    assert page.text == "본문  줄바꿈\n다음\n줄 숨은 글"


def test_reading_stops_when_the_reader_stops(tmp_path: Path):
    path = tmp_path / "a.md"
    path.write_text("".join(f"# {i}\n글\n" for i in range(10)))
    _, pages = load_pages(path, Limits())
    assert next(pages).text == "글"
    pages.close()
    path.unlink()
