"""Keys stay in memory unless asked otherwise, and never show."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from app import logs
from app.keys import Keys
from models.errors import ConfigError

SECRET = "sk-test-0123456789abcdef"


def test_a_key_is_kept_in_memory_only(home: Path) -> None:
    keys = Keys(home / "keys.toml", {})
    keys.enter("OPENAI_API_KEY", f" {SECRET}\n")
    key = keys.get("OPENAI_API_KEY")
    assert key is not None
    assert key.get_secret_value() == SECRET
    assert keys.source("OPENAI_API_KEY") == "entered"
    assert list(home.iterdir()) == []


def test_a_saved_key_is_read_by_its_owner_alone(home: Path) -> None:
    file = home / "keys.toml"
    Keys(file, {}).enter("OPENAI_API_KEY", SECRET, save=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = Keys(file, {})
    assert again.source("OPENAI_API_KEY") == "saved"
    file.chmod(0o644)
    Keys(file, {})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_forgetting_removes_memory_and_file(home: Path) -> None:
    keys = Keys(home / "keys.toml", {})
    keys.enter("OPENAI_API_KEY", SECRET, save=True)
    keys.enter("GOOGLE_API_KEY", "AIza-other", save=True)
    keys.enter("OPENAI_API_KEY", "")
    assert keys.get("OPENAI_API_KEY") is None
    assert SECRET not in (home / "keys.toml").read_text()
    assert Keys(home / "keys.toml", {}).get("GOOGLE_API_KEY") is not None


def test_entered_wins_over_environment_over_saved(home: Path) -> None:
    Keys(home / "keys.toml", {}).enter("OPENAI_API_KEY", "saved-key", save=True)
    keys = Keys(home / "keys.toml", {"OPENAI_API_KEY": "from-environment"})
    assert keys.source("OPENAI_API_KEY") == "environment"
    keys.enter("OPENAI_API_KEY", "typed-key")
    assert keys.source("OPENAI_API_KEY") == "entered"


@pytest.mark.parametrize("typed", ["two words", "키", "a\nb", "bell\x07"])
def test_what_cannot_be_a_key_is_refused_unrepeated(home: Path, typed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Keys(home / "keys.toml", {}).enter("OPENAI_API_KEY", typed)
    assert typed not in str(caught.value)


def test_a_broken_key_file_is_named_without_its_content(home: Path) -> None:
    (home / "keys.toml").write_text(f"OPENAI_API_KEY = {SECRET}")
    with pytest.raises(ConfigError) as caught:
        Keys(home / "keys.toml", {})
    assert "keys.toml" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_no_key_reaches_the_log(home: Path) -> None:
    root = logging.getLogger()
    before = list(root.handlers)
    try:
        logs.configure(home, lambda: ["my-own-server-key"])
        try:
            raise ValueError(f"refused: {SECRET} and my-own-server-key")
        except ValueError:
            logging.getLogger("app.test").exception("with header Authorization: Bearer abcdefgh12345")
        written = (home / "coursemate.log").read_text()
    finally:
        for handler in list(root.handlers):
            handler.close()
            root.removeHandler(handler)
        for handler in before:
            root.addHandler(handler)
    assert "Traceback" in written
    for secret in (SECRET, "my-own-server-key", "abcdefgh12345"):
        assert secret not in written
