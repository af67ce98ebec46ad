"""The shipped course: Korean notes that the first start adds, so that there is something to ask from the first minute."""

from __future__ import annotations

import sysconfig
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1] / "data" / "course"
INSTALLED = Path("share", "coursemate", "course")


def course_files() -> list[Path]:
    """The notes by name, from the checkout or from where a wheel puts them; [] where neither has them."""
    places = [CHECKOUT] + [Path(sysconfig.get_path("data", scheme)) / INSTALLED for scheme in _schemes()]
    folder = next((place for place in places if place.is_dir()), None)
    return sorted(folder.glob("*.md")) if folder else []


def _schemes() -> tuple[str, str]:
    return sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")
