"""Datasets of a home: whole or absent, named, hashed."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune.base import Example, Part
from finetune.data.store import Datasets, Told, content_hash
from models.errors import InputError


def parts(answer: str = "답") -> dict[Part, list[Example]]:
    messages = ({"role": "user", "content": "질문"}, {"role": "assistant", "content": answer})
    return {"train": [Example("1", messages, "structure", "a.md", "cite")], "test": [Example("2", messages)]}


def test_what_is_saved_is_read_again(home: Path) -> None:
    saved = Datasets(home).save(
        "우리 반".replace(" ", "-"), parts(), Told("compact", {"MIT": 1}, {"most": 9}, {"copies": 2})
    )
    found = Datasets(home).find("우리-반")
    assert found.about == saved.about
    assert found.examples("train") == parts()["train"]
    assert found.examples("validation") == []
    assert found.about.counts == {"train": 1, "validation": 0, "test": 1}
    assert (found.about.total, found.about.prompt, found.about.kinds) == (2, "compact", {"cite": 1, "chat": 1})
    assert [dataset.about.name for dataset in Datasets(home).all()] == ["우리-반"]


def test_the_hash_is_over_what_is_said() -> None:
    assert content_hash(parts()) == content_hash(parts())
    assert content_hash(parts()) != content_hash(parts("다른 답"))
    assert content_hash(parts()) != content_hash({"train": [*parts()["train"], *parts()["test"]]})


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 61, "a\nb", "a.", "C:\\x"])
def test_a_name_cannot_leave_its_folder(home: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot name a dataset"):
        Datasets(home).save(name, parts(), Told())


def test_a_name_that_is_taken_is_refused_and_nothing_is_lost(home: Path) -> None:
    datasets = Datasets(home)
    datasets.save("mine", parts(), Told())
    with pytest.raises(InputError, match="already"):
        datasets.save("mine", parts("neu"), Told())
    assert datasets.find("mine").examples("train") == parts()["train"]


def test_nothing_to_train_on_is_refused(home: Path) -> None:
    with pytest.raises(InputError, match="No example is left"):
        Datasets(home).save("mine", {"train": [], "test": parts()["test"]}, Told())
    assert Datasets(home).all() == []


def test_a_removed_dataset_is_gone_and_the_others_stay(home: Path) -> None:
    datasets = Datasets(home)
    for name in ("a", "b"):
        datasets.save(name, parts(), Told())
    datasets.remove("a")
    assert [dataset.about.name for dataset in datasets.all()] == ["b"]
    with pytest.raises(InputError, match=r"there are: b"):
        datasets.remove("a")


def test_a_broken_dataset_is_named_and_can_be_removed(home: Path) -> None:
    datasets = Datasets(home)
    folder = datasets.save("mine", parts(), Told()).folder
    (folder / "train.jsonl").write_text('{"id": "1"', encoding="utf-8")
    with pytest.raises(InputError, match="remove the dataset"):
        datasets.find("mine").examples("train")
    (folder / "about.json").write_text("[]", encoding="utf-8")
    assert datasets.all() == []
    datasets.remove("mine")
    assert not folder.exists()
