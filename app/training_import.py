"""Rows of one's own as a dataset: read strictly, put into the assistant's form, told row by row where they cannot be used."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.training_prompt import messages_of, span_template
from finetune.data.own import OwnData, plainly, read_own
from finetune.data.split import Shares, split
from finetune.data.store import Dataset, Datasets, Told
from models.errors import InputError

if TYPE_CHECKING:
    from app.ui.i18n import Language

PROMPT = "compact"


def check_file(path: Path) -> OwnData:
    """What the file gives, nothing kept. Raises InputError, with the first bad rows by name."""
    read = read_own(path, partial(asks, PROMPT))
    if read.bad:
        raise bad_rows(path.name, read)
    return read


def import_file(
    datasets: Datasets, path: Path, file_name: str = "", name: str = "", skip_bad: bool = False, prompt: str = PROMPT
) -> Dataset:
    """A dataset of one's own rows (finetune/data/own.py). file_name: where `path` is a copy. name: of the dataset, else the file's.

    prompt: the template that question and context are put in. skip_bad: leaves bad rows out and counts them; else they are an
    InputError that names the first ones. Raises InputError.
    """
    file_name = file_name or path.name
    name = name or free_name(datasets, Path(file_name).stem)
    datasets.check_free(name)
    read = read_own(path, partial(asks, prompt), file_name)
    if read.bad and not skip_bad:
        raise bad_rows(file_name, read)
    if not read.examples:
        detail = f"{file_name}: none of its {read.rows} rows can be trained on"
        raise InputError(detail=detail, text_key="dataset.none_sound", path=file_name, n=read.rows)
    told = Told(prompt if read.form == "question" else "", dropped={"bad_rows": read.bad}, options={"form": read.form})
    return datasets.save(name, split(read.examples, Shares(), 0), told)


def asks(prompt: str, question: str, context: str, answer: str) -> tuple[list[dict[str, str]], str]:
    """A row of question, context and answer in the assistant's form: bare words of the context are asked for as such, a sentence
    gets the mark of its passage. Without a context it is a chat."""
    from chains.prompts import REFUSAL_KO
    from chains.templates import find
    from models.types import Chunk, Locator, Passage

    if not context:
        return plainly(question, "", answer)
    passage = Passage(1, Chunk("own", context, "자료", Locator(), 0), context, (context,), 0, 1.0)
    bare = answer in context and not answer.endswith((".", "!", "?"))
    template = span_template() if bare else find(prompt)
    messages = messages_of(template, {"passages": (passage,), "history": (), "question": question})
    refuses = answer.strip() == REFUSAL_KO
    marked = bare or refuses or "[1]" in answer
    kind = "span" if bare else "refuse" if refuses else "cite"
    return [*messages, {"role": "assistant", "content": answer if marked else f"{answer} [1]"}], kind


def bad_rows(file_name: str, read: OwnData) -> InputError:
    """What is wrong with a file, row by row; both languages are filled here because each reason is a text of its own."""
    from app.ui.i18n import text

    lines = {}
    languages: tuple[Language, ...] = ("ko", "en")
    for lang in languages:
        rows = [text(f"dataset.row_{p.reason}", lang, row=p.row, field=p.field, value=p.value) for p in read.problems]
        lines[lang] = "\n  ".join(rows)
    places = {"path": file_name, "n": read.bad, "rows": read.rows}
    detail = text("dataset.bad_rows", "en", **places, lines=lines["en"])
    return InputError(detail=detail, text_key="dataset.bad_rows", **places, lines=lines["ko"])


def free_name(datasets: Datasets, wish: str) -> str:
    """The wish as a dataset's name, numbered where it is taken."""
    stem = re.sub(r"[^\w가-힣.-]+", "-", wish)[:50].strip("-.") or "data"
    taken = {dataset.about.name for dataset in datasets.all()}
    return next(name for n in range(1, len(taken) + 2) if (name := stem if n == 1 else f"{stem}-{n}") not in taken)
