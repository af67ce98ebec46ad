"""Finds the parts of the system by their files: one module in a folder that exports one attribute is one part.

`discover("models.backends", "BACKEND")` imports every module of that folder and returns what they export, so that adding
a backend, a loader or a tab needs one new file and no list to edit.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any


def discover(package: str, attribute: str) -> dict[str, Any]:
    """Module name -> exported object, in alphabetical order of the modules; modules without `attribute` are skipped.

    Raises ImportError where a module cannot be imported: a broken part is a bug, not an option.
    """
    folder = importlib.import_module(package)
    names = sorted(info.name for info in pkgutil.iter_modules(folder.__path__))
    modules = {name: importlib.import_module(f"{package}.{name}") for name in names}
    return {name: getattr(module, attribute) for name, module in modules.items() if hasattr(module, attribute)}
