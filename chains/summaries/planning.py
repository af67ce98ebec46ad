"""What a summary will cost, decided before anything starts: which strategy, how many calls, what each of them reads.

On this computer's own model the time is bounded: half of the budget at most is writing, the rest is reading, and each part
reads the sentences of its section that matter most (chains/summaries/selecting.py), as many as fit. What there is no time
for is left out and said (`Plan.share`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chains.evidence import is_question
from chains.summaries.base import Material, Note, Plan, PlannedStep, Request, Shape, Step, Strategy, token_sum
from chains.summaries.grouping import sections
from chains.summaries.prompts import PREFIX_TOKENS
from chains.summaries.selecting import Selector, rank, spread
from models.discovery import discover
from models.errors import InputError

AUTOMATIC = ""
LEAST_READ = 120  # tokens of a part below which reading it is no use
MOST_PARTS = 40
AT_ONCE_TOKENS = 8_000  # of a text that a small model's one call stands for: its most telling lines are read
PART_TOKENS = 1_200  # of a part on this computer's own model: small models lose the middle of longer ones
SENTENCE_TOKENS = 48
UNASKED_TOKENS = 2_400  # of a part among which its own sentences are chosen
TASK_TOKENS = 90
STEP_S = 0.6  # checking a part's sentences
REMOTE_TOKENS = 300_000  # that somebody else's machine reads for one summary
LEAST_BUDGET_S, MOST_BUDGET_S = 5.0, 7_200.0


@dataclass(frozen=True, slots=True)
class Reach:
    """What a backend can do. context: tokens of a prompt and its answer. reading, writing: tokens a second of this computer's own
    model; None where someone else's machine does it. small: its sentences stand only where they are faithful."""

    context: int
    reading: float | None = None
    writing: float | None = None

    @property
    def small(self) -> bool:
        return self.reading is not None

    def seconds(self, read: int, write: int) -> float:
        """Of reading and writing so much; 0 where it is not ours."""
        return read / self.reading + write / self.writing if self.reading and self.writing else 0.0


def strategies() -> dict[str, Strategy]:
    """By name."""
    return {strategy.name: strategy for strategy in discover("chains.summaries", "STRATEGY").values()}


def plan(request: Request, reach: Reach) -> Plan:
    """The calls with what each reads and writes. Raises InputError for an unknown strategy or an impossible budget."""
    _check(request)
    name = request.strategy or automatic(request, reach)
    unasked: Note | None = _unasked(request, reach)
    if unasked == "short" or (unasked and not request.strategy and not request.style.joined):
        name = "stuff"  # without a model, sentences are best chosen from the whole (docs/summaries.md)
    selector = Selector(request.material, request.style.prefer)
    parts = _most_parts(request, reach)
    while True:
        steps = _cost(strategies()[name].steps(request.material, _shape(request, reach, parts)), request, reach)
        fits = not reach.small or _seconds(steps, reach) <= request.budget_s
        if fits or parts == 1:
            break
        parts = min(parts, sum(step.step.span is not None for step in steps)) // 2 or 1
    if unasked is None and not fits:
        unasked = "budget"
    if unasked is not None:
        steps = [replace(step, read_tokens=min(_wanted(request.material, step.step), UNASKED_TOKENS)) for step in steps]
    seeds = most_telling(request, selector) if reach.small and not request.style.joined else ()
    chosen = tuple(_chosen(selector, step, seeds) for step in steps)
    return _planned(request, reach, name, chosen, unasked)


def automatic(request: Request, reach: Reach) -> str:
    """The strategy for a text of this length: all at once where that fits, else along the headings, else in equal parts."""
    material, style = request.material, request.style
    total, parts = sum(line.tokens for line in material.lines), sections(material)
    selected = PART_TOKENS if style.joined else AT_ONCE_TOKENS
    at_once = selected if reach.small else readable(request, reach)
    in_time = reach.seconds(PREFIX_TOKENS + min(total, PART_TOKENS), style.tokens) <= request.budget_s
    if total <= at_once and (in_time or not style.joined) and not (style.joined and parts > 1):
        return "stuff"
    return "hierarchical" if parts > 1 else "map_reduce"


def readable(request: Request, reach: Reach) -> int:
    """Tokens of evidence that one prompt may hold beside rules, task and answer."""
    return max(LEAST_READ, round(0.88 * (reach.context - PREFIX_TOKENS - TASK_TOKENS - request.style.tokens)))


def _check(request: Request) -> None:
    known = strategies()
    if request.strategy and request.strategy not in known:
        names = ", ".join(known)
        detail = f"There is no strategy {request.strategy!r}; choose one of {names}"
        raise InputError(detail=detail, text_key="summary.bad_strategy", name=request.strategy, known=names)
    if not LEAST_BUDGET_S <= request.budget_s <= MOST_BUDGET_S:
        detail = f"A budget of {request.budget_s:g} s cannot be used; give {LEAST_BUDGET_S:g} to {MOST_BUDGET_S:g}"
        limits = {"least": f"{LEAST_BUDGET_S:g}", "most": f"{MOST_BUDGET_S:g}"}
        raise InputError(detail=detail, text_key="summary.bad_budget", value=f"{request.budget_s:g}", **limits)


def _unasked(request: Request, reach: Reach) -> Note | None:
    """Why no model is asked: the text is its own summary, or in a language from which a small model cannot be trusted."""
    material, style = request.material, request.style
    if len(material.lines) <= (style.part_sentences if style.joined else style.sentences):
        return "short"
    return "foreign" if reach.small and not material.korean else None


def _shape(request: Request, reach: Reach, parts: int) -> Shape:
    most = readable(request, reach)
    return Shape(min(most, PART_TOKENS) if reach.small else most, parts, request.style.joined)


def _most_parts(request: Request, reach: Reach) -> int:
    """Calls whose writing takes half of the budget."""
    if reach.writing is None:
        return MOST_PARTS
    return max(1, min(MOST_PARTS, int(0.5 * request.budget_s * reach.writing / request.style.part_tokens)))


def _cost(steps: Sequence[Step], request: Request, reach: Reach) -> list[PlannedStep]:
    """The steps with their tokens; what the parts read is scaled to the time there is."""
    style, material = request.style, request.material
    planned: list[PlannedStep] = []
    for step in steps:
        whole = step.final or len(steps) == 1 or _refines(steps, step)
        count = style.sentences if whole else style.part_sentences
        merged = sum(planned[i].sentences for i in step.inputs) * SENTENCE_TOKENS
        merged += count * SENTENCE_TOKENS if reach.small and step.inputs and step.final else 0
        most = PART_TOKENS if reach.small else readable(request, reach) - merged
        wanted = min(_wanted(material, step), most) if step.span else 0
        tokens = style.tokens if whole else style.part_tokens
        planned.append(PlannedStep(step, (), count, wanted + merged, tokens))
    reading = [planned_step.read_tokens if planned_step.step.span else 0 for planned_step in planned]
    room = _room(planned, request, reach)
    if sum(reading) > room:
        scale = room / sum(reading)
        least = [min(LEAST_READ, tokens) for tokens in reading]
        reading = [max(floor, int(tokens * scale)) for floor, tokens in zip(least, reading, strict=True)]
    return [
        replace(one, read_tokens=tokens) if one.step.span else one for one, tokens in zip(planned, reading, strict=True)
    ]


def _refines(steps: Sequence[Step], step: Step) -> bool:
    """Whether a step writes the whole summary anew each time."""
    return bool(step.span and (step.inputs or any(later.span and later.inputs for later in steps)))


def _wanted(material: Material, step: Step) -> int:
    first, last = step.span or (0, 0)
    lines = material.lines[first:last]
    return sum(line.tokens for line in lines) + 14 * len({line.headings for line in lines})


def _room(planned: Sequence[PlannedStep], request: Request, reach: Reach) -> float:
    """Tokens of the documents that can be read altogether."""
    if reach.reading is None:
        return REMOTE_TOKENS
    without = [replace(step, read_tokens=0) if step.step.span else step for step in planned]
    return max(0.0, (0.98 * request.budget_s - _seconds(without, reach)) * reach.reading)


def _seconds(steps: Sequence[PlannedStep], reach: Reach) -> float:
    return reach.seconds(PREFIX_TOKENS, 0) + sum(step_seconds(step, reach) for step in steps)


def step_seconds(step: PlannedStep, reach: Reach) -> float:
    """Of one step on this computer."""
    return reach.seconds(step.read_tokens + TASK_TOKENS, step.write_tokens) + STEP_S


def most_telling(request: Request, selector: Selector) -> tuple[int, ...]:
    """The lines of the whole text that a summary without a model would be made of."""
    material, style = request.material, request.style
    pool = selector.choose(Step(span=(0, len(material.lines))), UNASKED_TOKENS).lines
    order = [i for i in rank(pool, material, style.prefer) if not is_question(material.lines[i].text)]
    place = {id(material.lines[i]): i for i in order}
    return tuple(sorted(place[id(line)] for line in spread([material.lines[i] for i in order], style.sentences)))


def _chosen(selector: Selector, step: PlannedStep, seeds: tuple[int, ...]) -> PlannedStep:
    """The step with what it reads: a selection of its span, around the most telling lines of the whole where it makes the summary."""
    own = selector.choose(step.step, step.read_tokens).lines if step.step.span else ()
    if not step.step.final or (own and step.step.inputs):
        return replace(step, lines=own)
    return replace(step, lines=tuple(sorted({*own, *seeds})), seeds=seeds)


def _planned(request: Request, reach: Reach, name: str, steps: Sequence[PlannedStep], unasked: Note | None) -> Plan:
    material = request.material
    asked = unasked is None
    done = tuple(
        replace(one, asked=asked, seconds=(step_seconds(one, reach) if asked else 0.0) if reach.small else None)
        for one in steps
    )
    read = {i for one in done for i in one.lines}
    share = min(1.0, token_sum(material, sorted(read)) / material.tokens)
    if not asked:
        share = min(1.0, sum(line.tokens for line in material.lines) / material.tokens)
    seconds = (_seconds(steps, reach) if asked else 0.0) if reach.small else None
    notes = tuple(note for note in (unasked, *_notes(material, reach, share)) if note)
    return Plan(request, name, done, seconds, share, reach.small, not request.strategy, notes=notes)


def _notes(material: Material, reach: Reach, share: float) -> tuple[Note, ...]:
    kinds = {line.kind for line in material.lines}
    found: list[Note] = []
    if not material.korean and not reach.small:
        found.append("across")
    if kinds == {"row"}:
        found.append("tables")
    if kinds == {"code"}:
        found.append("code")
    if share < 0.98:
        found.append("partial")
    return tuple(found)
