"""What a made question is to be answered with: the document's own words as one polite sentence."""

from __future__ import annotations

import re

from chains.making.base import Made
from chains.making.grammar import NOUN_TAGS, Sentence, bare, with_particle
from ingest.analyser import kiwi
from ingest.morphemes import content_morphemes

_POLITE = re.compile(r"니다\.$")
_REFERENCE = re.compile(r"\s?\((?:[^()]*\b(?:19|20)\d{2}[a-z]?(?!\d)[^()]*|[^()]*(?:참고|참조|그림|출처)[^()]*|\s*)\)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|<[^>]+>")
_CODE = re.compile(r"[{}<>=\\|#@_~^\[\]]|https?:|::|->|\.\w+\(|\w\(\)")
_HANGUL = re.compile("[가-힣]")
_MOST_CHARACTERS = 220
_APART = re.compile(r"[가-힣A-Za-z)]\s(?:은|는|을|를|와|과|에|로|의) ")  # particles that stand apart: badly set text
_UNNATURAL = re.compile(r"[,/·+]")
_STEP = re.compile(
    r"^(?:Use|Create|Generate|Run|Set|Add|Load|Get|Make|Build|Define|Check|Update|Call|Return|Step)\b|^(?:도구|단계|노드) .*정의$"
)
_LABELLED = re.compile(r"^(?P<label>[^:]{2,40}): (?P<said>.+)$", re.S)


def spoken(evidence: str) -> str:
    """The sentence as one says it: without marks, links and references. "" for what is no polite Korean sentence."""
    text = bare(_REFERENCE.sub("", _LINK.sub(r"\1", evidence)))
    text = re.sub(r"\s+([.,)])", r"\1", text)
    hangul = len(_HANGUL.findall(text))
    if re.match(r"\W", text) or _APART.search(text):
        return ""
    sound = _POLITE.search(text) and "다. " not in text and hangul > 0.45 * len(text.replace(" ", ""))
    balanced = text.count("(") == text.count(")") and text.count('"') % 2 == 0
    return text if sound and balanced and len(text) <= _MOST_CHARACTERS and not _CODE.search(text) else ""


def answer_of(made: Made) -> str:
    """The sentence that answers the question, "" where none can be made of the document's words."""
    if "table" in made.tags:
        return _from_cell(made)
    if made.kind == "list":
        return _from_list(made)
    if whole := spoken(made.evidence):
        return whole if _is_about(whole, made) else ""
    labelled = _LABELLED.match(made.reference)
    return _from_label(labelled["label"], labelled["said"]) if labelled else ""


def _is_about(said: str, made: Made) -> bool:
    """Whether the sentence below a heading takes up what the heading names; other questions are made of the sentence itself."""
    if made.kind != "fact":
        return True
    named = frozenset(content_morphemes(made.subject))
    return len(named & frozenset(content_morphemes(said))) >= 0.6 * len(named)


def _from_cell(made: Made) -> str:
    """X의 Y는 Z + 입니다."""
    name, _, rest = made.reference.partition("의 ")
    asked = made.question.partition("의 ")[2].rpartition(" ")[0]
    if not re.search("[가-힣]{2}", asked) or rest.count(name):
        return ""
    if not rest or _UNNATURAL.search(name) or len(rest.split()) > 9 or _CODE.search(made.reference):
        return ""
    if re.search(r"의 \S+[는은을] \S+[은는] ", made.question):  # "점수의 읽는 법은"
        return ""
    counted = "개" if made.question.endswith("몇 개인가요?") and made.reference[-1].isdigit() else ""
    return f"{made.reference}{counted}입니다." if ends_as_noun(made.reference) else ""


def _from_list(made: Made) -> str:
    heads = [group[0] for group in made.answers]
    lines = [line for line in made.evidence.split("\n") if re.match(r"\s{0,1}(?:[-*+•]|\d+[.)])\s", line)]
    subject = made.question.removesuffix(" 무엇인가요?")
    if subject == made.question or len(heads) != len(lines) or not all(ends_as_noun(head) for head in heads):
        return ""
    return f"{subject} {', '.join(heads)}입니다."


def _from_label(label: str, said: str) -> str:
    """용어: 설명 -> 용어는 설명입니다."""
    text = re.sub(r"\s+", " ", bare(_REFERENCE.sub("", _LINK.sub(r"\1", said)))).strip()
    if _STEP.match(label) or text.rstrip(".").endswith("방법"):  # a step of a procedure, not a name
        return ""
    if "다. " in text or "요." in text or _CODE.search(label + text) or Sentence(text).topic or len(text) > 160:
        return ""
    head = with_particle(label, "은(는)")
    if _POLITE.search(text):
        return spoken(f"{head} {text}")
    plain = text.rstrip(".")
    return f"{head} {plain}입니다." if ends_as_noun(plain) else ""


def ends_as_noun(text: str) -> bool:
    """Whether 입니다 may follow: a noun, a number with its unit, a name in Latin letters."""
    if text.endswith((".", "!", "?")):
        return False
    tokens = kiwi().tokenize(re.sub(r"\s?\([^()]*\)$", "", text).rstrip(" %") or text)
    return bool(tokens) and tokens[-1].tag.startswith((*NOUN_TAGS, "SW")) and not text.endswith((":", ",", "등"))
