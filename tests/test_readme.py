"""The two READMEs say the same, and what they say exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.settings import known_keys
from models.discovery import discover

ROOT = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.ko.md")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", READMES)
def test_both_commands_come_first(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# CourseMate")
    assert [line.split()[:2] for line in lines[3:5]] == [["make", "run"], ["make", "test"]]
    assert re.search(r"^run:", MAKEFILE, re.MULTILINE)
    assert re.search(r"^test:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_told(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    commands = {command.name for command in discover("app.commands", "COMMAND").values()}
    assert set(re.findall(r"^\| `coursemate (\w+)", text, re.MULTILINE)) == commands


@pytest.mark.parametrize("name", READMES)
def test_every_setting_is_told(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    table = text[text.index("| `language` |") : text.index("OPENAI_API_KEY")]
    told = set(re.findall(r"`\.?([a-z][a-z_.]*)`", "\n".join(line.split(" | ")[0] for line in table.splitlines())))
    known = {key.removeprefix("limits.") for key in known_keys()}
    assert {key.removeprefix("limits.") for key in told} == known


@pytest.mark.parametrize("name", READMES)
def test_links_and_pictures_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


def test_ci_runs_the_readmes_command() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "run: make test" in (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
