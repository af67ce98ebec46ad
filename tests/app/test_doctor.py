"""The doctor finds what is missing, says what to do, and touches nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import machine

Run = Callable[..., Any]


def findings(ended: Any) -> dict[str, dict[str, Any]]:
    (report,) = ended.rows
    assert set(report) == {"ok", "findings"}
    return {finding["name"]: finding for finding in report["findings"]}


def test_a_fresh_home_lacks_the_embedders_weights(cli: Run, home: Path) -> None:
    ended = cli("doctor", "--json")
    found = findings(ended)
    assert ended.code == 1
    lacking = found["weights multilingual-e5-small"]
    assert (lacking["ok"], lacking["needed"]) == (False, True)
    assert lacking["fix"] == "coursemate models pull multilingual-e5-small"
    assert found["python"]["ok"]
    assert int(found["cores"]["value"]) >= 1
    assert {path.name for path in home.iterdir()} <= {"coursemate.log"}


@pytest.mark.weights
def test_a_home_with_all_it_needs_is_well(
    cli: Run, notes: Path, weights_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSEMATE_WEIGHTS", str(weights_dir))
    cli("ingest", notes)
    ended = cli("doctor", "--json")
    found = findings(ended)
    assert (ended.code, found["store course"]["ok"]) == (0, True)
    assert all(finding["ok"] for finding in found.values() if finding["needed"])
    assert "✓" in cli("doctor").out


def test_a_damaged_store_is_named_with_its_cure(cli: Run, notes: Path, home: Path) -> None:
    cli("ingest", notes)
    assert findings(cli("doctor", "--json"))["store course"]["ok"]
    with sqlite3.connect(home / "collections" / "course" / "catalog.sqlite") as catalog:
        catalog.execute("DELETE FROM vectors")
    catalog.close()
    found = findings(cli("doctor", "--json"))["store course"]
    assert (found["ok"], found["needed"]) == (False, True)
    assert "reindex" in found["fix"]


def test_no_key_shows(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789abcdef")
    ended = cli("doctor", "--json")
    assert findings(ended)["backend openai"]["ok"]
    assert "sk-0123456789abcdef" not in ended.out + ended.err + cli("doctor").out


def test_a_containers_limit_counts_as_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text("1000000000\n")
    (tmp_path / "memory.current").write_text("400000000\n")
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    assert machine.memory() == machine.Memory(1_000_000_000, 600_000_000)
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.memory().total > 1_000_000_000


def test_the_disk_of_a_folder_to_come(tmp_path: Path) -> None:
    assert machine.free_disk(tmp_path / "not" / "yet") > 0


def test_reports_are_json_in_either_language(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEMATE_LANGUAGE", "en")
    ended = cli("doctor", "--json")
    assert "absent" in json.dumps(ended.rows)
