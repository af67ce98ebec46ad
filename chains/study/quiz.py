"""Quiz items from what documents give: choices whose wrong answers are provably wrong, short answers, true and false statements."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from chains.making.base import Made
from chains.study.asking import SEPARATOR
from chains.study.bank import Bank
from chains.study.base import FALSE, FORMS, TRUE, Form, Item, item_id
from chains.study.definitions import Definition, definition_of
from chains.study.names import all_names, fold
from chains.study.proof import cell_of, citation_of, explained, language_in
from chains.study.screen import hangs_on_context
from chains.study.wrong import LEAST_OPTIONS, OPTIONS, other_cells, other_quantities, other_terms, quantity_of

LONGEST_STATEMENT = 170
LONGEST_ANSWER = 24
_GENERIC = re.compile(
    r"\s(?:단계|과정|방법|기법|방식|알고리즘|함수|기술|작업|현상|method|algorithm|technique|function)$"
)


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
        if right.gives_away or not right.specific:
            return None
        others = other_terms(right, self.pool, self.bank, self.rng)
        if len(others) < OPTIONS - 1:
            return None
        if right.shape != "facts" and self.rng.random() < 0.5:
            item = self._item_of(right.made, "choice", right.said, right.term, "describe")
            return self._with_options(item, [other.term for other in others])
        question, hint = (right.term, "about") if right.labelled else (right.made.question, "")
        item = self._item_of(right.made, "choice", question, right.said, hint)
        return self._with_options(item, [other.said for other in others])

    def _number_choice(self, made: Made) -> Item | None:
        right = quantity_of(made.evidence, made.answers[0])
        others = other_quantities(made.question, right, made.evidence, self.bank, self.rng) if right else []
        if right is None or len(others) < OPTIONS - 1:
            return None
        return self._with_options(self._item_of(made, "choice", made.question, right.text), others)

    def _cell_choice(self, made: Made) -> Item | None:
        cell = cell_of(made)
        if not cell or made.chunk is None:
            return None
        others = other_cells(made.subject, cell[1], made.evidence, made.chunk, self.bank)
        if len(others) < LEAST_OPTIONS - 1:
            return None
        item = self._item_of(made, "choice", f"{made.subject}{SEPARATOR}{cell[0]}", cell[1], "row")
        return self._with_options(item, others)

    def short(self, made: Made) -> Item | None:
        """An answer of a few words to write."""
        if definition := definition_of(made):
            return self._term_short(definition)
        if made.kind != "number":
            return None
        if "table" in made.tags:
            cell = cell_of(made)
            if not cell:
                return None
            item = self._item_of(made, "short", f"{made.subject}{SEPARATOR}{cell[0]}", cell[1], "row")
            return replace(item, accepted=made.answers[0])
        if "blank" in made.tags:
            return self._item_of(made, "short", made.question, made.answers[0][0], "blank")
        right = quantity_of(made.evidence, made.answers[0])
        if right is None:
            return None
        item = self._item_of(made, "short", made.question, right.text)
        return replace(item, accepted=(right.number, *made.answers[0]))

    def _term_short(self, right: Definition) -> Item | None:
        if len(right.term) > LONGEST_ANSWER or right.labelled or right.gives_away:
            return None
        item = self._item_of(right.made, "short", right.said, right.term, "describe")
        shorter = _GENERIC.sub("", right.term)  # "색인" for "색인 단계"
        others = all_names((right.term, shorter, *right.aliases)) | set(right.aliases)
        return replace(item, accepted=tuple(sorted(others)))

    def statement(self, made: Made, taken: Sequence[Item] = ()) -> Item | None:
        """A sentence of the documents, or the same with a name or number put in that makes it false."""
        told = Counter(item.answer for item in taken if item.form == "truefalse")
        definition = definition_of(made)
        if definition and definition.labelled:
            return self._pair(definition, told)
        said = explained(made)
        if "table" in made.tags or not said.endswith(("다.", ".")) or "\n" in made.evidence:
            return None
        if len(said) > LONGEST_STATEMENT or hangs_on_context(said):
            return None
        false = self._false(made, said) if told[FALSE] <= told[TRUE] else ""
        if false:
            return self._item_of(made, "truefalse", false, FALSE)
        return self._item_of(made, "truefalse", said, TRUE) if told[TRUE] <= told[FALSE] else None

    def _pair(self, right: Definition, told: Counter[str]) -> Item | None:
        """A name and what a list says of it, or of another name."""
        if not right.specific or right.gives_away:
            return None
        if told[FALSE] > told[TRUE]:
            return self._item_of(right.made, "truefalse", f"{right.term}{SEPARATOR}{right.said}", TRUE, "pair")
        other = self._other(right)
        false = f"{other.term}{SEPARATOR}{right.said}" if other else ""
        return self._item_of(right.made, "truefalse", false, FALSE, "pair") if false else None

    def _other(self, right: Definition) -> Definition | None:
        """Another thing of the same sort, so that a false statement is not plain nonsense."""
        others = other_terms(right, self.pool, self.bank, self.rng)
        alike = (one for one in others if one.sort == right.sort or right.shape == "facts")
        return next((one for one in alike if one.verb == right.verb and one.latin == right.latin), None)

    def _false(self, made: Made, said: str) -> str:
        """ "" where no statement can be proved false."""
        if definition := definition_of(made):
            other = None if definition.gives_away else self._other(definition)
            false = definition.stated(other) if other else ""
        elif made.kind == "number" and (right := quantity_of(made.evidence, made.answers[0])):
            numbers = other_quantities(made.question, right, made.evidence, self.bank, self.rng)
            false = said.replace(right.text, self.rng.choice(numbers), 1) if numbers and right.text in said else ""
        else:
            false = ""
        return "" if not false or self.bank.stands(false) else false

    def _item_of(self, made: Made, form: Form, question: str, answer: str, hint: str = "") -> Item:
        source = citation_of(made)
        name = item_id(form, question, answer, source.source)
        return Item(
            name, form, question, answer, source, explanation=explained(made), hint=hint, language=language_in(made)
        )

    def _with_options(self, item: Item, others: Sequence[str]) -> Item:
        options = [item.answer, *others]
        self.rng.shuffle(options)
        return replace(item, options=tuple(options))
