"""Files from the page into the collection, without a browser."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.conversations import Conversations
from app.ui.downloads import Downloads
from app.ui.intake import Intake, clear_arriving, forget_upload, refused
from app.ui.page import Page
from app.ui.sessions import Sessions
from ingest.base import Limits
from models.errors import StoreLocked


@pytest.fixture
def page(context):
    (context.home / "uploads" / ".arriving").mkdir(parents=True)
    return Page(context, Conversations(context.home / "c.sqlite"), Sessions(), Downloads(context), "ko")


def arrive(page, name, text="글"):
    path = page.context.home / "uploads" / ".arriving" / f"x-{len(text)}-{abs(hash(name))}"
    path.write_text(text, encoding="utf-8")
    return {"name": name, "at": str(path)}


def ends(page, *files):
    *_, last = Intake(page).run(files)
    return {item.name: (item.state, item.message) for item in last}


def uploads(page):
    return sorted(p.name for p in (page.context.home / "uploads").iterdir() if p.is_file())


def test_files_are_taken_in_under_safe_names(page):
    result = ends(page, arrive(page, "../../노트.md"), arrive(page, "CON.txt"))
    assert result == {"노트.md": ("added", ""), "_CON.txt": ("added", "")}
    assert uploads(page) == ["_CON.txt", "노트.md"]


def test_one_bad_file_does_not_stop_the_others(page):
    page.context.bad_files = {"깨짐.pdf"}
    result = ends(page, arrive(page, "깨짐.pdf"), arrive(page, "좋음.md"))
    assert result["좋음.md"] == ("added", "")
    state, message = result["깨짐.pdf"]
    assert state == "failed"
    assert "손상된 파일" in message
    assert uploads(page) == ["좋음.md"]


def test_bad_new_version_leaves_the_old_one(page):
    ends(page, arrive(page, "a.md", "옛 글"))
    page.context.bad_files = {"a.md"}
    assert ends(page, arrive(page, "a.md", "나쁜 새 글"))["a.md"][0] == "failed"
    assert (page.context.home / "uploads" / "a.md").read_text(encoding="utf-8") == "옛 글"


def test_paths_outside_the_arriving_folder_are_refused(page, tmp_path):
    secret = tmp_path / "secret.md"
    secret.write_text("비밀", encoding="utf-8")
    link = page.context.home / "uploads" / ".arriving" / "link"
    link.symlink_to(secret)
    inside = f"{page.context.home}/uploads/.arriving/../../../{secret.name}"
    for at in (str(secret), inside, str(link), "", "\0", "/etc/passwd", str(tmp_path)):
        assert ends(page, {"name": "x.md", "at": at})["x.md"][0] == "failed"
    assert secret.read_text(encoding="utf-8") == "비밀"
    assert uploads(page) == []


def test_limits_and_doubles(page):
    page.context.settings.limits = Limits(file_mb=1)
    result = ends(page, arrive(page, "큰.md", "x" * 1_000_001), arrive(page, "빈.md", ""))
    assert result["큰.md"][0] == result["빈.md"][0] == "failed"
    assert "한도를 넘는" in result["큰.md"][1]
    *_, items = Intake(page).run([arrive(page, "둘.md", "가"), arrive(page, "둘.md", "나다")])
    assert [item.state for item in items] == ["added", "failed"]
    (item,) = refused([{"name": "../a.md", "reason": "large"}], page)
    assert (item.name, item.state) == ("a.md", "failed")


def test_locked_store_is_told_and_nothing_is_left(page):
    def ingest(paths, progress=None):
        raise StoreLocked(home="/h", pid=4)
        yield

    page.context.ingest = ingest
    state, message = ends(page, arrive(page, "a.md"))["a.md"]
    assert state == "failed"
    assert "프로세스 4" in message
    assert uploads(page) == []


def test_late_progress_does_not_reopen_a_file(page):
    """The pipeline tells its progress also after the report on a file."""
    original = page.context.ingest

    def ingest(paths, progress=None):
        yield from original(paths, progress)
        late = {"chunks_done": 0, "chunks_total_of_file": 4, "chunks_per_s": 1.0}
        progress(SimpleNamespace(file=paths[0], **late))

    page.context.ingest = ingest
    assert ends(page, arrive(page, "a.md")) == {"a.md": ("added", "")}


def test_removed_uploads_leave_the_disk_and_other_files_stay(page, tmp_path):
    ends(page, arrive(page, "a.md"))
    own = tmp_path / "own.md"
    own.write_text("x", encoding="utf-8")
    forget_upload(page.context.home, page.context.home / "uploads" / "a.md")
    forget_upload(page.context.home, own)
    assert (uploads(page), own.exists()) == ([], True)


def test_what_never_was_taken_in_is_cleared_later(page):
    old, new = (Path(arrive(page, name)["at"]) for name in ("alt.md", "neu.md"))
    folder = old.parent / "hash"
    folder.mkdir()
    os.utime(folder, (0, 0))
    clear_arriving(page.context.home)
    assert (folder.exists(), new.exists()) == (False, True)
