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
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from app.training_gate import Gate, held_cases, screen
from app.training_import import import_file
from app.training_order import Order, check, options_of
from app.training_prompt import prompt_of, span_template
from app.training_rewording import read_rewordings, reworded
from finetune.base import Example, Part
from finetune.data.split import copies, split
from finetune.data.store import Dataset, Datasets, Told

__all__ = ["MadeData", "Order", "import_file", "make", "span_template"]

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from app.training_facts import Asked
    from app.training_sources import Listener, Source
    from app.wiring import Wiring
    from chains.making.base import Made

_REFUSALS = (("twins", 0.4), ("swapped", 0.25), ("unsaid", 0.2), ("compared", 0.15))


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
    check(order)
    rewordings = read_rewordings(order.rewordings)
    own = _own(datasets, order)
    wanted = order.count - len(own)
    dropped: Counter[str] = Counter()
    with ExitStack() as stack:
        sources = list(stack.enter_context(of_documents(wiring, order.documents, told)))
        licensed = []
        if order.licensed:
            licensed = stack.enter_context(of_licensed(wiring, order.licensed, order.texts, order.seed, told))
        gate = Gate(screen(wiring, cases := held_cases(order.unlike)), cases, dropped)
        shares = _divided(sources, licensed, order)
        asked: list[Asked] = []
        for number, (source, share) in enumerate(shares):
            told("making", number, len(shares))
            asked += list(_facts(source, order, round(share * wanted), gate, model))
        asked += list(_sound(reworded(asked, rewordings), gate.asked))
        told("counting", 0, 1)
        examples = [*own, *_examples(asked, order, dropped)]
    kept, tokens = _fitting(wiring, examples, order.tokens, dropped)
    licence_of = {(one.fact.origin, one.fact.document): one.fact.licence for one in asked if one.fact.licence}
    licences = Counter(licence_of[place] for one in kept if (place := (one.origin, one.document)) in licence_of)
    about = Told(order.prompt, dict(licences), tokens, dict(dropped), options_of(order))
    dataset = datasets.save(name, split(kept, order.shares, order.seed), about)
    return MadeData(dataset, max(0, order.count - dataset.about.total))


def _facts(source: Source, order: Order, count: int, gate: Gate, model: BaseChatModel | None) -> Iterator[Asked]:
    """`count` facts of one source, fewer where it gives no more."""
    from app.training_facts import FactMaker, questions

    rng = random.Random(f"{order.seed} {source.origin}")  # noqa: S311 - a repeatable draw, no secret
    maker = FactMaker(source, rng)
    made = gate.made(questions(source, rng))
    refused, spans = round(count * order.refusals), round(count * order.spans)
    cited = list(islice(_sound(_cited(maker, made, rng, model), gate.asked), count - refused - spans))
    yield from cited
    yield from islice(_sound(maker.spans(), gate.span), spans)
    refused = round(refused * len(cited) / max(1, count - refused - spans))  # no more than what is answered bears
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
