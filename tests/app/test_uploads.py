"""Uploaded files: names that cannot leave the folder, limits before reading, old versions that survive."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from app.uploads import NAME_BYTES, place, safe_name
from ingest.base import Limits
from models.errors import DocumentError

LIMITS = Limits(file_mb=1)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("강의 노트.pdf", "강의 노트.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("/etc/shadow", "shadow"),
        ("C:\\a\\b.txt", "b.txt"),
        ("..", "문서"),
        ("", "문서"),
        ("...", "문서"),
        ("/", "문서"),
        (".pdf", "pdf"),
        (".env", "env"),
        ("a\x00b.txt", "ab.txt"),
        ("a\nb\t.md", "ab.md"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("COM1.md", "_COM1.md"),
        ("COMET.md", "COMET.md"),
        ('a<b>:"|?*.md', "a_b______.md"),
        ("note.md. . ", "note.md"),
        ("\u202egnp.exe.md", "gnp.exe.md"),
        ("\u200b.md", "md"),
        ("a/b/../c.csv", "c.csv"),
        ("%2e%2e%2fx.md", "%2e%2e%2fx.md"),
        ("~/x.md", "x.md"),
        ("-rf.md", "-rf.md"),
    ],
)
def test_names_are_made_harmless(name, safe):
    assert safe_name(name) == safe


def test_names_are_composed_and_short():
    decomposed = unicodedata.normalize("NFD", "한글.md")
    assert safe_name(decomposed) == "한글.md"
    long = safe_name("가" * 500 + ".hwp")
    assert len(long.encode()) <= NAME_BYTES
    assert long.endswith("가.hwp")
    assert safe_name("\ud800x.md") == "x.md"


def upload(tmp_path: Path, text: str = "새 글", name: str = "a.md"):
    source = tmp_path / "arrived"
    source.write_text(text, encoding="utf-8")
    return source, place(source, name, tmp_path / "uploads", LIMITS)


def test_file_is_moved_into_place(tmp_path):
    source, placed = upload(tmp_path, name="../../a.md")
    assert placed.path == tmp_path / "uploads" / "a.md"
    assert placed.path.read_text(encoding="utf-8") == "새 글"
    assert not source.exists()


def test_bad_new_version_leaves_the_old_one(tmp_path):
    upload(tmp_path, "옛 글")[1].keep()
    _, placed = upload(tmp_path, "나쁜 글")
    placed.restore()
    assert placed.path.read_text(encoding="utf-8") == "옛 글"
    assert [p.name for p in placed.path.parent.iterdir()] == ["a.md"]


def test_good_new_version_replaces_the_old_one(tmp_path):
    upload(tmp_path, "옛 글")[1].keep()
    upload(tmp_path, "새 글")[1].keep()
    assert [(p.name, p.read_text(encoding="utf-8")) for p in (tmp_path / "uploads").iterdir()] == [("a.md", "새 글")]


def test_bad_first_version_leaves_nothing(tmp_path):
    _, placed = upload(tmp_path)
    placed.restore()
    assert list((tmp_path / "uploads").iterdir()) == []


def test_symbolic_link_in_the_folder_is_replaced_and_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "a.md").symlink_to(victim)
    _, placed = upload(tmp_path)
    placed.keep()
    assert victim.read_text(encoding="utf-8") == "mine"
    assert not placed.path.is_symlink()


@pytest.mark.parametrize(("content", "reason"), [("", "empty"), ("x" * 1_000_001, "too_large")])
def test_limits_hold_before_anything_is_read(tmp_path, content, reason):
    source = tmp_path / "arrived"
    source.write_text(content, encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        place(source, "a.md", tmp_path / "uploads", LIMITS)
    assert caught.value.reason == reason
    assert not source.exists()
    assert not (tmp_path / "uploads" / "a.md").exists()
