"""One's own templates are kept a user each, come back as they were, and their names lead nowhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.templates import OWN, Templates
from chains.templates import find
from models.errors import InputError


@pytest.fixture
def templates(home):
    return Templates(home / "prompts")


def test_techniques_come_first_then_ones_own(templates):
    mine = replace(find("role"), name="우리 반")
    assert templates.save("kim", mine) == OWN + "우리 반"
    names = [(value, own) for value, _, own in templates.all("kim")]
    assert names[0] == ("few_shot", False)
    assert names[-1] == (OWN + "우리 반", True)
    assert templates.get("kim", OWN + "우리 반") == mine
    assert not any(own for _, _, own in templates.all("lee"))
    with pytest.raises(InputError):
        templates.get("lee", OWN + "우리 반")


def test_edited_template_is_another_contender(templates):
    value = templates.save("", replace(find("role"), name="짧게"))
    before = templates.identity("", value)
    templates.save("", replace(find("role"), name="짧게", rules="한 문장으로 답합니다."))
    assert templates.identity("", value) != before
    assert templates.identity("", "role") == "role"


def test_names_stay_inside_the_folder(templates, home):
    value = templates.save("../../lee", replace(find("role"), name="../../../etc/passwd"))
    (path,) = home.rglob("*.json")
    assert path.is_relative_to(home / "prompts")
    templates.delete("../../lee", value)
    assert not path.exists()


def test_damaged_file_is_passed_over(templates, home):
    templates.save("", replace(find("role"), name="하나"))
    (path,) = home.rglob("*.json")
    path.write_text('{"name": "하나", "rules": 3}', encoding="utf-8")
    assert not any(own for _, _, own in templates.all(""))
