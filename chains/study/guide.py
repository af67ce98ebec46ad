"""A weekly study guide: a week is a document, several short ones or a part of a long one, cut at its headings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePath

from chains.making.base import Made
from chains.making.structures import clean_heading
from chains.study.bank import REFERENCES, Bank
from chains.study.base import Reading, Week
from chains.study.cards import cards, entry_of, terms_of
from chains.study.watch import Watch
from chains.units import cut
from models.types import Chunk, Citation

MOST_WEEKS, USUAL_WEEKS = 52, 15
MINUTES_A_WEEK = 240
MOST_READ = 400  # chunks of all weeks that terms and questions are taken from
CHARACTERS_A_MINUTE = 450  # a learner's pace with Korean course notes, not a novel's
GOALS, TERMS, READINGS, CHECKS = 4, 6, 12, 3
_NO_TOPIC = re.compile(
    r"참고|자주 하는 실수|목차|연습|확인 ?문제|퀴즈|정리|요약|실습|들어가|마치|목표$|개요$|과제$|도입|소개$|^이론|추가 학습|다\.?$"
    r"|references|exercise|summary|introduction|overview|further reading|conclusion",
    re.I,
)

Section = tuple[tuple[str, ...], list[Chunk]]


def weeks(documents: Sequence[Sequence[Chunk]], count: int, bank: Bank, watch: Watch) -> list[Week]:
    """`count` weeks, fewer where there is too little to share out; 0: one a document, of a single long one as many as it
    takes. Only more weeks than documents cut one."""
    whole = [sections_of(chunks) for chunks in documents]
    count = count or (_needed(whole[0]) if len(whole) == 1 else len(whole))
    if count > len(whole):
        whole = [[section] for sections in whole for section in sections]
    shares = [share for share in _shared(whole, min(count, MOST_WEEKS, len(whole))) if share] if whole else []
    found: list[Week] = []
    for number, share in enumerate(shares):
        watch.progress(number, len(shares))
        if watch.stopped and found:
            break
        found.append(_week(number + 1, share, bank, MOST_READ // len(shares)))
    watch.progress(len(shares), len(shares))
    return found


def _needed(sections: Sequence[Section]) -> int:
    """Weeks for a document of its own."""
    minutes = sum(_characters(section) for section in sections) / CHARACTERS_A_MINUTE
    return min(USUAL_WEEKS, max(1, round(minutes / MINUTES_A_WEEK)))


def sections_of(chunks: Sequence[Chunk]) -> list[Section]:
    """The chunks of a document by their two outermost headings, in the order of their first chunks; no references."""
    found: defaultdict[tuple[str, ...], list[Chunk]] = defaultdict(list)
    for chunk in chunks:
        if not (chunk.locator.headings and REFERENCES.search(chunk.locator.headings[-1])):
            found[chunk.locator.headings[:2]].append(chunk)
    return list(found.items()) or [((), list(chunks))]


def _shared(parts: Sequence[list[Section]], count: int) -> list[list[Section]]:
    """The parts in order, shared out to about equal lengths, none of the shares empty."""
    total = sum(_characters(section) for part in parts for section in part)
    shares: list[list[Section]] = [[] for _ in range(count)]
    passed, at = 0, 0
    for number, part in enumerate(parts):
        left = len(parts) - number
        full = passed >= total * (at + 1) / count or left <= count - at - 1
        if shares[at] and at < count - 1 and full:
            at += 1
        shares[at] += part
        passed += sum(_characters(section) for section in part)
    return shares


def _week(number: int, sections: Sequence[Section], bank: Bank, most: int) -> Week:
    """most: chunks to read; of a longer week they are spread over the whole."""
    chunks = [chunk for _, some in sections for chunk in some]
    step = max(1.0, len(chunks) / max(1, most))
    read = [chunks[int(at * step)] for at in range(int(len(chunks) / step))]
    found: list[Made] = [made for chunk in read for made in bank.read(chunk)]
    defined = terms_of(found)
    names: set[str] = set()
    terms = []
    for one in defined:
        if one.explains and not one.names & names:
            names |= one.names
            terms.append(entry_of(one))
    told = {entry.source.quote for entry in terms[:TERMS]}
    asked = sorted(found, key=lambda made: (made.evidence in told, "table" in made.tags))
    return Week(
        number,
        _title(sections),
        tuple(_goals(sections))[:GOALS],
        tuple(terms[:TERMS]),
        tuple(reading for section in sections if (reading := _reading(section)))[:READINGS],
        tuple(cards(asked, CHECKS, bank)),
    )


def _title(sections: Sequence[Section]) -> str:
    headed = [clean_heading(path[0]) for path, _ in sections if path]
    titles = dict.fromkeys(headed or [PurePath(chunks[0].source).stem for _, chunks in sections])
    return " · ".join(list(titles)[:3])


def _goals(sections: Sequence[Section]) -> list[str]:
    """What the headings say that one can explain afterwards."""
    inner = [clean_heading(path[-1]) for path, _ in sections if len(path) > 1] or [
        clean_heading(path[0]) for path, _ in sections if path
    ]
    return [topic for topic in dict.fromkeys(inner) if 2 <= len(topic) <= 40 and not _NO_TOPIC.search(topic)]


def _reading(section: Section) -> Reading | None:
    path, chunks = section
    places = (
        (chunk, unit.text) for chunk in chunks for unit in cut(chunk.text) if unit.kind not in {"heading", "code"}
    )
    start, first = next(((chunk, text) for chunk, text in places if text in chunk.text), (None, ""))
    if start is None:
        return None
    title = clean_heading(path[-1]) if path else PurePath(start.source).stem
    minutes = max(1, round(_characters(section) / CHARACTERS_A_MINUTE))
    return Reading(title, minutes, Citation(1, start.source, start.locator, first, start.id))


def _characters(section: Section) -> int:
    return sum(len(chunk.text) for chunk in section[1])
