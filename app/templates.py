"""Prompt templates of one's own, beside those that ship: HOME/prompts/<owner>/<name>.json, checked when read.

    templates = Templates(home / "prompts")
    templates.save("", replace(find("role"), name="우리 반"))
    templates.get("", "own:우리 반")

A value names a template wherever one is chosen: the name of a technique, or `own:` and the name of one's own.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import InputError
from models.files import write_atomic

if TYPE_CHECKING:
    from chains.templates import PromptTemplateText

log = logging.getLogger(__name__)

OWN = "own:"
MOST_TEMPLATES = 100
ORDER = ("few_shot", "zero_shot", "role", "chain_of_thought", "self_consistency")


def is_own(value: str) -> bool:
    """Whether a value names a template of one's own."""
    return value.startswith(OWN)


class Templates:
    """The templates of one home, each user's own. Thread-safe: a file a template, written in one step."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self, owner: str) -> list[tuple[str, PromptTemplateText, bool]]:
        """(value, template, own) of the techniques and then the owner's own, by name."""
        from chains.templates import shipped

        techniques = sorted(shipped().values(), key=lambda t: ORDER.index(t.name) if t.name in ORDER else len(ORDER))
        own = sorted(self._own(owner), key=lambda t: t.name)
        return [(t.name, t, False) for t in techniques] + [(OWN + t.name, t, True) for t in own]

    def get(self, owner: str, value: str) -> PromptTemplateText:
        """Raises InputError where there is none of that name."""
        from chains.templates import find

        if not is_own(value):
            return find(value)
        found = next((t for t in self._own(owner) if t.name == value.removeprefix(OWN)), None)
        if found is None:
            name = value.removeprefix(OWN)
            detail = f"There is no template {name!r}; it may have been deleted. Choose another."
            raise InputError(detail=detail, text_key="compare.template_gone", name=name)
        return found

    def identity(self, owner: str, value: str) -> str:
        """A name for rankings: an edited template is another contender, so one's own carry a digest of their text."""
        template = self.get(owner, value)
        if not is_own(value):
            return template.name
        text = json.dumps(template.to_dict(), sort_keys=True)
        return f"{template.name} #{hashlib.sha256(text.encode()).hexdigest()[:6]}"

    def save(self, owner: str, template: PromptTemplateText) -> str:
        """Keeps a template under its name, in place of an earlier one; returns its value. Raises InputError, DiskFull."""
        path = self._path(owner, template.name)
        if not path.exists() and sum(1 for _ in self._own(owner)) >= MOST_TEMPLATES:
            detail = f"There are {MOST_TEMPLATES} templates already; delete one before you save another."
            raise InputError(detail=detail, text_key="compare.too_many_templates", limit=MOST_TEMPLATES)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(template.to_dict(), ensure_ascii=False, indent=1).encode())
        return OWN + template.name

    def delete(self, owner: str, value: str) -> None:
        """Forgets a template of one's own; nothing happens where there is none."""
        if is_own(value):
            self._path(owner, value.removeprefix(OWN)).unlink(missing_ok=True)

    def _path(self, owner: str, name: str) -> Path:
        """Digests, because names may hold anything, and a name must not lead out of the folder."""
        digest = hashlib.sha256(name.encode()).hexdigest()[:24]
        return self._of(owner) / f"{digest}.json"

    def _of(self, owner: str) -> Path:
        return self._folder / (hashlib.sha256(owner.encode()).hexdigest()[:16] if owner else "mine")

    def _own(self, owner: str) -> Iterator[PromptTemplateText]:
        from chains.templates import PromptTemplateText

        for path in self._of(owner).glob("*.json"):
            try:
                yield PromptTemplateText.from_dict(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError, TypeError, InputError) as error:
                log.warning("the template %s cannot be used: %s", path, error)
