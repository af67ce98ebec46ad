"""The shipped course: Korean notes that the first start adds, so that there is something to ask from the first minute."""

from __future__ import annotations

import sysconfig
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1] / "data"
INSTALLED = Path("share", "coursemate")


def course_files() -> list[Path]:
    """The notes by name; [] where they are not there."""
    folder = shipped("course")
    return sorted(folder.glob("*.md")) if folder else []


def shipped(name: str) -> Path | None:
    """A folder of data/, in the checkout or where a wheel puts it; None where neither has it."""
    places = [CHECKOUT, *(Path(sysconfig.get_path("data", scheme)) / INSTALLED for scheme in _schemes())]
    return next((place / name for place in places if (place / name).is_dir()), None)


def _schemes() -> tuple[str, str]:
    return sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")
