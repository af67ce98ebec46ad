"""A small GPT, trained from scratch on the characters of the course notes: its loss, what it writes as it learns, where it looks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar

from app.labs.base import (
    Choice,
    Code,
    Desk,
    Event,
    Progress,
    Range,
    Said,
    Score,
    Shown,
    Table,
    Try,
    Used,
    Value,
    Words,
    read_values,
)
from app.labs.checkpoints import CONTROL, SHIPPED, TRAIN, Made, find, place
from app.labs.figures import Axes, Cells, bars, heatmap, line
from app.labs.parts.corpus import CORPUS, OWN, along, corpus
from app.labs.parts.course_text import split
from app.labs.parts.gpt_training import Plan, Sampling, held_loss, learn, next_logits, shares, write
from app.labs.parts.ngram_models import NGram, Smoothing, bits, count, known, vocabulary_of
from app.lessons.base import need_torch

CONTEXT, LEAST_TEXT = 64, 80
BATCH = 24
CHECKPOINTS, APART = 5, 20  # at most, and steps between them at least
SHIPPED_CHECKPOINTS = 10  # the best of which is kept
WRITTEN, NEXT, MAPPED = 70, 12, 20  # characters of a sample, next characters shown, characters in an attention map
SHOWN_S = 0.5
SHIPPED_S = 10.0  # to load, and to write four times
SMOOTHED = 0.9  # of the training loss, which jumps from batch to batch
SEA = (
    "바다는 아침마다 빛깔이 바뀝니다. 어부는 그물을 깁고 아이들은 조개를 줍습니다. 갈매기가 낮게 날면 곧 비가 옵니다. "
    "할머니는 마루에서 콩을 고르고 고양이는 그 곁에서 좁니다. 저녁에는 등대가 켜지고 배들이 하나둘 돌아옵니다. "
    "시장에는 생선 굽는 냄새가 가득합니다. 밤이 깊으면 파도 소리만 남습니다. 눈이 오는 날에는 항구도 조용합니다. "
    "여름이면 도시에서 손님이 많이 찾아옵니다. 마을 사람들은 그들에게 미역국을 끓여 줍니다. "
)
CODE = """\
q, k, v = (x @ W + b).split(width)                     # (B, T, C) each
q, k, v = (to_heads(part) for part in (q, k, v))       # (B, H, T, D)
scores = q @ k.transpose(-2, -1) / sqrt(D)             # (B, H, T, T)
scores = scores + mask                                 # -inf at what comes later
x = x + to_width(softmax(scores) @ v) @ W_out          # (B, T, C)
"""


@dataclass(slots=True)
class Course:
    """How training went so far. held: (step, loss) at each checkpoint. trigram: the loss of a Kneser-Ney trigram on the same
    held-out text, in nats. checkpoints: at most."""

    steps: int
    trigram: float
    checkpoints: int = CHECKPOINTS
    losses: list[float] = field(default_factory=list)
    held: list[tuple[int, float]] = field(default_factory=list)
    samples: list[tuple[int, float | str, str]] = field(default_factory=list)

    def until(self, step: int) -> Course:
        """As it stood after so many steps."""
        return replace(self, losses=self.losses[:step], held=[point for point in self.held if point[0] <= step])


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The characters a model knows, by number."""

    characters: Sequence[str]

    def numbers(self, text: str) -> Any:
        """(T,)"""
        import torch

        place = {token: at for at, token in enumerate(self.characters)}
        return torch.tensor([place[token] for token in known(list(text), self.characters)])

    def text(self, numbers: Sequence[int]) -> str:
        """Line ends as a sign."""
        return "".join(self.characters[number] for number in numbers).replace("\n", "↵")


@dataclass(frozen=True, slots=True)
class Material:
    """What is learnt and what is held out, (N,) each, and the trigram's loss on what is held out."""

    learnt: Any
    held: Any
    alphabet: Alphabet
    trigram: float


class GptLab:
    """See the module."""

    name, order = "gpt", 85
    notes = ("11-attention-transformer.md", "12-bert-gpt-vit.md", "10-tokenization-language-models.md")
    network = ("models.nn.gpt", "models.nn.transformer")
    controls = (
        Choice(CONTROL, (SHIPPED, TRAIN), SHIPPED),
        CORPUS,
        OWN,
        Range("steps", 10, 1000, 300, step=10),
        Range("rate", 1e-4, 3e-2, 3e-3, log=True, whole=False),
        Range("layers", 1, 4, 3),
        Choice("heads", ("1", "2", "4"), "4"),
        Choice("width", ("32", "64", "96", "128"), "96"),
        Words("prompt", "언어 모델은", longest=200),
        Range("temperature", 0.0, 2.0, 0.8, step=0.1, whole=False),
        Range("top_k", 0, 100, 0),
        Range("top_p", 0.05, 1.0, 0.9, step=0.05, whole=False),
        Range("head", 1, 4, 1),
    )
    tries = (
        Try(1, {"steps": 100, "temperature": 0.0}),
        Try(3, {CONTROL: TRAIN, "corpus": "own", "own": SEA, "steps": 300, "rate": 3e-3}),
        Try(2, {"steps": 100}),
    )
    ships: ClassVar[Mapping[str, Value]] = {
        "corpus": "course",
        "steps": 400,
        "rate": 3e-3,
        "layers": 4,
        "heads": "4",
        "width": "96",
    }
    small: ClassVar[Mapping[str, Value]] = {
        CONTROL: TRAIN,
        "corpus": "own",
        "steps": 10,
        "layers": 1,
        "heads": "1",
        "width": "32",
        "prompt": "봄이",
    }

    def seconds(self, **values: Value) -> float:
        """By the multiplications of a step, and some for each of its parts."""
        if along(values) and place(self.name):
            return SHIPPED_S
        width, layers = int(values["width"]), int(values["layers"])
        weights = 12 * layers * width**2 + 800 * width
        step = 0.012 + 0.006 * layers + 6 * weights * BATCH * CONTEXT / 40e9
        return 8 + float(values["steps"]) * step * 1.2

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The loss as it learns, or learned; then the next character, continuations and attention."""
        need_torch()
        made = find(self.name) if along(values) else None
        yield from _shipped(made, desk, values) if made else _trained(desk, values)

    def make(self, desk: Desk, **values: Value) -> Iterator[Progress | Made]:
        """Trained as `compute` trains; of its checkpoints the one with the lowest held-out loss is kept (early stopping)."""
        given = read_values(self, values)
        text, _ = corpus(str(given["corpus"]), str(given["own"]), LEAST_TEXT)
        material, began = prepare(text), time.monotonic()
        course = Course(int(given["steps"]), material.trigram, SHIPPED_CHECKPOINTS)
        model, best, kept = model_for(material, given, desk.seed), (0, math.inf), {}
        for event in _train(model, material, _plan(given, desk.seed), _drawn(material.alphabet, given), course):
            if course.held[-1][1] < best[1]:
                best, kept = course.held[-1], {name: value.clone() for name, value in model.state_dict().items()}
            if isinstance(event, Progress):
                yield event
        facts = {
            "data": f"course notes ({len(text):,} characters)",
            "seconds": time.monotonic() - began,
            "characters": len(text),
            "alphabet": "".join(material.alphabet.characters),
            "shape": asdict(model.shape),
            "course": asdict(course),
            "kept": best[0],
        }
        yield Made(kept, facts)


def _trained(desk: Desk, values: Mapping[str, Value]) -> Iterator[Event]:
    """Learns first."""
    if values[CONTROL] == SHIPPED:
        yield Shown(Said(CONTROL, "not_shipped"))
    text, used = corpus(str(values["corpus"]), str(values["own"]), LEAST_TEXT)
    yield used
    material = prepare(text)
    yield Shown(Code("attention", CODE))
    model, course = model_for(material, values, desk.seed), Course(int(values["steps"]), material.trigram)
    yield _size(model)
    yield from _train(model, material, _plan(values, desk.seed), _drawn(material.alphabet, values), course)
    yield from _scored(course)
    yield from _answers(model, material.alphabet, values, desk.seed)


def _shipped(made: Made, desk: Desk, values: Mapping[str, Value]) -> Iterator[Event]:
    """Answers first, then how it was trained."""
    from models.nn.gpt import Gpt, Shape

    model, course = Gpt(Shape(**made.facts["shape"])), Course(**made.facts["course"])
    model.load(made.tensors)
    yield Used("course", "shipped", made.facts["characters"])
    yield Shown(Said(CONTROL, "shipped", {"steps": course.steps, "kept": made.facts["kept"]}))
    yield from _answers(model, Alphabet(tuple(made.facts["alphabet"])), values, desk.seed)
    yield _size(model)
    yield Shown(_curve(course))
    yield Shown(_samples(course))
    yield from _scored(course.until(made.facts["kept"]))
    yield Shown(Code("attention", CODE))


def _size(model: Any) -> Score:
    return Score("parameters", sum(parameter.numel() for parameter in model.parameters()), unit="count")


def _plan(values: Mapping[str, Value], seed: int) -> Plan:
    return Plan(int(values["steps"]), BATCH, float(values["rate"]), seed)


def _drawn(alphabet: Alphabet, values: Mapping[str, Value]) -> tuple[Any, Sampling]:
    """What is continued, and how the next character is drawn."""
    how = Sampling(float(values["temperature"]), int(values["top_k"]), float(values["top_p"]))
    return alphabet.numbers(str(values["prompt"])), how


def _answers(model: Any, alphabet: Alphabet, values: Mapping[str, Value], seed: int) -> Iterator[Event]:
    """What the learner asks of a model that has learnt."""
    import torch

    prompt, how = _drawn(alphabet, values)
    with torch.no_grad():
        yield from _next(model, alphabet, prompt, how)
        yield from _written(model, alphabet, prompt, how, seed)
        yield from _attention(model, alphabet, prompt, values)


def model_for(material: Material, values: Mapping[str, Value], seed: int) -> Any:
    """Untrained, as wide and deep as the values say."""
    from models.nn.gpt import Gpt, Shape

    context = min(CONTEXT, len(material.learnt) - 2)
    width, heads, layers = int(values["width"]), int(values["heads"]), int(values["layers"])
    return Gpt(Shape(len(material.alphabet.characters), context, width, heads, layers), seed=seed)


def prepare(text: str) -> Material:
    """The same split and vocabulary as of the lab on n-grams, so that the two compare."""
    import torch

    learnt, held = (list(part) for part in split(text))
    vocabulary = vocabulary_of(learnt)
    learnt, held = known(learnt, vocabulary), known(held, vocabulary)
    trigram = bits(NGram(count(learnt, 3), vocabulary, Smoothing("kneser_ney")), held) * math.log(2)
    place = {token: at for at, token in enumerate(vocabulary)}
    first, rest = (torch.tensor([place[token] for token in part]) for part in (learnt, held))
    return Material(first, rest, Alphabet(vocabulary), trigram)


def _train(model: Any, material: Material, plan: Plan, drawn: tuple[Any, Sampling], course: Course) -> Iterator[Event]:
    """Fills `course`. At each checkpoint the held-out text is scored and the prompt continued."""
    many = max(1, min(course.checkpoints, plan.steps // APART))
    stops = {round(plan.steps * part / many) for part in range(1, many + 1)}
    _checkpoint(model, material, drawn, course, plan.seed)
    yield Shown(_samples(course))
    last = 0.0
    for step, loss in enumerate(learn(model, material.learnt, plan), start=1):
        course.losses.append(loss)
        if step in stops:
            _checkpoint(model, material, drawn, course, plan.seed)
            yield Shown(_samples(course))
        if time.monotonic() - last > SHOWN_S or step == plan.steps:
            last = time.monotonic()
            yield Progress(step, plan.steps, "training")
            yield Shown(_curve(course))


def _checkpoint(model: Any, material: Material, drawn: tuple[Any, Sampling], course: Course, seed: int) -> None:
    prompt, how = drawn
    step, loss = len(course.losses), held_loss(model, material.held)
    if math.isfinite(loss):
        course.held.append((step, loss))
        said = material.alphabet.text(write(model, prompt, WRITTEN, how, seed))
    else:
        said = "–"  # it has diverged, or nothing was held out
    course.samples.append((step, round(loss, 3) if math.isfinite(loss) else "–", said))


def _samples(course: Course) -> Table:
    return Table("samples", ("step", "held_loss", "sample"), tuple(map(tuple, course.samples)))


def _curve(course: Course) -> Any:
    """The training loss, smoothed; the held-out loss at its checkpoints; and the trigram's as a line to beat."""
    smooth: list[float] = []
    for loss in course.losses:
        smooth.append(SMOOTHED * smooth[-1] + (1 - SMOOTHED) * loss if smooth else loss)
    held = ([step for step, _ in course.held], [loss for _, loss in course.held])
    level = ([0, course.steps], [course.trigram] * 2)
    return line("loss", {"train": (range(1, len(smooth) + 1), smooth), "held": held, "trigram": level})


def _scored(course: Course) -> Iterator[Event]:
    """The last held-out loss, beside the trigram's and the lowest on the way."""
    if not course.held or not math.isfinite(course.losses[-1]):
        yield Shown(Said("verdict", "diverged", tone="bad"))
        return
    best_step, best = min(course.held, key=lambda point: point[1])
    last = course.held[-1][1]
    yield Score("held", last, *EXPECTED, unit="loss")
    yield Score("perplexity", math.exp(min(last, 50.0)))
    yield Score("trigram", course.trigram, unit="loss")
    said: dict[str, str | float | int] = {
        "last": f"{last:.2f}",
        "best": f"{best:.2f}",
        "step": best_step,
        "trigram": f"{course.trigram:.2f}",
    }
    if last > best + 0.05:
        yield Shown(Said("verdict", "overfitted", said, "bad"))
    else:
        yield Shown(Said("verdict", "under" if last < course.trigram else "over", said))


EXPECTED = (2.0, 4.2)


def _next(model: Any, alphabet: Alphabet, prompt: Any, how: Sampling) -> Iterator[Event]:
    """The likeliest next characters: as the model says, and as they are drawn."""
    logits = next_logits(model, prompt)
    plain, drawn = shares(logits, Sampling()), shares(logits, how)
    if not bool(plain.isfinite().all()):
        return
    best = plain.argsort(descending=True, stable=True)[:NEXT].tolist()
    names = [f"‘{alphabet.text([number])}’" for number in best]
    groups = {"model": [plain[n].item() for n in best], "drawn": [drawn[n].item() for n in best]}
    yield Shown(bars("next", names, groups, Axes("", "probability")))
    said = {"left": int((drawn > 0).sum()), "all": len(plain)}
    yield Shown(Said("left", "left", said))


def _written(model: Any, alphabet: Alphabet, prompt: Any, how: Sampling, seed: int) -> Iterator[Event]:
    """The prompt continued three times with the chosen sampling, and once by the likeliest character alone."""
    ways = [(str(n + 1), how, seed + n) for n in range(3)] + [("argmax", Sampling(temperature=0.0), seed)]
    if not bool(next_logits(model, prompt).isfinite().all()):
        return
    rows = tuple((way, alphabet.text(write(model, prompt, WRITTEN, each, s))) for way, each, s in ways)
    yield Shown(Table("written", ("way", "sample"), rows))


def _attention(model: Any, alphabet: Alphabet, prompt: Any, values: Mapping[str, Value]) -> Iterator[Event]:
    """Where one head of each layer looks while it reads the prompt: a row for each character, the past to its left."""
    read = prompt[-min(MAPPED, model.shape.context) :]
    head = min(int(values["head"]), model.shape.heads)
    letters = [f"{at + 1} {letter}" for at, letter in enumerate(alphabet.text(read.tolist()))]
    for layer, maps in enumerate(model.looked(read[None])[1], start=1):
        cells = Cells(letters, letters, bar="share")
        yield Shown(heatmap(f"attention_{layer}", maps[0, head - 1], cells, Axes("looked_at", "reading")))
    yield Shown(Said("head", "head", {"head": head, "heads": model.shape.heads}))


LAB = GptLab()
