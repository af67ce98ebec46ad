"""The Qwen2 models that labs look into: the local 0.5B, and the small one of the lessons.

    qwen = yield from load_local(desk, torch.float32)      # yields Progress while it loads
    qwen.model, qwen.tokenizer.encode("안녕").ids

The 0.5B is a GGUF of packed weights. It is unpacked once into the folder that fine-tuning uses, too (finetune/base_model.py).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.labs.base import Desk, Progress
from app.labs.parts.bpe import shown
from app.lessons.base import folder
from models.fetch import WeightsStore

if TYPE_CHECKING:
    import torch

    from models.nn.qwen2 import Qwen2, Shape

LOCAL = "qwen2.5-coder-0.5b"
UNPACK_S = 90.0  # what unpacking takes on two slow cores, once
TELL_S = 0.5


@dataclass(frozen=True, slots=True)
class Local:
    """model: Qwen2. tokenizer: of the tokenizers library."""

    model: Qwen2
    tokenizer: Any

    def piece(self, number: int) -> str:
        """A token as it can be read: text, or the bytes in hexadecimal where it is only a part of a character."""
        letters = self.tokenizer.id_to_token(number)
        return shown(letters, "byte").replace("\n", "↵").replace("\t", "⇥") if letters else f"#{number}"

    def text(self, numbers: list[int]) -> str:
        """Tokens together; a part of a character at the end is a �."""
        return str(self.tokenizer.decode(numbers, skip_special_tokens=False))


def load_local(desk: Desk, dtype: torch.dtype) -> Generator[Progress, None, Local]:
    """The 0.5B in this dtype. Raises MissingError with the command that fetches it, or that installs what is missing."""
    from finetune.base_model import locate, require_libraries
    from models.gguf_tokenizer import load_tokenizer
    from models.nn.qwen2 import Qwen2

    store = WeightsStore(desk.weights_dir, offline=True)
    packed = store.resolve(LOCAL)
    require_libraries()
    base = yield from _waited(lambda: locate(LOCAL, desk.home, store), "unpacking")
    config = json.loads((base.folder / "config.json").read_text(encoding="utf-8"))
    weights = yield from _read(sorted(base.folder.glob("*.safetensors")), dtype)
    return Local(Qwen2(_shape(config), weights, dtype), load_tokenizer(packed))


def load_lesson(dtype: torch.dtype) -> Qwen2:
    """The small model of the lessons (app/lessons/tiny.py), in this dtype. Raises MissingError."""
    from safetensors.torch import load_file

    from models.nn.qwen2 import Qwen2, Shape

    shape = Shape(vocabulary=1500, width=64, hidden=160, layers=2, heads=4, kv_heads=2, head=16, base=1e4)
    weights = load_file(folder("language") / "model.safetensors")
    return Qwen2(shape, {name: weight.to(dtype) for name, weight in weights.items()}, dtype)


def _shape(config: dict[str, Any]) -> Shape:
    from models.nn.qwen2 import shape_of

    return shape_of(config)


def _waited(work: Callable[[], Any], key: str) -> Generator[Progress, None, Any]:
    """What the work gives; tells that it still works."""
    begun = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        future: Future[Any] = pool.submit(work)
        while True:
            try:
                return future.result(timeout=TELL_S)
            except TimeoutError:
                if future.done():  # the work's own
                    raise
                yield Progress(min(time.monotonic() - begun, 0.95 * UNPACK_S), UNPACK_S, key)


def _read(files: list[Path], dtype: torch.dtype) -> Generator[Progress, None, dict[str, torch.Tensor]]:
    """Tensors by name, one after the other."""
    weights: dict[str, torch.Tensor] = {}
    told = time.monotonic()
    for done, total, name, tensor in _tensors(files):
        weights[name] = tensor.to(dtype)
        if time.monotonic() - told > TELL_S:
            told = time.monotonic()
            yield Progress(done, total, "loading")
    return weights


def _tensors(files: list[Path]) -> Iterator[tuple[int, int, str, torch.Tensor]]:
    from safetensors import safe_open

    for path in files:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            for at, name in enumerate(names, start=1):
                yield at, len(names), name, file.get_tensor(name)
