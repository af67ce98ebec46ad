"""Questions from how a document is set: labelled items, lists under a heading, tables, headings that ask."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chains.making.base import Made
from chains.making.grammar import Sentence, bare, is_phrase, with_particle
from chains.making.statements import Rarest
from ingest.blocks import Block, read_blocks
from ingest.morphemes import content_morphemes
from ingest.sentences import split_sentences
from models.types import Chunk

ASPECTS = frozenset(
    [
        "차이",
        "차이점",
        "장점",
        "단점",
        "장단점",
        "한계",
        "한계점",
        "특징",
        "목적",
        "목표",
        "종류",
        "구조",
        "과정",
        "단계",
        "원리",
        "역할",
        "필요성",
        "중요성",
        "구성",
        "구성요소",
        "요소",
        "조건",
        "활용",
        "활용법",
        "방법",
        "이유",
        "원인",
        "절차",
        "유형",
        "효과",
        "문제",
        "문제점",
        "대책",
        "해결책",
        "의미",
        "정의",
        "개념",
        "핵심",
        "기준",
        "원칙",
        "순서",
        "기능",
        "주의사항",
    ]
)
_QUESTION = re.compile(r"(?:\?|[은는인]가|[을를까]까|인지|하나|나요)\??$")
_NUMBERING = re.compile(
    r"^(?:[\W_]*(?:\d+(?:[.-]\d+)*[.)]?|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩIVX]+\.|제?\s?\d+\s?(?:장|강|주차|주|일차|차시|단계)[.:)]?|[가-하][.)]|[①-⑳])[\s:.]+)+"
)
_ITEM = re.compile(r"^(?P<indent>\s*)(?:[-*+•◦▪·]|\d{1,2}[.)])\s+(?P<text>\S.*)$")
_LABELLED = re.compile(
    r"^(?:\*\*(?P<bold>[^*]{2,40}?)\s*:?\*\*|(?P<plain>[^:：`*]{2,30}?))(?P<aside>\s*\([^()]*\))?\s*[:：]\s*(?P<said>\S.+)$"
)
_NUMBER_CELL = re.compile(r"^(?:약\s?)?[$₩]?\d[\d,.~–만억조천 -]*\s?(?:[가-힣]{1,3}|[A-Za-z%]{1,3})?$")
_ATTRIBUTE_NAMES = frozenset(["", "항목", "구분", "비교", "비교 항목", "기준", "특징", "속성", "내용", "측면"])
_VAGUE = frozenset(
    [
        "개요",
        "예시",
        "사례",
        "모델",
        "내용",
        "설명",
        "값",
        "실습",
        "이론",
        "과제",
        "목표",
        "준비물",
        "평가",
        "활동",
        "시간",
        "일정",
        "주제",
        "결과",
        "결론",
        "요약",
        "정리",
        "질문",
        "답",
        "참고",
        "비고",
        "출처",
        "팁",
        "실용적",
        "기타",
        "비하인드",
        "인간",
        "이야기",
        "코드",
        "출력",
        "입력",
        "주의",
        "도구",
        "자료",
        "교재",
        "시험",
        "발표",
        "프로젝트",
        "기술적",
        "상세",
    ]
)
_GIVES_REASON = re.compile(r"때문|므로|위해|위한|않으면|없으면|수 있")
_RULE = re.compile(r"^[\s|:-]+$")


def is_rule(line: str) -> bool:
    """Whether a line of a table only draws a line."""
    return bool(_RULE.match(line))


@dataclass(frozen=True, slots=True)
class Section:
    """A block with the headings it stands under, innermost last."""

    block: Block
    headings: tuple[str, ...]
    chunk: Chunk


def sections(chunk: Chunk) -> Iterator[Section]:
    """The chunk's blocks; headings inside of it count as well."""
    path: tuple[str, ...] = chunk.locator.headings
    for block in read_blocks(chunk.text):
        if block.kind == "heading":
            path = (*path[: max(0, block.level - 1)], block.title) if path else (block.title,)
        else:
            yield Section(block, path, chunk)


def clean_heading(heading: str) -> str:
    """A heading without its number, its marks and what stands in brackets."""
    words = bare(re.sub(r"\*\*|\([^()]*\)", "", heading))
    return _NUMBERING.sub("", words).strip(" :：-–·#")


def from_section(section: Section, rarest: Rarest) -> Iterator[Made]:
    """The questions a block gives."""
    if section.block.kind == "table":
        yield from _from_table(section, rarest)
    elif section.block.kind == "text":
        items = [match for line in section.block.text.split("\n") if (match := _ITEM.match(line))]
        yield from _from_labels(section, items, rarest)
        yield from _from_heading(section, items, rarest)


def _heading(section: Section) -> str:
    return clean_heading(section.headings[-1]) if section.headings else ""


def _from_heading(section: Section, items: Sequence[re.Match[str]], rarest: Rarest) -> Iterator[Made]:
    heading = _heading(section)
    asks = bool(_QUESTION.search(heading)) and 6 <= len(heading) <= 60
    aspect = heading.split()[-1] if len(heading.split()) > 1 else ""
    if not asks and (aspect not in ASPECTS or not is_phrase(heading)):
        return
    question = f"{heading.rstrip('?')}?" if asks else f"{with_particle(heading, '은(는)')} 무엇인가요?"
    answers, evidence = _listed(section, items, question) if items else _said(section, rarest, question)
    if answers:
        kind = "why" if re.search(r"왜|이유|원인", heading) else "list" if items else "fact"
        yield Made(kind, question, heading, evidence, answers, bare(evidence.replace("\n", " ")), section.chunk)


def _listed(section: Section, items: Sequence[re.Match[str]], question: str) -> tuple[tuple[tuple[str, ...], ...], str]:
    """The first words of two to six items, and the items as they stand."""
    outer = [item for item in items if len(item["indent"]) <= len(items[0]["indent"])]
    if not 2 <= len(outer) <= 6:
        return (), ""
    heads = [_head(item["text"]) for item in outer]
    first, last = outer[0].string, outer[-1].string
    text = section.block.text
    evidence = text[text.index(first) : text.rindex(last) + len(last)]
    if len(evidence) > 600 or not all(heads) or any(head in question for head in heads):
        return (), ""
    return tuple((head,) for head in heads[:3]), evidence


def _head(item: str) -> str:
    """What an item is called: its label, else itself where that is a short phrase."""
    found = _LABELLED.match(item)
    words = bare((found["bold"] or found["plain"]) if found else item).strip(" :.")
    return words if is_phrase(words) and len(words) <= 20 else ""


def _said(section: Section, rarest: Rarest, question: str) -> tuple[tuple[tuple[str, ...], ...], str]:
    text = section.block.text
    for start, end in split_sentences(text)[:1]:
        sentence = Sentence(text[start:end])
        subject = set(content_morphemes(" ".join(question.split()[:-2])))
        shared = subject & set(content_morphemes(sentence.text))
        if text.lstrip().startswith(">") or not shared or ("차이" in question and shared != subject):
            return (), ""
        if re.search(r"왜|이유|원인|필요성", question) and not _GIVES_REASON.search(sentence.text):
            return (), ""
        if 20 <= len(sentence.text) <= 220 and sentence.text.endswith("다.") and sentence.stands_alone:
            words = rarest(sentence.words(0, len(sentence.text)), 2, question)
            return (tuple((word,) for word in words), sentence.evidence) if len(words) == 2 else ((), "")
    return (), ""


def _from_labels(section: Section, items: Sequence[re.Match[str]], rarest: Rarest) -> Iterator[Made]:
    """- **용어**: 설명 -> 용어란 무엇인가요?  A label such as 장점 or 한계 belongs to its heading."""
    heading = _heading(section)
    for item in items:
        found = _LABELLED.match(item["text"])
        if not found or len(found["said"]) < 12 or len(found["said"]) > 200:
            continue
        label = bare(found["bold"] or found["plain"]).strip(" :")
        if (
            not is_phrase(label)
            or "(" in label
            or re.match(r"[\"“'‘]|\S+적\s", found["said"])
            or re.match(r"\S+적\s", label)
        ):
            continue
        if len(label.split()) > 1 and label.split()[-1] in ASPECTS:
            subject, question = label, f"{with_particle(label, '은(는)')} 무엇인가요?"
        elif label in ASPECTS:
            subject = heading
            if not is_phrase(heading) or heading.split()[-1] in ASPECTS:
                continue
            question = f"{heading}의 {with_particle(label, '은(는)')} 무엇인가요?"
        elif label not in _VAGUE and _is_name(label):
            subject, question = label, f"{with_particle(label, '이(란)')} 무엇인가요?"
        else:
            continue
        said = Sentence(found["said"])
        words = rarest(said.words(0, len(said.text)), 2, question)
        if len(words) == 2:
            evidence = item.string.strip()
            yield Made(
                "definition" if "란 무엇" in question else "fact", question, subject, evidence,
                tuple((word,) for word in words), f"{label}: {bare(said.text)}", section.chunk,
            )  # fmt: skip


def _is_name(label: str) -> bool:
    """Whether a label names a thing of the field, and not a part of its paragraph ("효율성", "개념 소개")."""
    from ingest.terms import course_terms

    latin = re.search(r"[A-Z][A-Za-z0-9]", label) and not re.search("[가-힣]", label)
    return bool(latin) or (len(label) > 2 and label.replace(" ", "") in course_terms().korean)


def _from_table(section: Section, rarest: Rarest) -> Iterator[Made]:
    """A cell: the row's first cell is what is asked about, the column's name what is asked."""
    lines = [line for line in section.block.text.split("\n") if line.strip()]
    rows = [[bare(cell) for cell in line.strip().strip("|").split("|")] for line in lines if not is_rule(line)]
    written = [line for line in lines if not is_rule(line)]
    if len(rows) < 3 or len(rows[0]) < 2:
        return
    header, names = rows[0], [row[0] for row in rows[1:]]
    across = header[0] in _ATTRIBUTE_NAMES or all(column.endswith("의 값") for column in header[1:])
    for line, row in zip(written[1:], rows[1:], strict=True):
        if len(row) != len(header) or names.count(row[0]) > 1 or not is_phrase(row[0]):
            continue
        for column, cell in list(zip(header, row, strict=True))[1:]:
            name, attribute = (re.sub(r"의 값$", "", column), row[0]) if across else (row[0], column)
            if made := _cell(name, attribute, cell, line.strip(), section, rarest):
                yield made


def _cell(name: str, attribute: str, cell: str, line: str, section: Section, rarest: Rarest) -> Made | None:
    if not is_phrase(name) or not is_phrase(attribute) or not 1 <= len(cell) <= 60 or cell in name or cell in attribute:
        return None
    if name in _VAGUE or re.search(r"예시?$|비고|참고", attribute) or cell in {"-", "–", "X", "O", "없음"}:
        return None
    number = bool(_NUMBER_CELL.match(cell))
    asks = "무엇인가요"
    if number:
        asks = (
            "몇 년인가요"
            if attribute.endswith("연도")
            else "몇 개인가요"
            if attribute.endswith(" 수")
            else "얼마인가요"
        )
    elif re.search(r"[가-힣](?:음|함|됨|큼|림)$", cell):
        asks = "어떤가요"
    question = f"{name}의 {with_particle(attribute, '은(는)')} {asks}?"
    answers = [re.sub(r"^약\s", "", cell)]
    if not number and len(cell.split()) > 3:
        answers = rarest(Sentence(cell).words(0, len(cell)), 2, question)
    if not answers or not (number or re.search(r"[가-힣A-Za-z]{2}", cell)):
        return None
    reference = f"{name}의 {with_particle(attribute, '은(는)')} {cell}"
    return Made(
        "number" if number else "fact", question, name, line, tuple((answer,) for answer in answers), reference,
        section.chunk, ("table",),
    )  # fmt: skip
