"""The local 0.5B as transformers' pipelines take it: loaded once a run, with a head for labels that is fitted on a few reviews."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.labs.base import Desk
from app.labs.parts.judging_classifiers import Logistic
from app.labs.parts.judging_rows import Dense, Rows
from models.fetch import WeightsStore

BASE = "qwen2.5-coder-0.5b"
SPACE = "␣"
HEAD_PENALTY = 100.0  # far more columns than reviews: hold the weights short
CERTAINTY = 1.96  # standard errors to either side: 95%


@dataclass(frozen=True, slots=True)
class Local:
    """A causal language model and its tokenizer, on the processor in float32, as the hf backend loads it."""

    model: Any
    tokenizer: Any

    def piece(self, token: int) -> str:
        """A token as it can be read."""
        text = str(self.tokenizer.decode([token]))
        return text.replace(" ", SPACE).replace("\n", "⏎") or "∅"

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        return [self.piece(int(token)) for token in tokens]


def load(desk: Desk) -> Local:
    """The converted copy in HOME/finetune/bases, made by the first use. Raises MissingError for weights and extras that are not
    here, DiskFull."""
    from finetune.base_model import load_model, load_tokenizer, locate, require_libraries

    require_libraries()
    base = locate(BASE, desk.home, WeightsStore(desk.weights_dir, offline=True))
    import torch

    return Local(load_model(base, torch.float32).eval(), load_tokenizer(base))


def features(local: Local, texts: Sequence[str], into: list[NDArray[np.float64]]) -> Iterator[int]:
    """The last layer at the last token of each text, appended to `into` as (N, H). Yields how many are done."""
    import torch

    found = []
    for done, text in enumerate(texts, start=1):
        tokens = local.tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            hidden = local.model.model(**tokens).last_hidden_state  # (1, T, H)
        found.append(hidden[0, -1].double().numpy())  # (1, T, H) -> (H,)
        yield done
    into.append(np.stack(found))


def fit_head(local: Local, hidden: NDArray[np.float64], truth: NDArray[np.bool_], labels: Sequence[str]) -> Any:
    """A sequence classifier over the same frozen body: only its last layer, H x 2, is fitted, by logistic regression on `hidden`
    (N, H). labels: of false and true."""
    import torch
    from transformers import AutoModelForSequenceClassification

    mean, deviation = hidden.mean(axis=0), hidden.std(axis=0) + 1e-6
    fitted = Logistic(penalty=HEAD_PENALTY)
    list(fitted.fit(Rows(Dense((hidden - mean) / deviation), truth, ())))
    weight = fitted.weight / deviation
    config = copy.deepcopy(local.model.config)
    config.num_labels = len(labels)
    config.id2label, config.label2id = dict(enumerate(labels)), {label: at for at, label in enumerate(labels)}
    make: Any = AutoModelForSequenceClassification.from_config
    with torch.device("meta"):  # no second body is made: it is the causal model's
        head = make(config)
    head.model = local.model.model
    head.score = torch.nn.Linear(hidden.shape[1], len(labels))
    with torch.no_grad():
        head.score.weight.copy_(torch.from_numpy(np.stack([np.zeros_like(weight), weight])))
        head.score.bias.copy_(torch.tensor([0.0, fitted.bias - float(mean @ weight)]))
    return head.eval()


def interval(right: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927); 0 to 1 of nothing."""
    if not of:
        return 0.0, 1.0
    share, square = right / of, CERTAINTY**2 / of
    middle = (share + square / 2) / (1 + square)
    wide = CERTAINTY * np.sqrt(share * (1 - share) / of + square / (4 * of)) / (1 + square)
    return float(middle - wide), float(middle + wide)
