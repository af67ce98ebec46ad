"""What a search has found, as a table for a terminal, as JSON, and as the settings file that the app takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evals.statistics import Difference, Estimate
from evals.tuning.answers import Settled
from evals.tuning.search import Validated, front
from evals.tuning.space import Measured


@dataclass(frozen=True, slots=True)
class Tuned:
    """default, best: on the whole set. validated: held out. measured: every point that was looked at. settled: prompt and
    threshold, where a model was asked."""

    default: Measured
    best: Measured
    validated: Validated
    measured: tuple[Measured, ...]
    settled: Settled | None = None

    def settings(self) -> dict[str, Any]:
        """By the names of app/settings.py; only what a held-out comparison does not speak against."""
        values: dict[str, Any] = asdict(self.best.point)
        if self.settled:
            values |= {
                "prompt": self.settled.chosen.prompt,
                "refusal_threshold": self.settled.chosen.refusal_threshold,
            }
        return values

    def front(self) -> list[Measured]:
        """The trade-off: for each cost the best quality, cheapest first."""
        return front(self.measured)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "default": _measured(self.default),
            "best": _measured(self.best),
            "held_out": _compared(self.validated.default, self.validated.tuned, self.validated.gain),
            "chosen_by_fold": [asdict(point) for point in self.validated.chosen],
            "front": [_measured(one) for one in self.front()],
            "answers": self.settled
            and {
                "chosen": asdict(self.settled.chosen),
                "held_out": _compared(self.settled.default, self.settled.tuned, self.settled.gain),
                "by_prompt": self.settled.figures,
            },
            "settings": self.settings(),
        }


def table(measured: Sequence[Measured], marked: dict[str, Measured]) -> list[str]:
    """One line a point. marked: words that stand at the end of the line of their point."""
    head = f"{'quality':>8} {'first_ms':>9} {'tokens':>7} {'chunk':>6} {'overlap':>8} {'dense':>6} {'chunks':>7} {'budget':>7}"
    lines = [head]
    for one in measured:
        words = ", ".join(word for word, other in marked.items() if other.point == one.point)
        lines.append(f"{_line(one)}  {words}".rstrip())
    return lines


def toml(tuned: Tuned, about: str) -> str:
    """The settings file: what was found, below a line that says how."""
    import tomli_w

    return f"# {about}\n" + tomli_w.dumps(tuned.settings())


def _line(one: Measured) -> str:
    point, first = one.point, "-" if one.first_token_ms is None else f"{one.first_token_ms:.0f}"
    return (
        f"{one.quality:8.3f} {first:>9} {one.read_tokens:7.0f} {point.chunk_tokens:6} {point.chunk_overlap:8} "
        f"{point.dense_weight:6.2f} {point.evidence_chunks:7} {point.evidence_tokens:7}"
    )


def _measured(one: Measured) -> dict[str, Any]:
    return {
        **asdict(one.point),
        "quality": round(one.quality, 4),
        "read_tokens": round(one.read_tokens, 1),
        "retrieve_ms": round(one.retrieve_ms, 1),
        "first_token_ms": None if one.first_token_ms is None else round(one.first_token_ms, 1),
    }


def _compared(default: Estimate, tuned: Estimate, gain: Difference | None) -> dict[str, Any]:
    return {"default": asdict(default), "tuned": asdict(tuned), "gain": asdict(gain) if gain else None}
