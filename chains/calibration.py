"""The fitted numbers: which sentence is evidence, when a question is answerable, when a sentence counts as supported.

They live in calibration.toml, written by `evals/calibrate.py` from the question sets in data/questions; nothing in the
chains is a guessed threshold. Unknown keys in the file fail.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files

from chains.cite import CitationRule
from chains.ground import SupportWeights


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic model over named features. threshold: on the probability."""

    coefficients: Mapping[str, float]
    threshold: float = 0.5

    def probability(self, features: Mapping[str, float]) -> float:
        """In (0, 1). Raises KeyError where a feature is absent; `bias` is always 1."""
        total = sum(c * (1.0 if name == "bias" else features[name]) for name, c in self.coefficients.items())
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """evidence: coefficient of each of chains.evidence.FEATURES. answerable: do the documents answer the question, judged by
    chains.answerable.draft_features."""

    dense_weight: float
    evidence: Mapping[str, float]
    answerable: Logistic
    support: SupportWeights
    citation: CitationRule


@cache
def load() -> Calibration:
    """The shipped calibration."""
    return parse(shipped_values())


def shipped_values() -> dict[str, dict[str, object]]:
    """What calibration.toml says, by section and key."""
    return tomllib.loads((files("chains") / "calibration.toml").read_text(encoding="utf-8"))


def parse(values: Mapping[str, Mapping[str, object]]) -> Calibration:
    """Raises TypeError for an unknown or missing key."""
    sections = {name: dict(section) for name, section in values.items()}
    return Calibration(
        dense_weight=_dense_weight(**sections.pop("fusion")),  # type: ignore[arg-type]
        evidence={name: float(value) for name, value in sections.pop("evidence").items()},  # type: ignore[arg-type]
        answerable=_logistic(sections.pop("answerable")),
        support=SupportWeights(**sections.pop("support")),  # type: ignore[arg-type]
        citation=CitationRule(**sections.pop("citation")),  # type: ignore[arg-type]
        **sections,
    )


def dump(calibration: Calibration) -> str:
    """The TOML text that `parse` reads back."""
    return _dump(
        {
            "fusion": {"dense_weight": calibration.dense_weight},
            "evidence": calibration.evidence,
            "answerable": _section(calibration.answerable),
            "support": asdict(calibration.support),
            "citation": asdict(calibration.citation),
        }
    )


def dump_answerable(answerable: Logistic) -> str:
    """The same of this section alone, as an adapter's own file has it (chains/manner.py)."""
    return _dump({"answerable": _section(answerable)})


def _section(answerable: Logistic) -> dict[str, float]:
    return {**answerable.coefficients, "threshold": answerable.threshold}


def _dump(sections: Mapping[str, Mapping[str, float]]) -> str:
    lines = ["# Written by evals/calibrate.py; see its docstring for the command and the question sets."]
    for name, values in sections.items():
        lines += ["", f"[{name}]", *(f"{key} = {value!r}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _dense_weight(dense_weight: float) -> float:
    return float(dense_weight)


def _logistic(section: dict[str, object]) -> Logistic:
    threshold = float(section.pop("threshold"))  # type: ignore[arg-type]
    return Logistic({name: float(value) for name, value in section.items()}, threshold)  # type: ignore[arg-type]
