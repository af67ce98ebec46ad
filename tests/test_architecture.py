"""The house stands: imports run downwards and cost little, files stay small, one place reads the environment."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "models": set(),
    "ingest": {"models"},
    "chains": {"models", "ingest"},
    "finetune": {"models"},
    "evals": {"models", "ingest", "chains"},
    "app": {"models", "ingest", "chains", "finetune", "evals"},
}
PACKAGES = [name for name in MAY_IMPORT if (ROOT / name).is_dir()]
SOURCES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
HEAVY_NAMES = """chromadb gguf google.genai gradio kiwipiepy langchain_classic langchain_google_genai langchain_openai
    onnxruntime openai pypdfium2 scipy sklearn tantivy tokenizers torch transformers xllamacpp"""
HEAVY = HEAVY_NAMES.split()
FORMATS = {"ingest/loaders/docx.py", "ingest/loaders/pptx.py"}  # loaders bear the name of their format
MOST_LINES = 400


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and top-level package of every import, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno} imports relatively"
            yield node.lineno, (node.module or "").split(".")[0]


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 50
    assert {"app", "chains", "ingest", "models"} <= set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_downwards(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    against = [
        f"{name_of(path)}:{line} imports {top}"
        for path in SOURCES
        if path.is_relative_to(ROOT / package)
        for line, top in imports(path)
        if top in MAY_IMPORT and top not in allowed
    ]
    assert against == []


def test_gradio_is_imported_by_the_page_alone() -> None:
    elsewhere = [
        f"{name_of(path)}:{line}"
        for path in SOURCES
        if not path.is_relative_to(ROOT / "app" / "ui")
        for line, top in imports(path)
        if top == "gradio"
    ]
    assert elsewhere == []


def test_settings_alone_read_the_environment() -> None:
    readers = {
        name_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"})
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {a.name for a in node.names} & {"environ", "getenv"}
        )
    }
    assert readers == {"app/settings.py"}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_stay_small_and_say_what_they_are(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= MOST_LINES
    if source.strip():
        assert ast.get_docstring(ast.parse(source)), "a module says what it is and why"


def test_no_module_is_named_after_a_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    distributions = {re.split(r"[\[<>=!~ ;]", line)[0].lower().replace("_", "-") for line in wanted} - {"coursemate"}
    by_import = importlib.metadata.packages_distributions()
    taken = {
        name for name, owners in by_import.items() if {o.lower().replace("_", "-") for o in owners} & distributions
    }
    taken |= {name.replace("-", "_") for name in distributions}
    clashes = {name_of(path) for path in SOURCES if module_of(path).split(".")[-1] in taken}
    assert clashes - FORMATS == set()


def test_packages_are_ours_from_anywhere_and_cheap_to_import() -> None:
    """Every module of ours imports from `/` without pulling in a heavy library, and comes from this checkout.

    models.chat is where providers' clients are subclassed, models.nn where torch's modules are; both are imported when they are used.
    """
    heavy = (ROOT / "models" / "chat", ROOT / "models" / "nn", ROOT / "finetune" / "loop")
    cheap = [module_of(path) for path in SOURCES if not any(path.is_relative_to(folder) for folder in heavy)]
    code = f"""
import importlib, sys
for name in {cheap!r}:
    module = importlib.import_module(name)
    if not str(module.__file__).startswith({str(ROOT)!r}):
        print("not ours:", name, module.__file__)
    for heavy in sorted(set({HEAVY!r}) & set(sys.modules)):
        print("heavy:", name, "imports", heavy)
        sys.exit(1)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0), done.stdout + done.stderr[-2000:]


def test_help_costs_no_heavy_import() -> None:
    code = f"""
import sys
from app.cli import main
try:
    main(["--help"])
except SystemExit as end:
    print(end.code, sorted((set({HEAVY!r}) | {{"pydantic_settings", "langchain_core.language_models"}}) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {project['version']}" in changes
