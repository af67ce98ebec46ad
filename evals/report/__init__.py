"""The report of a run, for people: summary.json, report.md and report.html.

write_report(Path("runs/monday"), "ko")
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from evals.run_folder import REPORT, TABLE, load_run
from evals.summary import summarise_run, write_summary
from models.embedders.base import Embedder
from models.files import write_atomic


def write_report(folder: Path, language: Literal["ko", "en"] = "ko", embedder: Embedder | None = None) -> Path:
    """Makes all three anew from what the run's folder holds. Returns the path of report.html.

    embedder: for metrics that compare meanings; they are left out without. Raises InputError where there is no run.
    """
    from evals.report import page, table

    summary = summarise_run(load_run(folder), embedder)
    write_summary(summary)
    write_atomic(folder / TABLE, table.render(summary, language).encode())
    write_atomic(folder / REPORT, page.render(summary, language).encode())
    return folder / REPORT
