"""Training data of this home's documents: facts, their prompts, what must stay out, the parts. What page and command line both do.

    made = make(wiring, "mine", Order(count=300, prompt="compact"), told=…)
    made.dataset.about.counts

Half of the work is leaving out: near copies, and whatever stands in an evaluation set (its questions, near paraphrases of
them, and the sentences that prove its answers), so that a figure of a tuned model means something.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.base import Example, Part
from finetune.data.split import Screen, Shares, copies, split
from finetune.data.store import Dataset, Datasets, Told
from models.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from langchain_core.language_models import BaseChatModel
    from numpy.typing import NDArray

    from app.training_facts import Asked
    from app.training_sources import Listener, Source
    from app.wiring import Wiring
    from chains.making.base import Made
    from chains.templates import PromptTemplateText
    from evals.base import Case

MOST = 20_000
CONTEXT_TOKENS = 1_024
_REFUSALS = (("twins", 0.4), ("swapped", 0.25), ("unsaid", 0.2), ("compared", 0.15))


@dataclass(frozen=True, slots=True)
class Order:
    """What to make. documents: names, patterns or paths; all of the collection for none. licensed: files of licensed texts.

    count: examples. refusals, spans: shares of them that refuse, and that answer with bare words; licensed_share: of those that
    are made from licensed texts. own: name of an imported dataset to mix in; ratio: its share of all. prompt: the template that
    asks ("few_shot" as the chat has it; "compact" for a short one). tokens: the longest example. unlike: question sets beside the
    shipped ones of which nothing may come in. texts: licensed texts to read at most.
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
    shares: Shares = field(default_factory=Shares)


@dataclass(frozen=True, slots=True)
class MadeData:
    """dataset: as it is kept. short: how many examples fewer than ordered."""

    dataset: Dataset
    short: int


def make(
    wiring: Wiring,
    name: str,
    order: Order,
    told: Listener = lambda stage, done, total: None,
    model: BaseChatModel | None = None,
) -> MadeData:
    """A new dataset. model: rewords questions, each checked (evals/making/paraphrase.py); its origin says so.

    Raises InputError where the order cannot be filled at all, DocumentError, BackendError, DiskFull.
    """
    from app.training_sources import of_documents, of_licensed

    datasets = Datasets(wiring.home)
    datasets.check_free(name)
    _check(order)
    own = _own(datasets, order)
    wanted = order.count - len(own)
    dropped: Counter[str] = Counter()
    with ExitStack() as stack:
        sources = list(stack.enter_context(of_documents(wiring, order.documents, told)))
        licensed = []
        if order.licensed:
            licensed = stack.enter_context(of_licensed(wiring, order.licensed, order.texts, order.seed, told))
        gate = Gate(wiring, held_cases(order.unlike), dropped)
        shares = _divided(sources, licensed, order)
        asked: list[Asked] = []
        for number, (source, share) in enumerate(shares):
            told("making", number, len(shares))
            asked += list(_facts(source, order, round(share * wanted), gate, model))
        told("counting", 0, 1)
        examples = [*own, *_examples(asked, order, dropped)]
    kept, tokens = _fitting(wiring, examples, order.tokens, dropped)
    licences = Counter(one.fact.licence for one in asked if one.fact.licence)
    about = Told(order.prompt, dict(licences), tokens, dict(dropped), _options(order))
    dataset = datasets.save(name, split(kept, order.shares, order.seed), about)
    return MadeData(dataset, max(0, order.count - dataset.about.total))


def held_cases(unlike: Sequence[Path] = ()) -> list[Case]:
    """The shipped question sets, and those named: nothing of them may be trained on."""
    from app.course import shipped
    from evals.questions import load_entries

    folder = shipped("questions")
    files = sorted(folder.glob("course-*.jsonl")) if folder else []
    return [entry.case for path in (*files, *unlike) for entry in load_entries(path)]


def screen(wiring: Wiring, questions: Sequence[str]) -> Screen:
    """finetune.data.split.Screen with the words and the embedder of this home."""
    import numpy as np

    from ingest.morphemes import content_morphemes

    embedder = wiring.embedder()

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([embedder.embed_question(text) for text in texts])  # (N, D)

    return Screen(questions, lambda text: frozenset(content_morphemes(text)), embed)


class Gate:
    """Lets facts through that no evaluation set knows. dropped: counts the others by reason."""

    def __init__(self, wiring: Wiring, cases: Sequence[Case], dropped: Counter[str]) -> None:
        from chains.matching import squeeze

        self._screen = screen(wiring, [case.question for case in cases])
        self._evidence = [squeeze(text) for case in cases for text in case.evidence.split("\n") if len(text) > 8]
        self._dropped = dropped

    def made(self, found: Sequence[Made]) -> list[Made]:
        """Questions that are no near copy of a held one and whose evidence proves none."""
        near = self._screen.near([made.question for made in found])
        kept = []
        for made, copy in zip(found, near, strict=True):
            if copy or self._proves(made):
                self._dropped["evaluation_question" if copy else "evaluation_evidence"] += 1
            else:
                kept.append(made)
        return kept

    def asked(self, one: Asked) -> bool:
        """Whether the question as it is worded may stay."""
        if self._screen.near([one.fact.question])[0]:
            self._dropped["evaluation_question"] += 1
            return False
        return True

    def span(self, one: Asked) -> bool:
        """Whether a short answer may stay."""
        if any(self._shares(text) for text in one.fact.evidence):
            self._dropped["evaluation_evidence"] += 1
            return False
        return self.asked(one)

    def _proves(self, made: Made) -> bool:
        from chains.matching import squeeze

        return self._shares(squeeze(made.evidence))

    def _shares(self, squeezed: str) -> bool:
        return any(squeezed in held or held in squeezed for held in self._evidence)


def _facts(source: Source, order: Order, count: int, gate: Gate, model: BaseChatModel | None) -> Iterator[Asked]:
    """`count` facts of one source, fewer where it gives no more."""
    from app.training_facts import FactMaker, questions

    rng = random.Random(f"{order.seed} {source.origin}")  # noqa: S311 - a repeatable draw, no secret
    maker = FactMaker(source, rng)
    made = gate.made(questions(source, rng))
    refused, spans = round(count * order.refusals), round(count * order.spans)
    yield from islice(_sound(_cited(maker, made, rng, model), gate.asked), count - refused - spans)
    yield from islice(_sound(maker.spans(), gate.span), spans)
    for stream, share in _refusals(maker, source, made, rng):
        yield from islice(_sound(stream, gate.asked), round(refused * share))


def _refusals(maker: Any, source: Source, made: Sequence[Made], rng: random.Random) -> Iterator[tuple[Any, float]]:
    from app.training_refusals import compared, swapped, twins, unsaid

    ways: Mapping[str, Callable[[], Iterator[Asked]]] = {
        "twins": lambda: twins(maker, made[::-1], rng),
        "swapped": lambda: swapped(maker, source, made, rng),
        "unsaid": lambda: unsaid(maker, made, rng),
        "compared": lambda: compared(maker, made, rng),
    }
    for name, share in _REFUSALS:
        yield ways[name](), share


def _cited(maker: Any, made: Sequence[Made], rng: random.Random, model: BaseChatModel | None) -> Iterator[Asked]:
    """One after the other; among them pairs of definitions of one document, and what a model words anew."""
    from models.types import Turn

    before: Made | None = None
    turn: Turn | None = None
    for one in made:
        asked = maker.cited(one, turn)
        if asked:
            yield asked
            turn = Turn(asked.fact.question, " ".join(claim.text for claim in asked.fact.claims))
        if one.kind == "definition":
            if before and rng.random() < 0.25 and (both := maker.both(before, one)):
                yield both
            before = one
        if model is not None:
            yield from _reworded(maker, one, model)


def _reworded(maker: Any, made: Made, model: BaseChatModel) -> Iterator[Asked]:
    from dataclasses import replace

    from evals.making.maker import case_of
    from evals.making.paraphrase import reword

    for case in reword([case_of(made)], model, ("paraphrase",)).cases:
        asked = maker.cited(made, None, case.question)
        if asked:
            name = getattr(model, "model_name", "") or getattr(model, "model", "") or model._llm_type
            yield replace(asked, fact=replace(asked.fact, origin=f"paraphrase:{name}"))


def _sound(found: Iterator[Asked], passes: Callable[[Asked], bool]) -> Iterator[Asked]:
    from finetune.data.facts import faults

    return (one for one in found if passes(one) and not faults(one.fact))


def _examples(asked: Sequence[Asked], order: Order, dropped: Counter[str]) -> list[Example]:
    """Rendered, without near copies."""
    from chains.prompts import REFUSAL_KO
    from chains.templates import find
    from finetune.data.compose import answer, compose

    again = copies([one.fact.question for one in asked], [answer(one.fact, REFUSAL_KO) for one in asked])
    dropped["copies"] += len(again)
    template = find(order.prompt)
    kept = [one for at, one in enumerate(asked) if at not in again]
    return [compose(one.fact, prompt_of(one, template), REFUSAL_KO) for one in kept]


def prompt_of(asked: Asked, template: PromptTemplateText) -> list[dict[str, str]]:
    """The messages before the answer, in the template's words; short answers are asked for in theirs."""
    template = span_template() if asked.fact.kind == "span" else template
    variables = {"passages": asked.passages, "history": asked.history, "question": asked.fact.question}
    roles = {"system": "system", "human": "user", "ai": "assistant"}
    return [{"role": roles[message.type], "content": str(message.text)} for message in template.messages(variables)]


def span_template() -> PromptTemplateText:
    """What asks for the bare words of an answer: in training, and where short answers are evaluated."""
    from chains.prompts import SPAN_RULES
    from chains.templates import PromptTemplateText

    return PromptTemplateText("span", rules=SPAN_RULES)


def _divided(sources: Sequence[Source], licensed: Sequence[Source], order: Order) -> list[tuple[Source, float]]:
    """Each source with its share of the examples."""
    share = order.licensed_share if licensed else 0.0
    ours = [(source, (1 - share) / len(sources)) for source in sources]
    return list(chain(ours, ((source, share / len(licensed)) for source in licensed)))


def _fitting(
    wiring: Wiring, examples: Sequence[Example], most: int, dropped: Counter[str]
) -> tuple[list[Example], dict[str, int]]:
    """Those of at most `most` tokens, with figures of their lengths; estimated, as the packer does, where no tokenizer is."""
    from chains.pack import estimate_tokens

    lengths = [sum(estimate_tokens(message["content"]) + 5 for message in example.messages) for example in examples]
    kept = [(example, length) for example, length in zip(examples, lengths, strict=True) if length <= most]
    dropped["too_long"] += len(examples) - len(kept)
    ordered = sorted(length for _, length in kept) or [0]
    figures = {"median": ordered[len(ordered) // 2], "p95": ordered[int(len(ordered) * 0.95)], "most": ordered[-1]}
    return [example for example, _ in kept], figures


def _own(datasets: Datasets, order: Order) -> list[Example]:
    """The share of imported examples, drawn by the seed."""
    if not order.own:
        return []
    dataset = datasets.find(order.own)
    parts: tuple[Part, ...] = ("train", "validation", "test")
    rows = [example for part in parts for example in dataset.examples(part)]
    random.Random(order.seed).shuffle(rows)  # noqa: S311
    return rows[: round(order.count * order.ratio)]


def _check(order: Order) -> None:
    from chains.templates import find

    find(order.prompt)
    if not 1 <= order.count <= MOST:
        detail = f"{order.count} examples cannot be made; give a number from 1 to {MOST}"
        raise InputError(detail=detail, text_key="finetune.bad_count", n=order.count, most=MOST)
    for name in ("refusals", "spans", "licensed_share", "ratio"):
        value = getattr(order, name)
        if not 0 <= value <= 1:
            detail = f"The share {name}={value} is none; give a number from 0 to 1"
            raise InputError(detail=detail, text_key="finetune.bad_share", name=name, value=value)
    if order.refusals + order.spans > 1:
        detail = f"Refusals ({order.refusals}) and short answers ({order.spans}) are more than all examples; lower one"
        value = order.refusals + order.spans
        raise InputError(detail=detail, text_key="finetune.bad_share", name="refusals + spans", value=value)


def _options(order: Order) -> dict[str, Any]:
    return {
        "count": order.count,
        "seed": order.seed,
        "refusals": order.refusals,
        "spans": order.spans,
        "licensed": [path.name for path in order.licensed],
        "licensed_share": order.licensed_share,
        "own": order.own,
        "ratio": order.ratio,
    }
