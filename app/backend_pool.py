"""The backends of this machine: what each lacks, and its chat model, built once, when first asked for.

The pool is what chains.rag.Models describes. It knows the settings and the keys; a backend knows neither.
"""

from __future__ import annotations

import contextlib
import difflib
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from app.adapters import AUTO, Adapters
from app.keys import Keys
from app.once import Once
from app.settings import Settings
from app.ui.context import BackendInfo
from models import prices
from models.adapters import fits
from models.backends.base import Backend, BackendConfig
from models.discovery import discover
from models.errors import CourseMateError, InputError, MissingError
from models.fetch import WeightsStore
from models.types import Usage

if TYPE_CHECKING:
    from chains.manner import Manner

LOCAL = "local"
MOST_ADAPTERS = 4  # each has its own key-value cache in the local engine
UNKNOWN_RATE = 75.0  # prompt tokens a second of the 1.5B on two cores


class BackendPool:
    """Thread-safe. settings: asked anew each time, since the page changes them. local_model: name of the model that `local`
    runs. fetch: gets weights by name unless they are there.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        keys: Keys,
        local_model: Callable[[], str],
        fetch: Callable[[str], None],
    ) -> None:
        self._settings, self._keys, self._local_model, self._fetch = settings, keys, local_model, fetch
        self._models: dict[
            tuple[str, str], Once[BaseChatModel]
        ] = {}  # by backend and adapter, as `adapter_of` gives it
        self._adapters: tuple[str, ...] = ()  # paths of those the local engine holds, the newest last
        self._lock = threading.Lock()

    @cached_property
    def adapters(self) -> Adapters:
        """The adapters of this home, by name."""
        return Adapters(self._settings().home, self._base, self._weights_of)

    @cached_property
    def backends(self) -> dict[str, Backend]:
        """Name -> backend, in the order of their files."""
        return {backend.name: backend for backend in discover("models.backends", "BACKEND").values()}

    def names(self) -> Sequence[str]:
        return tuple(self.backends)

    def backend(self, name: str) -> Backend:
        """Raises InputError for a name that is none, with the nearest one."""
        if name not in self.backends:
            near = difflib.get_close_matches(name, self.backends, n=1)
            hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(self.backends)}"
            raise InputError(detail=f"There is no backend {name!r}; {hint}")
        return self.backends[name]

    def adapter_of(self, name: str, adapter: str | None = None) -> str:
        """The adapter that a backend answers with, by name or path: the one of the settings where none is given; "" for none."""
        return self.adapters.chosen(name, self._settings().adapter if adapter is None else adapter)

    def manner(self, backend: str, adapter: str | None = None) -> Manner:
        """See chains.rag.Models."""
        return self.adapters.manner(backend, self.adapter_of(backend, adapter))

    def config(self, name: str, adapter: str | None = None) -> BackendConfig:
        """What the settings and the keys say to a backend. adapter: another one than they say; "" for none.

        Raises InputError for an adapter that is none, or that the backend's model cannot run with.
        """
        settings, backend = self._settings(), self.backend(name)
        placed = self.adapters.place(name, self.adapter_of(name, adapter))
        return BackendConfig(
            weights_dir=settings.weights_dir,
            model=self._local_model() if name == LOCAL else placed.model or settings.model_of(name),
            api_key=self._keys.get(backend.key_variable),
            base_url=settings.base_url if name == "compatible" else "",
            adapter=placed.adapter,
            adapters=self._held() if name == LOCAL else (),
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            context_tokens=settings.context_tokens,
            threads=settings.threads,
            timeout_s=settings.timeout_s,
            max_retries=settings.max_retries,
            seed=settings.seed,
        )

    def model(self, backend: str, adapter: str | None = None, strength: float | None = None) -> BaseChatModel:
        """The chat model; the first caller waits for its weights, the others for the first. See chains.rag.Models.

        Where no adapter is given, the one that ships stays off: it has learnt to answer, which asks for it by name
        (`manner`), and not to summarise or to call tools.
        """
        own = self._settings().adapter
        name = self.adapter_of(backend, adapter if adapter is not None or own != AUTO else "")
        if name:
            self.adapters.place(backend, name)  # says what is wrong before anything is loaded
            self.hold(backend, [name])
        model = self._once(backend, name).get()
        return weighed(model, self._strength(name, strength)) if name else model

    def _strength(self, adapter: str, strength: float | None) -> float:
        settings = self._settings().adapter_scale if strength is None else strength
        return self.adapters.strength(adapter) if settings is None else settings

    def hold(self, backend: str, adapters: Sequence[str]) -> None:
        """Announces adapters that will be asked for, so that one loaded model answers with and without them.

        The local engine is replaced by one that has them; the old one ends after its last answer. Where a file is no adapter
        nothing is announced: asking for it says why. Other backends build a model for each adapter.
        """
        if backend != LOCAL:
            return
        wanted = list(filter(None, map(self._fitting, adapters)))
        with self._lock:
            held = self._held()
            new = [path for path in dict.fromkeys(wanted) if path not in held]
            if not new:
                return
            kept = [path for path in self._adapters if path not in wanted]
            asked = [path for path in self._adapters if path in wanted]
            self._adapters = tuple([*kept, *asked, *new][-MOST_ADAPTERS:])
            replaced = [self._models.pop(key) for key in list(self._models) if key[0] == LOCAL]
        for engine in filter(None, map(_engine, replaced)):
            engine.retire()

    def _held(self) -> tuple[str, ...]:
        """Paths of the adapters that the local engine holds: the one of the settings first."""
        own = self._fitting(self.adapter_of(LOCAL))
        return tuple(dict.fromkeys([*([own] if own else []), *self._adapters]))

    def _fitting(self, adapter: str) -> str:
        """Path of an adapter that the local model can run with; "" for any other: asking for that one says why."""
        try:
            path = self.adapters.place(LOCAL, adapter).adapter
        except CourseMateError:
            return ""
        base = self._base()
        good = path and (fits(base, Path(path)) if base is not None else is_gguf(Path(path)))
        return path if good else ""

    def _base(self) -> Path | None:
        """The GGUF file behind `local`; None while it is not here."""
        return self._weights_of(self._local_model())

    def _weights_of(self, name: str) -> Path | None:
        try:
            return WeightsStore(self._settings().weights_dir).resolve(name)
        except CourseMateError:
            return None

    def _once(self, name: str, adapter: str) -> Once[BaseChatModel]:
        backend = self.backend(name)
        with self._lock:
            if (name, adapter) not in self._models:
                self._models[name, adapter] = Once(lambda: self._build(backend, adapter))
            return self._models[name, adapter]

    def _build(self, backend: Backend, adapter: str) -> BaseChatModel:
        if backend.name == LOCAL:
            self._fetch(self._local_model())
        config = self.config(backend.name, adapter)
        lacking = backend.missing(config)
        if lacking:
            raise MissingError(what=backend.label, fix=lacking)
        return backend.build(config)

    def load(self, name: str) -> None:
        """Builds the model and, where it has an engine here, starts it. Raises what `model` raises, and WeightsError."""
        engine = getattr(self.model(name), "engine", None)
        if engine is not None:
            engine.start()

    def model_name(self, name: str) -> str:
        """The model that answers; a file by its stem."""
        try:
            model = self.config(name).model
        except CourseMateError:  # about the adapter of the settings; who asks with it is told
            model = self.config(name, "").model
        model = model or self.backend(name).default_model
        return Path(model).stem if model.endswith(".gguf") else model

    def engine_of(self, name: str) -> Any:
        """The engine on this computer behind a backend; None where there is none, or its weights are not here. Starts nothing."""
        if name != LOCAL or self._lacking(name) is not None:
            return None
        return getattr(self.model(name), "engine", None)

    def reading_rate(self, name: str) -> float | None:
        """Prompt tokens a second of a local engine; None where there is none. Fetches and starts nothing."""
        if name != LOCAL:
            return None
        if self._lacking(name) is not None:
            return UNKNOWN_RATE
        rate: float | None = getattr(getattr(self.model(name), "engine", None), "reading_rate", None)
        return rate

    def warm(self, name: str, messages: Sequence[BaseMessage], cancel: threading.Event) -> None:
        """Reads a prompt ahead where the model can; a failure is left for the real question to tell."""
        read: Any = getattr(self.model(name, self.adapter_of(name)), "warm", None)
        if read is not None:
            with contextlib.suppress(CourseMateError):
                read(messages, cancel)

    def cost_usd(self, name: str, usage: Usage) -> float | None:
        """US dollars; 0 for what runs here, None where price or usage is not known."""
        return prices.cost_usd(usage, name, self.model_name(name), own=self._settings().prices)

    def infos(self) -> list[BackendInfo]:
        """Each backend with what it lacks; loads nothing."""
        return [self._info(backend) for backend in self.backends.values()]

    def _info(self, backend: Backend) -> BackendInfo:
        return BackendInfo(
            name=backend.name,
            label=backend.label,
            label_ko=backend.label_ko,
            model=self.model_name(backend.name),
            missing=self._lacking(backend.name),
            key_variable=backend.key_variable,
            has_key=self._keys.get(backend.key_variable) is not None,
        )

    def _lacking(self, name: str) -> str | None:
        """What keeps a backend from answering as the settings say, the adapter among it; None where nothing does."""
        try:
            return self.backend(name).missing(self.config(name))
        except CourseMateError as error:
            return str(error)

    def key_variable(self, name: str) -> str:
        """The environment variable of a backend's key. Raises InputError where it takes none."""
        variable = self.backend(name).key_variable
        if variable is None:
            raise InputError(detail=f"The backend {name} takes no key")
        return variable

    def drop(self, name: str | None = None) -> None:
        """Forgets one model, or all; the next question builds it from the settings then in force."""
        with self._lock:
            self._adapters = self._adapters if name not in {None, LOCAL} else ()
            dropped = [self._models.pop(key) for key in list(self._models) if name in {None, key[0]}]
        for model in dropped:
            engine = _engine(model)
            if engine is not None:
                engine.close()
            model.drop()


def is_gguf(path: Path) -> bool:
    """Whether the file begins as GGUF files do."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"GGUF"
    except OSError:
        return False


def weighed(model: BaseChatModel, strength: float) -> BaseChatModel:
    """The same weights with the adapter counting so much; a model that knows no strength as it is."""
    other: Callable[[float], BaseChatModel] | None = getattr(model, "with_strength", None)
    return model if other is None else other(strength)


def _engine(model: Once[BaseChatModel]) -> Any:
    """The engine behind a model that has been built, None where there is none."""
    return getattr(model.get(), "engine", None) if model.built else None
