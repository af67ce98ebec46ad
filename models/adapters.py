"""Which LoRA adapter in GGUF form goes with which model, told from the heads of both files before llama.cpp is asked.

    check_fit(Path("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"), Path("tuned.gguf"))      # InputError where it does not

llama.cpp takes adapters when it starts, and one that does not fit ends the start: everyone who asks the same model would be hit.
"""

from __future__ import annotations

from pathlib import Path

from models.errors import InputError
from models.gguf_header import GGUFHeader, read_header

A, B = ".lora_a", ".lora_b"
BASE_NAME, BASE_SHA256 = "coursemate.base_name", "coursemate.base_sha256"
"""Keys in the head of an adapter made here: `general.name` and hash of the GGUF file of its base."""


def check_fit(base: Path, adapter: Path, name: str = "") -> None:
    """Raises InputError, naming both, for a file that is no LoRA adapter, or one for another model. name: the adapter's, for people."""
    tuned, model, name = read_header(adapter), read_header(base), name or adapter.name
    if not tuned.is_adapter:
        detail = f"{name} is a GGUF file but no LoRA adapter; choose one made for {base.stem}"
        raise InputError(detail=detail, text_key="adapter.not_lora", name=name, base=base.stem)
    why = misfit(tuned, model)
    if why:
        made_for = str(tuned.values.get(BASE_NAME, "")) or tuned.architecture or "another model"
        detail = f"The adapter {name} was made for {made_for} and does not fit {base.stem} ({why}); choose that model or another adapter"
        params = {"name": name, "made_for": made_for, "base": base.stem, "why": why}
        raise InputError(detail=detail, text_key="adapter.other_base", **params)


def fits(base: Path, adapter: Path) -> bool:
    """Whether the model can run with the adapter."""
    try:
        check_fit(base, adapter)
    except InputError:
        return False
    return True


def misfit(adapter: GGUFHeader, model: GGUFHeader) -> str:
    """What speaks against the pair, in a few words; "" where nothing does. The checks are llama.cpp's, and the base's name."""
    if adapter.architecture != model.architecture:
        return f"{adapter.architecture} is not {model.architecture}"
    for name in adapter.shapes:
        why = _misfit_of(name, adapter, model)
        if why:
            return why
    made_for = adapter.values.get(BASE_NAME)
    if made_for and model.name and made_for != model.name:
        return f"{made_for} is not {model.name}"
    return "" if adapter.shapes else "it holds no tensors"


def _misfit_of(name: str, adapter: GGUFHeader, model: GGUFHeader) -> str:
    if not name.endswith((A, B)):
        return f"it holds {name}, which is no part of a LoRA"
    target = name.removesuffix(A).removesuffix(B)
    wanted, a, b = model.shapes.get(target), adapter.shapes.get(target + A), adapter.shapes.get(target + B)
    if a is None or b is None:
        return f"it holds one half of {target}"
    if wanted is None:
        return f"the model has no {target}"
    if len(wanted) != 2 or len(a) != 2 or len(b) != 2:
        return f"{target} is no matrix"
    # stored (in, rank) and (rank, out); those of the word vectors are the other way round
    flipped = target == "token_embd.weight"
    shape = (b[1], a[1]) if flipped else (a[0], b[1])
    if shape != wanted or (not flipped and a[1] != b[0]):
        return f"{target} is {_by(wanted)} there and {_by(shape)} here"
    return ""


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
