"""Kiwi, the Korean morphological analyser, once a process and with the course's terms as words of its dictionary.

Its dictionaries of names from encyclopaedias are left out: over KorQuAD they change 1 of 2,000 questions, and cost two of the
three seconds that loading takes, and 250 MB.
"""

from __future__ import annotations

import functools
import threading
import warnings
from typing import Any

from ingest.terms import course_terms

_lock = threading.Lock()


@functools.cache
def _build_kiwi() -> Any:
    from kiwipiepy import Kiwi

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        kiwi = Kiwi(num_workers=0, load_default_dict=False, load_multi_dict=False)
    for form in course_terms().korean:
        kiwi.add_user_word(form, "NNP", 0.0)
    kiwi.tokenize("준비")
    return kiwi


def kiwi() -> Any:
    """The one analyser of this process, with the course's terms; the first call takes seconds, safe from any thread."""
    with _lock:
        return _build_kiwi()
