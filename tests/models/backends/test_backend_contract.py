"""Every backend there is, by what all of them owe: the next step where something lacks, and no secret anywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from models.backends.base import BackendConfig
from models.discovery import discover
from models.errors import MissingError

BACKENDS = discover("models.backends", "BACKEND")
KEY = "secret-1234567890"
NEEDS_NOTHING = {"fake", "hf"}  # hf fetches its default model from the hub
HEAVY = ("torch", "transformers", "openai", "langchain_openai", "google.genai", "langchain_google_genai", "xllamacpp")


def empty(tmp_path: Path, **values: Any) -> BackendConfig:
    return BackendConfig(weights_dir=tmp_path / "weights", **values)


@pytest.fixture(params=BACKENDS.values(), ids=lambda backend: backend.name)
def backend(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_all_are_here() -> None:
    assert {backend.name for backend in BACKENDS.values()} == {
        "local",
        "hf",
        "openai",
        "gemini",
        "compatible",
        "fake",
    }


def test_says_who_it_is(backend: Any) -> None:
    assert backend.label
    assert backend.label_ko
    assert backend.key_variable is None or backend.key_variable.endswith("_API_KEY")
    assert backend.default_model or backend.name == "compatible"


def test_says_what_lacks_and_what_to_do(backend: Any, tmp_path: Path) -> None:
    lacking = backend.missing(empty(tmp_path))
    if backend.name in NEEDS_NOTHING:
        assert lacking is None
        return
    assert any(step in lacking for step in ("run `", "set COURSEMATE_", "set OPENAI_", "set GOOGLE_"))
    assert "\n" not in lacking
    with pytest.raises(MissingError, match="missing"):
        backend.build(empty(tmp_path))


@pytest.mark.parametrize("name", ["openai", "gemini"])
def test_an_empty_key_is_none(name: str, tmp_path: Path) -> None:
    backend = next(b for b in BACKENDS.values() if b.name == name)
    assert backend.missing(empty(tmp_path, api_key=SecretStr(""))) is not None


@pytest.mark.parametrize("name", ["openai", "gemini", "compatible"])
def test_a_key_is_in_no_repr(name: str, tmp_path: Path) -> None:
    backend = next(b for b in BACKENDS.values() if b.name == name)
    config = empty(tmp_path, api_key=SecretStr(KEY), base_url="http://127.0.0.1:9/v1", model="m")
    chat = backend.build(config)
    assert KEY not in repr(chat) + str(chat) + repr(config) + repr(chat._identifying_params)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"base_url": ""}, "COURSEMATE_BASE_URL"),
        ({"base_url": "127.0.0.1:8000"}, "127.0.0.1:8000"),
        ({"base_url": "ftp://x/v1"}, "ftp://x/v1"),
        ({"base_url": "http://x/v1", "model": ""}, "COURSEMATE_COMPATIBLE_MODEL"),
    ],
)
def test_compatible_names_the_setting(values: dict[str, str], said: str, tmp_path: Path) -> None:
    assert said in BACKENDS["compatible"].missing(empty(tmp_path, **values))


@pytest.mark.parametrize("name", ["local", "hf"])
@pytest.mark.parametrize("field", ["model", "adapter"])
def test_a_wrong_path_is_named(name: str, field: str, tmp_path: Path) -> None:
    model = tmp_path / "m.gguf"
    model.write_bytes(b"GGUF")
    values = {"model": str(model), field: str(tmp_path / "gone.gguf")}
    assert "gone.gguf" in BACKENDS[name].missing(empty(tmp_path, **values))


def test_looking_at_backends_loads_no_client() -> None:
    code = (
        "import sys; from models.discovery import discover; discover('models.backends', 'BACKEND');"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
