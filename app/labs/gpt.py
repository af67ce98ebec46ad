"""A small GPT, trained from scratch on the characters of the course notes: its loss, what it writes as it learns, where it looks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from app.labs.base import Choice, Code, Desk, Event, Progress, Range, Said, Score, Shown, Table, Try, Value, Words
from app.labs.figures import Axes, Cells, bars, heatmap, line
from app.labs.parts.corpus import CORPUS, OWN, corpus
from app.labs.parts.course_text import split
from app.labs.parts.gpt_training import Plan, Sampling, held_loss, learn, next_logits, shares, write
from app.labs.parts.ngram_models import NGram, Smoothing, bits, count, known, vocabulary_of
from app.lessons.base import need_torch

CONTEXT, LEAST_TEXT = 64, 80
BATCH = 24
CHECKPOINTS, APART = 5, 20  # at most, and steps between them at least
WRITTEN, NEXT, MAPPED = 70, 12, 20  # characters of a sample, next characters shown, characters in an attention map
SHOWN_S = 0.5
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
    """How training went so far. held: (step, loss) at each checkpoint."""

    losses: list[float] = field(default_factory=list)
    held: list[tuple[int, float]] = field(default_factory=list)
    samples: list[tuple[int, float | str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Material:
    """Tokens by number, the vocabulary, and the loss of a Kneser-Ney trigram on the same held-out text, in nats."""

    learnt: Any
    held: Any
    vocabulary: Sequence[str]
    trigram: float

    def numbers(self, text: str) -> Any:
        """(T,)"""
        import torch

        place = {token: at for at, token in enumerate(self.vocabulary)}
        return torch.tensor([place[token] for token in known(list(text), self.vocabulary)])

    def text(self, numbers: Sequence[int]) -> str:
        """Line ends as a sign."""
        return "".join(self.vocabulary[number] for number in numbers).replace("\n", "↵")


class GptLab:
    """See the module."""

    name, order = "gpt", 85
    notes = ("11-attention-transformer.md", "12-bert-gpt-vit.md", "10-tokenization-language-models.md")
    network = ("models.nn.gpt",)
    controls = (
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
        Try(3, {"corpus": "own", "own": SEA, "steps": 300, "rate": 3e-3}),
        Try(2, {"steps": 100}),
    )
    small: ClassVar[Mapping[str, Value]] = {
        "corpus": "own",
        "steps": 10,
        "layers": 1,
        "heads": "1",
        "width": "32",
        "prompt": "봄이",
    }

    def seconds(self, **values: Value) -> float:
        """By the multiplications of a step, and some for each of its parts."""
        width, layers = int(values["width"]), int(values["layers"])
        weights = 12 * layers * width**2 + 800 * width
        step = 0.012 + 0.006 * layers + 6 * weights * BATCH * CONTEXT / 40e9
        return 8 + float(values["steps"]) * step * 1.2

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """Training, with its curve and samples; then the next character, continuations and attention."""
        need_torch()
        import torch

        from models.nn.gpt import Gpt, Shape

        text, used = corpus(str(values["corpus"]), str(values["own"]), LEAST_TEXT)
        yield used
        material = prepare(text)
        yield Shown(Code("attention", CODE))
        context = min(CONTEXT, len(material.learnt) - 2)
        width, heads, layers = int(values["width"]), int(values["heads"]), int(values["layers"])
        model = Gpt(Shape(len(material.vocabulary), context, width, heads, layers), seed=desk.seed)
        plan = Plan(int(values["steps"]), BATCH, float(values["rate"]), desk.seed)
        yield Score("parameters", sum(parameter.numel() for parameter in model.parameters()), unit="count")
        how = Sampling(float(values["temperature"]), int(values["top_k"]), float(values["top_p"]))
        prompt = material.numbers(str(values["prompt"]))
        course = Course()
        yield from _train(model, material, plan, (prompt, how), course)
        yield from _scored(course, material)
        with torch.no_grad():
            yield from _next(model, material, prompt, how)
            yield from _written(model, material, prompt, how, desk.seed)
            yield from _attention(model, material, prompt, values)


def prepare(text: str) -> Material:
    """The same split and vocabulary as of the lab on n-grams, so that the two compare."""
    import torch

    learnt, held = (list(part) for part in split(text))
    vocabulary = vocabulary_of(learnt)
    learnt, held = known(learnt, vocabulary), known(held, vocabulary)
    trigram = bits(NGram(count(learnt, 3), vocabulary, Smoothing("kneser_ney")), held) * math.log(2)
    place = {token: at for at, token in enumerate(vocabulary)}
    numbers = (torch.tensor([place[token] for token in part]) for part in (learnt, held))
    return Material(*numbers, vocabulary, trigram)


def _train(model: Any, material: Material, plan: Plan, drawn: tuple[Any, Sampling], course: Course) -> Iterator[Event]:
    """Fills `course`. At each checkpoint the held-out text is scored and the prompt continued."""
    many = max(1, min(CHECKPOINTS, plan.steps // APART))
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
            yield Shown(_curve(course, material, plan))


def _checkpoint(model: Any, material: Material, drawn: tuple[Any, Sampling], course: Course, seed: int) -> None:
    prompt, how = drawn
    step, loss = len(course.losses), held_loss(model, material.held)
    if math.isfinite(loss):
        course.held.append((step, loss))
        said = material.text(write(model, prompt, WRITTEN, how, seed))
    else:
        said = "–"  # it has diverged, or nothing was held out
    course.samples.append((step, round(loss, 3) if math.isfinite(loss) else "–", said))


def _samples(course: Course) -> Table:
    return Table("samples", ("step", "held_loss", "sample"), tuple(course.samples))


def _curve(course: Course, material: Material, plan: Plan) -> Any:
    """The training loss, smoothed; the held-out loss at its checkpoints; and the trigram's as a line to beat."""
    smooth: list[float] = []
    for loss in course.losses:
        smooth.append(SMOOTHED * smooth[-1] + (1 - SMOOTHED) * loss if smooth else loss)
    held = ([step for step, _ in course.held], [loss for _, loss in course.held])
    level = ([0, plan.steps], [material.trigram] * 2)
    return line("loss", {"train": (range(1, len(smooth) + 1), smooth), "held": held, "trigram": level})


def _scored(course: Course, material: Material) -> Iterator[Event]:
    """The last held-out loss, beside the trigram's and the lowest on the way."""
    if not course.held or not math.isfinite(course.losses[-1]):
        yield Shown(Said("verdict", "diverged", tone="bad"))
        return
    best_step, best = min(course.held, key=lambda point: point[1])
    last = course.held[-1][1]
    yield Score("held", last, *EXPECTED, unit="loss")
    yield Score("perplexity", math.exp(min(last, 50.0)))
    yield Score("trigram", material.trigram, unit="loss")
    said = {"last": f"{last:.2f}", "best": f"{best:.2f}", "step": best_step, "trigram": f"{material.trigram:.2f}"}
    if last > best + 0.05:
        yield Shown(Said("verdict", "overfitted", said, "bad"))
    else:
        yield Shown(Said("verdict", "under" if last < material.trigram else "over", said))


EXPECTED = (2.0, 4.2)


def _next(model: Any, material: Material, prompt: Any, how: Sampling) -> Iterator[Event]:
    """The likeliest next characters: as the model says, and as they are drawn."""
    logits = next_logits(model, prompt)
    plain, drawn = shares(logits, Sampling()), shares(logits, how)
    if not bool(plain.isfinite().all()):
        return
    best = plain.argsort(descending=True, stable=True)[:NEXT].tolist()
    names = [f"‘{material.text([number])}’" for number in best]
    groups = {"model": [plain[n].item() for n in best], "drawn": [drawn[n].item() for n in best]}
    yield Shown(bars("next", names, groups, Axes("", "probability")))
    said = {"left": int((drawn > 0).sum()), "all": len(plain)}
    yield Shown(Said("left", "left", said))


def _written(model: Any, material: Material, prompt: Any, how: Sampling, seed: int) -> Iterator[Event]:
    """The prompt continued three times with the chosen sampling, and once by the likeliest character alone."""
    ways = [(str(n + 1), how, seed + n) for n in range(3)] + [("argmax", Sampling(temperature=0.0), seed)]
    if not bool(next_logits(model, prompt).isfinite().all()):
        return
    rows = tuple((way, material.text(write(model, prompt, WRITTEN, each, s))) for way, each, s in ways)
    yield Shown(Table("written", ("way", "sample"), rows))


def _attention(model: Any, material: Material, prompt: Any, values: Mapping[str, Value]) -> Iterator[Event]:
    """Where one head of each layer looks while it reads the prompt: a row for each character, the past to its left."""
    read = prompt[-min(MAPPED, model.shape.context) :]
    head = min(int(values["head"]), model.shape.heads)
    letters = [f"{at + 1} {letter}" for at, letter in enumerate(material.text(read.tolist()))]
    for layer, maps in enumerate(model.looked(read[None])[1], start=1):
        cells = Cells(letters, letters, bar="share")
        yield Shown(heatmap(f"attention_{layer}", maps[0, head - 1], cells, Axes("looked_at", "reading")))
    yield Shown(Said("head", "head", {"head": head, "heads": model.shape.heads}))


LAB = GptLab()
