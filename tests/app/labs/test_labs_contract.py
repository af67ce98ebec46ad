"""Every lab keeps the promises of app/labs/base.py: words, controls, tries, notes, networks; and, where it offers small settings,
it survives every control at both its ends and says all it shows in both languages."""

from __future__ import annotations

import importlib
import json
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.course import shipped
from app.labs.base import (
    Choice,
    Control,
    Desk,
    Drawing,
    Event,
    Figure,
    File,
    Lab,
    Progress,
    Range,
    Said,
    Score,
    Shown,
    Table,
    Used,
    Words,
    from_row,
    read_values,
    to_row,
)
from app.labs.drawing import SHARED, drawn, headings
from app.labs.running import find, labs, shipped_events
from app.labs.telling import told, used
from app.labs.words import LANGUAGES, words
from app.ui.i18n import catalog
from models.errors import CourseMateError, InputError

LABS = labs()
SMALL = [name for name, lab in LABS.items() if getattr(lab, "small", None)]
QUICK_S = 5.0  # announced; what takes longer is held at its ends by the lab's own tests
QUICK = [name for name in SMALL if LABS[name].seconds(**read_values(LABS[name], LABS[name].small)) <= QUICK_S]


def holes(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("name", LABS)
class TestEveryLab:
    def test_it_is_found_by_its_name_and_lies_in_its_file(self, name: str) -> None:
        lab = find(name)
        assert importlib.import_module(type(lab).__module__).LAB is lab, "the process that runs it looks there"

    def test_its_words_stand_in_both_languages(self, name: str) -> None:
        said = words(name)
        for key, each in said.items():
            assert set(each) == set(LANGUAGES), key
            assert all(text.strip() for text in each.values()), key
            assert holes(each["ko"]) == holes(each["en"]), key
        wanted = {"title", "goal", "expected", "outside"}
        for n in (1, 2, 3):
            wanted |= {f"predict_{n}", f"told_{n}", *(f"guess_{n}_{guess}" for guess in (1, 2, 3))}
        assert wanted - set(said) == set()

    def test_its_controls_have_names_and_good_defaults(self, name: str) -> None:
        lab = LABS[name]
        names = [control.name for control in lab.controls]
        assert len(set(names)) == len(names)
        assert {f"control_{one}" for one in names} - set(words(name)) == set()
        values = read_values(lab, {})
        assert list(values) == names
        for control in lab.controls:
            if isinstance(control, Range):
                assert control.low < control.high and (control.low > 0 or not control.log), control.name

    def test_its_tries_can_be_taken_over(self, name: str) -> None:
        lab = LABS[name]
        assert len(lab.tries) == 3
        for one in lab.tries:
            assert one.right in (1, 2, 3)
            assert lab.seconds(**read_values(lab, one.values)) > 0

    def test_it_announces_its_time_at_the_ends_of_its_controls(self, name: str) -> None:
        lab = LABS[name]
        for values in ({}, *ends(lab)):
            assert 0 < lab.seconds(**read_values(lab, values)) <= 20 * 60

    def test_its_notes_and_networks_are_there(self, name: str) -> None:
        lab, course = LABS[name], shipped("course")
        assert course is not None
        assert lab.notes and [note for note in lab.notes if not (course / note).is_file()] == []
        if lab.network:
            pytest.importorskip("torch")
        for module in lab.network:
            importlib.import_module(module)

    def test_wrong_values_are_told_with_the_controls_own_names(self, name: str) -> None:
        lab = LABS[name]
        for given in wrong(lab):
            with pytest.raises(InputError) as caught:
                read_values(lab, given)
            for lang in LANGUAGES:
                sentence = told(lab, caught.value, lang)
                assert words(name)[f"control_{next(iter(given))}"][lang] in sentence or "_file" in str(
                    caught.value.params
                )

    def test_what_came_along_can_be_shown(self, name: str) -> None:
        for row in shipped_events(name):
            event = from_row(json.loads(row))
            for lang in LANGUAGES:
                said_well(LABS[name], event, lang)


def wrong(lab: Lab) -> Iterator[dict[str, object]]:
    """A bad value for each control."""
    for control in lab.controls:
        if isinstance(control, Range):
            yield {control.name: control.high * 2 + 1}
        elif isinstance(control, Words):
            yield {control.name: "가" * (control.longest + 1)}
        elif isinstance(control, Drawing):
            yield {control.name: "1,2,3"}
        elif isinstance(control, Choice):
            yield {control.name: "🙂"}


def ends(lab: Lab) -> Iterator[dict[str, object]]:
    """One control at an end, or at what is hard for it."""
    yield from ({control.name: value} for control in lab.controls for value in hard(control))


def hard(control: Control) -> tuple[object, ...]:
    if isinstance(control, Choice):
        return control.values
    if isinstance(control, Range):
        return (control.low, control.high)
    if isinstance(control, Words):
        return ("가", "🙂🙂", "a" * control.longest, "?!\n\t..")
    if isinstance(control, Drawing):
        return ("", ",".join(["255"] * control.size**2))
    assert isinstance(control, File)
    return ("",)


def said_well(lab: Lab, event: Event, lang: str) -> None:
    """Everything it shows has words, and its figures are JSON that a browser reads."""
    known = words(lab.name)
    if isinstance(event, Progress):
        assert not event.key or event.key in known, event.key
    elif isinstance(event, Score):
        assert f"score_{event.name}" in known, event.name
    elif isinstance(event, Used):
        assert used(lab, [event], lang)
    elif isinstance(event, Shown):
        block = event.block
        if isinstance(block, Said):
            assert known[block.key][lang].format(**block.values)
        elif isinstance(block, Figure):
            assert f"figure_{block.name}" in known, block.name
            json.dumps(drawn(lab.name, block, lang), allow_nan=False)
        elif isinstance(block, Table):
            assert f"table_{block.name}" in known, block.name
            assert len(headings(lab.name, block, lang)) == len(block.columns)
            assert {len(row) for row in block.rows} <= {len(block.columns)}, block.name


def ran(lab: Lab, home: Path, values: Mapping[str, object]) -> list[Event]:
    """Its events; what a bad value gives must be told in both languages."""
    try:
        return list(lab.compute(Desk(home, threads=1), **read_values(lab, values)))
    except CourseMateError as error:
        for lang in LANGUAGES:
            assert told(lab, error, lang)
        return []


@pytest.mark.parametrize("name", SMALL)
def test_the_same_settings_give_the_same_result_in_words_of_both_languages(name: str, home: Path) -> None:
    one_thread()
    lab = LABS[name]
    first = ran(lab, home, lab.small)
    assert any(isinstance(event, Shown) for event in first), "the small settings themselves must work"
    for event in first:
        assert from_row(json.loads(json.dumps(to_row(event)))) is not None
        for lang in LANGUAGES:
            said_well(lab, event, lang)
    kept = [event for event in first if isinstance(event, Score) and event.unit not in {"seconds", "mb"}]
    again = [event for event in ran(lab, home, lab.small) if isinstance(event, Score)]
    assert [event for event in again if event.unit not in {"seconds", "mb"}] == kept


@pytest.mark.parametrize("name", QUICK)
def test_every_control_holds_at_its_ends(name: str, home: Path) -> None:
    one_thread()
    lab = LABS[name]
    for values in ends(lab):
        if lab.seconds(**read_values(lab, {**lab.small, **values})) <= QUICK_S:
            ran(lab, home, {**lab.small, **values})


def one_thread() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)


def test_the_shared_words_stand_in_both_languages() -> None:
    for key, each in words(SHARED).items():
        assert set(each) == set(LANGUAGES), key


def test_every_error_of_the_controls_has_a_text() -> None:
    keys = {"no_value", "no_number", "empty", "too_long", "no_file", "no_drawing", "no_control", "no_lab"}
    assert {f"labs.{key}" for key in keys} - set(catalog("ko")) == set()
