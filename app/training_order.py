"""What a dataset is to be made of, checked before any work."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finetune.data.split import Shares
from models.errors import InputError

MOST = 20_000
CONTEXT_TOKENS = 1_024


@dataclass(frozen=True, slots=True)
class Order:
    """What to make. documents: names, patterns or paths; all of the collection for none. licensed: files of licensed texts.

    count: examples. refusals, spans: shares of them that refuse, and that answer with bare words; licensed_share: of those that
    are made from licensed texts. own: name of an imported dataset to mix in; ratio: its share of all. prompt: the template that
    asks ("few_shot" as the chat has it; "compact" for a short one). tokens: the longest example. unlike: question sets beside the
    shipped ones of which nothing may come in. texts: licensed texts to read at most. rewordings: files of other words for the questions
    (app/training_rewording.py); the examples made with them come on top of `count`.
    """

    count: int = 300
    documents: tuple[str, ...] = ()
    licensed: tuple[Path, ...] = ()
    licensed_share: float = 0.5
    refusals: float = 0.35
    spans: float = 0.0
    own: str = ""
    ratio: float = 0.5
    prompt: str = "few_shot"
    seed: int = 0
    tokens: int = CONTEXT_TOKENS
    unlike: tuple[Path, ...] = ()
    texts: int = 160
    rewordings: tuple[Path, ...] = ()
    shares: Shares = field(default_factory=Shares)


def check(order: Order) -> None:
    """Raises InputError for a value that cannot be."""
    from chains.templates import find

    find(order.prompt)
    if not 1 <= order.count <= MOST:
        detail = f"{order.count} examples cannot be made; give a number from 1 to {MOST}"
        raise InputError(detail=detail, text_key="dataset.bad_count", n=order.count, most=MOST)
    for name in ("refusals", "spans", "licensed_share", "ratio"):
        value = getattr(order, name)
        if not 0 <= value <= 1:
            detail = f"The share {name}={value} is none; give a number from 0 to 1"
            raise InputError(detail=detail, text_key="dataset.bad_share", name=name, value=value)
    if order.refusals + order.spans > 1:
        detail = f"Refusals ({order.refusals}) and short answers ({order.spans}) are more than all examples; lower one"
        value = order.refusals + order.spans
        raise InputError(detail=detail, text_key="dataset.bad_share", name="refusals + spans", value=value)


def options_of(order: Order) -> dict[str, Any]:
    """What about.json says of the order, JSON-ready."""
    return {
        "count": order.count,
        "seed": order.seed,
        "refusals": order.refusals,
        "spans": order.spans,
        "licensed": [path.name for path in order.licensed],
        "licensed_share": order.licensed_share,
        "own": order.own,
        "ratio": order.ratio,
        "rewordings": [path.name for path in order.rewordings],
    }
