"""Settings refuse what they do not know, remember what they are told, and alone read the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import environment_keys, load, save
from models.errors import ConfigError


def test_defaults_need_no_file(home: Path) -> None:
    settings = load(home)
    assert (settings.backend, settings.language, settings.collection, settings.model) == ("local", "ko", "course", "")
    assert settings.weights_dir == home / "weights"


def test_given_wins_over_environment_over_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "settings.toml").write_text('speed = "thorough"\nseed = 1\nthreads = 1\n')
    monkeypatch.setenv("COURSEMATE_SPEED", "fast")
    monkeypatch.setenv("COURSEMATE_SEED", "2")
    settings = load(home, seed=3)
    assert (settings.speed, settings.seed, settings.threads) == ("fast", 3, 1)


def test_nested_limits_come_from_file_and_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "settings.toml").write_text("[limits]\npages = 7\n")
    monkeypatch.setenv("COURSEMATE_LIMITS__FILE_MB", "50")
    limits = load(home).limits
    assert (limits.pages, limits.file_mb, limits.unpacked_mb) == (7, 50, 1000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("sped = 'fast'", "did you mean `speed`"),
        ("[limits]\nfile_m = 3", "did you mean `limits.file_mb`"),
        ("[limits]\nfile_mb = -3", "limits.file_mb=-3"),
        ("speed = 'quick'", "'fast', 'normal' or 'thorough'"),
        ("base_url = 'localhost:8000'", "http://"),
        ("collection = '../../etc'", "collection='../../etc'"),
        ("candidates = 0", "candidates=0"),
        ("speed = ", "not valid TOML"),
        ("home = '/'", "home"),
    ],
)
def test_a_bad_file_is_named_with_value_and_way_out(home: Path, content: str, said: str) -> None:
    (home / "settings.toml").write_text(content)
    with pytest.raises(ConfigError) as caught:
        load(home)
    assert said in str(caught.value)


def test_an_unknown_variable_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEMATE_BACKND", "local")
    with pytest.raises(ConfigError, match=r"COURSEMATE_BACKND='local'.*did you mean `backend`"):
        load(home)


@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_key_in_the_wrong_place_is_not_repeated(home: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    if place == "environment":
        monkeypatch.setenv("COURSEMATE_OPENAI_API_KEY", "sk-very-secret")
    else:
        (home / "settings.toml").write_text('openai_api_key = "sk-very-secret"\n')
    with pytest.raises(ConfigError) as caught:
        load(home)
    assert "very-secret" not in str(caught.value)
    assert "OPENAI_API_KEY" in str(caught.value)


def test_save_keeps_the_rest_of_the_file(home: Path) -> None:
    (home / "settings.toml").write_text('speed = "fast"\n[limits]\npages = 7\n')
    changed = save(load(home), {"model": "qwen2.5-coder-0.5b"})
    assert (changed.model, changed.speed, changed.limits.pages) == ("qwen2.5-coder-0.5b", "fast", 7)
    assert load(home) == changed


def test_save_of_none_returns_to_the_default(home: Path) -> None:
    (home / "settings.toml").write_text('model = "mine.gguf"\n')
    assert save(load(home), {"model": None}).model == ""
    assert load(home).model == ""


def test_a_refused_value_changes_nothing(home: Path) -> None:
    (home / "settings.toml").write_text('speed = "fast"\n')
    with pytest.raises(ConfigError):
        save(load(home), {"speed": "warp"})
    assert (home / "settings.toml").read_text() == 'speed = "fast"\n'
    assert [path.name for path in home.iterdir()] == ["settings.toml"]


def test_a_value_given_for_this_process_is_not_stored(home: Path) -> None:
    changed = save(load(home, speed="fast"), {"seed": 4})
    assert changed.speed == "fast"
    assert load(home).speed == "normal"


def test_settings_are_frozen(home: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(home).speed = "fast"


def test_a_second_home_shares_the_first_ones_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "weights").mkdir(parents=True)
    monkeypatch.setenv("COURSEMATE_HOME", str(first))
    assert load(second).weights_dir == first / "weights"
    (second / "weights").mkdir(parents=True)
    assert load(second).weights_dir == second / "weights"
    assert load(second, weights=tmp_path / "mine").weights_dir == tmp_path / "mine"


def test_keys_are_found_by_the_form_of_their_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "g")
    monkeypatch.setenv("OPENAI_API_KEY", "o")
    monkeypatch.setenv("EMPTY_API_KEY", " ")
    keys = environment_keys()
    assert keys["GOOGLE_API_KEY"] == "g"
    assert keys["OPENAI_API_KEY"] == "o"
    assert "EMPTY_API_KEY" not in keys
