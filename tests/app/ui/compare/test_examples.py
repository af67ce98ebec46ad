"""Examples go to the editor and come back, and a bad one is named by its number."""

from __future__ import annotations

import pytest

from app.ui.compare.examples import read, write
from chains.templates import shipped
from models.errors import InputError


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_examples_survive_the_editor(name):
    examples = shipped()[name].examples
    assert read(write(examples)) == examples


@pytest.mark.parametrize("text", ["묻기만 합니다", "물음\n=>\n", "물음\n=>\n답\n=>\n또 답"])
def test_bad_example_is_named(text):
    with pytest.raises(InputError, match="Example 2"):
        read(f"물음\n=>\n답\n---\n{text}")
