"""Quiz items from what documents give: choices whose wrong answers are provably wrong, short answers, true and false statements."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from chains.making.base import Made
from chains.making.grammar import Sentence, bare
from chains.study.bank import Bank, citation_of
from chains.study.base import FALSE, FORMS, TRUE, Form, Item, item_id
from chains.study.definitions import Definition, definition_of
from chains.study.names import all_names, fold
from chains.study.wrong import LEAST_OPTIONS, OPTIONS, other_cells, other_quantities, other_terms, quantity_of

LONGEST_STATEMENT = 170
LONGEST_ANSWER = 24


@dataclass(frozen=True)
class Quizzer:
    """pool: definitions that wrong answers may come from."""

    bank: Bank
    pool: Sequence[Definition]
    rng: random.Random

    def items(self, made: Sequence[Made] | Iterator[Made], count: int, forms: Sequence[Form] = FORMS) -> list[Item]:
        """At most `count` items, a source sentence and a term at most once, the forms in equal parts as far as the documents
        give them."""
        taken: list[Item] = []
        used: set[str] = set()
        for one in made:
            if len(taken) == count:
                break
            term = definition_of(one)
            marks = {one.evidence} | ({fold(term.term)} if term else set())
            item = None if marks & used else self._item(one, taken, forms)
            if item:
                taken.append(item)
                used |= marks
            else:
                self.bank.dropped["repeated" if marks & used else "no_proof"] += 1
        return taken

    def _item(self, made: Made, taken: Sequence[Item], forms: Sequence[Form]) -> Item | None:
        """In the form that is rarest so far and that this gives."""
        count = Counter(item.form for item in taken)
        makers: dict[Form, Callable[[Made], Item | None]] = {
            "choice": self.choice,
            "short": self.short,
            "truefalse": lambda one: self.statement(one, taken),
        }
        for form in sorted(forms, key=lambda form: (count[form], FORMS.index(form))):
            if item := makers[form](made):
                return item
        return None

    def choice(self, made: Made) -> Item | None:
        """One right answer among several."""
        if definition := definition_of(made):
            return self._term_choice(definition)
        if "table" in made.tags:
            return self._cell_choice(made)
        return self._number_choice(made) if made.kind == "number" else None

    def _term_choice(self, right: Definition) -> Item | None:
        others = other_terms(right, self.pool, self.bank, self.rng)
        if len(others) < OPTIONS - 1:
            return None
        if self.rng.random() < 0.5:
            item = self._item_of(right.made, "choice", right.said, right.term, hint="describe")
            return self._with_options(item, [other.term for other in others])
        item = self._item_of(right.made, "choice", right.made.question, right.said)
        return self._with_options(item, [other.said for other in others])

    def _number_choice(self, made: Made) -> Item | None:
        right = quantity_of(made.evidence, made.answers[0])
        others = other_quantities(made.question, right, made.evidence, self.bank, self.rng) if right else []
        if right is None or len(others) < OPTIONS - 1:
            return None
        return self._with_options(self._item_of(made, "choice", made.question, right.text), others)

    def _cell_choice(self, made: Made) -> Item | None:
        cell = _cell(made)
        if not cell or made.chunk is None:
            return None
        others = other_cells(made.subject, cell[1], made.evidence, made.chunk, self.bank)
        if len(others) < LEAST_OPTIONS - 1:
            return None
        item = self._item_of(made, "choice", f"{made.subject} — {cell[0]}", cell[1], hint="row")
        return self._with_options(item, others)

    def short(self, made: Made) -> Item | None:
        """An answer of a few words to write."""
        if definition := definition_of(made):
            if len(definition.term) > LONGEST_ANSWER or definition.labelled:
                return None
            item = self._item_of(made, "short", definition.said, definition.term, hint="describe")
            others = all_names((definition.term, *definition.aliases)) | set(definition.aliases)
            return replace(item, accepted=tuple(sorted(others)))
        if "table" in made.tags:
            cell = _cell(made)
            if made.kind != "number" or not cell:
                return None
            item = self._item_of(made, "short", f"{made.subject} — {cell[0]}", cell[1], hint="row")
            return replace(item, accepted=made.answers[0])
        right = quantity_of(made.evidence, made.answers[0]) if made.kind == "number" else None
        if right is None:
            return None
        return replace(
            self._item_of(made, "short", made.question, right.text), accepted=(right.number, *made.answers[0])
        )

    def statement(self, made: Made, taken: Sequence[Item] = ()) -> Item | None:
        """A sentence of the documents, or the same with a name or number put in that makes it false."""
        said = Sentence(made.evidence).text
        if "table" in made.tags or not said.endswith("다.") or "\n" in made.evidence or len(said) > LONGEST_STATEMENT:
            return None
        told = Counter(item.answer for item in taken if item.form == "truefalse")
        false = self._false(made, said) if told[FALSE] <= told[TRUE] else None
        if false:
            return self._item_of(made, "truefalse", false, FALSE)
        return self._item_of(made, "truefalse", said, TRUE) if told[TRUE] <= told[FALSE] else None

    def _false(self, made: Made, said: str) -> str:
        """ "" where no statement can be proved false."""
        if definition := definition_of(made):
            others = [] if definition.labelled else other_terms(definition, self.pool, self.bank, self.rng)
            false = definition.stated(others[0].term) if others else ""
        elif made.kind == "number" and (right := quantity_of(made.evidence, made.answers[0])):
            numbers = other_quantities(made.question, right, made.evidence, self.bank, self.rng)
            false = said.replace(right.text, self.rng.choice(numbers), 1) if numbers and right.text in said else ""
        else:
            false = ""
        return "" if not false or self.bank.stands(false) else false

    def _item_of(self, made: Made, form: Form, question: str, answer: str, hint: str = "") -> Item:
        source = citation_of(made)
        table = "table" in made.tags
        row = bare(re.sub(r"\s*\|\s*", " · ", made.evidence.strip("| ")))
        explanation = row if table else Sentence(made.evidence).text
        name = item_id(form, question, answer, source.source)
        return Item(name, form, question, answer, source, explanation=explanation, hint=hint)

    def _with_options(self, item: Item, others: Sequence[str]) -> Item:
        options = [item.answer, *others]
        self.rng.shuffle(options)
        return replace(item, options=tuple(options))


def _cell(made: Made) -> tuple[str, str] | None:
    """Attribute and value of a table's question."""
    found = re.match(rf"{re.escape(made.subject)}의 (.+?)(?:은|는) ", made.reference)
    if not found:
        return None
    return found[1], made.reference[found.end() :]
