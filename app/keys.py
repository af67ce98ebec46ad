"""Keys of providers: entered on the page, set in the environment, or saved by the user's wish in HOME/keys.toml (mode 0600).

A key is named by the environment variable that would hold it, e.g. OPENAI_API_KEY. Keys are SecretStr from here on: they
reach a provider's client and nothing else. `known` feeds the log's filter (app/logs.py), the last net.
"""

from __future__ import annotations

import contextlib
import threading
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from models.errors import ConfigError
from models.files import write_atomic

KeySource = Literal["entered", "environment", "saved"]


class Keys:
    """Thread-safe. environment: variable -> key, from app.settings.environment_keys()."""

    def __init__(self, file: Path, environment: Mapping[str, str]) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._by_source: dict[KeySource, dict[str, SecretStr]] = {
            "entered": {},
            "environment": {name: SecretStr(value.strip()) for name, value in environment.items()},
            "saved": {name: SecretStr(value) for name, value in _read(file).items()},
        }

    def get(self, variable: str | None) -> SecretStr | None:
        """The key: entered before environment before saved; None where there is none, or no variable."""
        source = self.source(variable)
        return self._by_source[source].get(variable) if source and variable else None

    def source(self, variable: str | None) -> KeySource | None:
        """Where the key in force comes from."""
        return next((source for source, keys in self._by_source.items() if variable in keys), None)

    def enter(self, variable: str, key: str, save: bool = False) -> None:
        """Takes a key for this process and, where `save`, for the next ones; "" forgets what was entered and saved.

        Raises ConfigError where the text cannot be a key, OSError where the file cannot be written.
        """
        key = key.strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ConfigError(
                key=variable, value="***", detail="a key has no spaces and plain ASCII letters; copy it again"
            )
        with self._lock:
            entered, saved = self._by_source["entered"], self._by_source["saved"]
            if key:
                entered[variable] = SecretStr(key)
            else:
                entered.pop(variable, None)
            if save and key:
                self._write({**saved, variable: SecretStr(key)})
            elif not key and variable in saved:
                self._write({name: value for name, value in saved.items() if name != variable})

    def known(self) -> list[str]:
        """All keys in the clear, for the log's filter only."""
        return [key.get_secret_value() for keys in self._by_source.values() for key in keys.values()]

    def _write(self, keys: dict[str, SecretStr]) -> None:
        import tomli_w

        self._file.parent.mkdir(parents=True, exist_ok=True)
        plain = {name: value.get_secret_value() for name, value in keys.items()}
        write_atomic(self._file, tomli_w.dumps(plain).encode(), mode=0o600)
        self._by_source["saved"] = keys


def _read(file: Path) -> dict[str, str]:
    """The saved keys, the file's mode mended to 0600. Raises ConfigError without a word of the content."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise ConfigError(
            key=file.name, value=str(file), detail="it cannot be read as TOML; correct or delete it"
        ) from None
    with contextlib.suppress(OSError):
        file.chmod(0o600)
    return {name: value for name, value in values.items() if isinstance(value, str) and value}
