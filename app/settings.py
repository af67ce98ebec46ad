"""Every setting in one frozen object, and the only place that reads the environment.

A value is looked for in this order: command line, environment (`COURSEMATE_SPEED=fast`, nested ones with two underscores:
`COURSEMATE_LIMITS__FILE_MB=50`), HOME/settings.toml, the default below. Keys of providers are not settings: app/keys.py.

    settings = load(home=None, speed="fast")     # home: None takes COURSEMATE_HOME, else the user's data folder
    save(settings, {"speed": "normal"})           # checked, then written to HOME/settings.toml in one step
"""

from __future__ import annotations

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from ingest.base import Limits
from models.errors import ConfigError
from models.files import write_atomic

PREFIX = "COURSEMATE_"
HOME_VARIABLE = PREFIX + "HOME"
OUTSIDE = frozenset({HOME_VARIABLE, PREFIX + "TEST_HOME"})  # ours, but no settings

QUIET = {
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "DO_NOT_TRACK": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000",  # else it sums up all events anew after each one
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "TOKENIZERS_PARALLELISM": "false",
}

Collection = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,510}[A-Za-z0-9]$")]
Fraction = Annotated[float, Field(ge=0, le=1)]


def _check_limits(values: Any) -> Any:
    """A dataclass takes any number and skips unknown keys when pydantic builds it; limits must not."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            if name not in Limits.__dataclass_fields__:
                raise ConfigError(key=f"limits.{name}", value=value, detail=_unknown(f"limits.{name}"))
            if not str(value).isdecimal() or int(value) < 1:
                raise ConfigError(key=f"limits.{name}", value=value, detail="give a whole number from 1")
    return values


class Settings(BaseSettings):
    """Units are in the names; 0 or "" means "choose for me" where the comment says so."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True, extra="forbid", frozen=True
    )

    home: Path
    weights: Path | None = None  # folder of model weights; None as `weights_dir` says
    datasets: Path | None = None  # folder of the labs' datasets as published, one folder each; None: HOME/datasets
    collection: Collection = "course"
    language: Literal["ko", "en"] = "ko"
    speed: Literal["fast", "normal", "thorough"] = "normal"

    backend: str = "local"
    model: str = ""  # of the backend `local`: catalogue name, path of a GGUF file, or hub id; "" by memory
    adapter: str = "auto"  # of `local` and `hf`: a name, a path; "auto" the shipped one that fits the model, "" none
    adapter_scale: Annotated[float, Field(ge=0, le=1.5)] | None = None  # its strength; None as the adapter says, else 1
    hf_model: str = ""
    openai_model: str = ""
    gemini_model: str = ""
    compatible_model: str = ""
    base_url: str = ""  # of the backend `compatible`
    fallbacks: tuple[str, ...] = ()  # backends asked in turn where the chosen one fails before its first word
    prices: Path | None = None  # a price table of your own

    embedder: str = "e5"
    embedder_model: str = ""  # hub id or path, for embedders that take one
    embedder_url: str = ""  # of an OpenAI-style server that embeds
    reranker: str = ""  # hub id of a cross-encoder; "" for none
    dense_weight: Fraction | None = None  # meaning against words in the fused score; None takes the calibrated weight
    candidates: Annotated[int, Field(ge=1, le=1000)] = 50  # from each of the two indexes
    evidence_chunks: Annotated[int, Field(ge=0, le=100)] = 0  # whose sentences are weighed; 0: by speed
    evidence_tokens: Annotated[int, Field(ge=0, le=32_768)] = 0  # packed before the model; 0: by speed and host
    chunk_tokens: Annotated[int, Field(ge=50, le=400)] = 400  # of documents added from now on
    chunk_overlap: Annotated[int, Field(ge=0, le=200)] = 0  # tokens that a chunk repeats of the one before
    prompt: str = ""  # technique of chains/variants; "" for the usual one
    refusal_threshold: Fraction | None = None  # of the chance that an answer holds; None takes the calibrated one

    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    max_tokens: Annotated[int, Field(ge=1, le=32_768)] = 512
    context_tokens: Annotated[int, Field(ge=512, le=1_048_576)] = 4096
    threads: Annotated[int, Field(ge=0, le=1024)] = 0  # 0: as many as there are cores
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    max_retries: Annotated[int, Field(ge=0, le=10)] = 3
    seed: int = 0

    offline: bool = False  # never ask the hub or the package registry for weights
    limits: Annotated[Limits, BeforeValidator(_check_limits)] = Limits()

    @field_validator("model", "hf_model", "embedder_model", "embedder_url", "base_url", mode="after")
    @classmethod
    def _strip(cls, value: str) -> str:
        return value.strip()

    @field_validator("base_url", "embedder_url", mode="after")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("give an address that starts with http:// or https://")
        return value

    @field_validator("weights", "datasets", "prices", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Given values, environment, then the file, which `load` has already read."""
        return (init_settings, env_settings, _FileSource(settings_cls, init_settings))

    def model_of(self, backend: str) -> str:
        """The model chosen for a backend; "" where none is, or the backend has no setting for it."""
        chosen: str = self.model if backend == "local" else getattr(self, f"{backend}_model", "")
        return chosen

    @property
    def weights_dir(self) -> Path:
        """HOME/weights; a home that has none of its own shares those of the default home, since they are large."""
        own, shared = self.home / "weights", default_home() / "weights"
        return self.weights or (shared if shared.is_dir() and not own.is_dir() else own)

    @property
    def collections_dir(self) -> Path:
        return self.home / "collections"

    @property
    def collection_dir(self) -> Path:
        return self.collections_dir / self.collection

    @property
    def uploads_dir(self) -> Path:
        return self.home / "uploads"

    @property
    def settings_file(self) -> Path:
        return self.home / "settings.toml"


class _FileSource(PydanticBaseSettingsSource):
    """HOME/settings.toml of the home that the given values name."""

    def __init__(self, settings_cls: type[BaseSettings], given: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._values = read_file(Path(given()["home"]) / "settings.toml")

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def default_home() -> Path:
    """COURSEMATE_HOME, else the user's data folder of this system."""
    import platformdirs

    return Path(os.environ.get(HOME_VARIABLE) or platformdirs.user_data_path("coursemate", appauthor=False))


def load(home: Path | None = None, **given: Any) -> Settings:
    """The settings in force. given: values that win over environment and file; None means "not given".

    Raises ConfigError for an unknown key, a value out of range, or a file that is no TOML.
    """
    _refuse_unknown_variables(os.environ)
    folder = (home or default_home()).expanduser().absolute()
    try:
        return Settings(home=folder, **{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise _config_error(error) from None
    except SettingsError as error:
        name = f"{PREFIX}LIMITS"
        raise ConfigError(
            key=name, value=os.environ.get(name, ""), detail=f"set {name}__FILE_MB=50 and the like"
        ) from error


def save(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with `values`, checked as a whole and then written to HOME/settings.toml in one step.

    What the file held besides is kept; a value of None removes its key. Raises ConfigError, DiskFull; nothing is written then.
    """
    import tomli_w

    stored = read_file(settings.settings_file)
    stored.update(values)
    stored = {name: value for name, value in stored.items() if value is not None}
    in_force = {name: getattr(settings, name) for name in settings.model_fields_set - {"home", *values}}
    defaults = {name: Settings.model_fields[name].get_default() for name, value in values.items() if value is None}
    changed = load(settings.home, **{**in_force, **values, **defaults})
    settings.home.mkdir(parents=True, exist_ok=True)
    write_atomic(settings.settings_file, tomli_w.dumps(_plain(stored)).encode())
    return changed


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def read_file(path: Path) -> dict[str, Any]:
    """The stored settings; {} where there is no file. Raises ConfigError where it is no TOML or cannot be read."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            key=path.name, value=str(path), detail=f"it is not valid TOML ({error}); correct it"
        ) from None
    except OSError as error:
        raise ConfigError(key=path.name, value=str(path), detail=f"it cannot be read ({error.strerror})") from None
    if "home" in values:
        raise ConfigError(key="home", value=values["home"], detail=f"give it with --home or {HOME_VARIABLE}")
    return values


def environment_keys() -> dict[str, str]:
    """Variables that look like a provider's key, name -> value. Gemini's two names count as one, GOOGLE_API_KEY."""
    keys = {name: value for name, value in os.environ.items() if name.endswith("_API_KEY") and value.strip()}
    if "GEMINI_API_KEY" in keys:
        keys.setdefault("GOOGLE_API_KEY", keys["GEMINI_API_KEY"])
    return keys


def has_display() -> bool:
    """Whether a browser window can be opened; on Linux without a display, webbrowser would start a text browser."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def silence_libraries() -> None:
    """Switches off what libraries send home; called before any of them is imported. What the user has set stays."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    for name in environment:
        if name.startswith(PREFIX) and name not in OUTSIDE:
            field = name.removeprefix(PREFIX).lower().split("__")[0]
            if field not in Settings.model_fields or field == "home":
                raise ConfigError(key=name, value=_shown(name, environment[name]), detail=_unknown(field))


def _config_error(error: ValidationError) -> ConfigError:
    """The first complaint as ours: which key, which value, and what would do."""
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "settings"
    if first["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        return ConfigError(key=key, value=_shown(key, first["input"]), detail=_unknown(key))
    message = first["msg"].removeprefix("Value error, ")
    return ConfigError(key=key, value=first["input"], detail=message[:1].lower() + message[1:])


def _shown(name: str, value: Any) -> Any:
    """The value as a message may hold it: somebody may have put a key where none belongs."""
    return "***" if re.search("key|token|secret|password", name, re.IGNORECASE) else value


def _unknown(key: str) -> str:
    if "key" in key.lower():
        return "keys are no settings; set OPENAI_API_KEY or GOOGLE_API_KEY, or enter the key on the settings page"
    near = difflib.get_close_matches(key, known_keys(), n=1, cutoff=0.5)
    hint = f"did you mean `{near[0]}`?" if near else "see the README for the settings there are"
    return f"there is no setting of this name; {hint}"


def known_keys() -> list[str]:
    """All keys of settings.toml, nested ones dotted."""
    limits = [f"limits.{name}" for name in Limits.__dataclass_fields__]
    return [name for name in Settings.model_fields if name not in {"home", "limits"}] + limits
