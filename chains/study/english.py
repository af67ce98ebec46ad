"""What English documents give: definitions, and numbers to fill in. Tables and labelled items are read as in Korean ones.

A sentence is taken only where its form leaves no doubt what is defined: "An optimizer is a rule that …", "Dropout is a …".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from chains.making.base import Made
from chains.making.extract import Rarest, questions_of
from chains.making.grammar import bare
from chains.making.structures import sections
from chains.study.language import is_function_word
from ingest.sentences import split_sentences
from models.types import Chunk

TAG = "en"
BLANK = "____"
_ASIDE = re.compile(r"\s?\([^()]*\)|\[\d+(?:,\s?\d+)*\]")
_DEFINES = re.compile(
    r"^(?P<lead>(?:(?:An?|The)\s)?(?P<term>[A-Za-z][\w./+-]*(?:[ -][\w./+-]+){0,3}))(?:\s\((?P<alias>[^()]{2,40})\))?,?\s"
    r"(?P<verb>is|are|refers to|refer to|means|denotes)\s(?P<said>(?:an?|the|any)\s.{20,200})\.$"
)
_ARTICLE = re.compile(r": (?:an?|the|any)\s", re.IGNORECASE)  # "Flexibility: at their core, …" says not what it is
_NO_TERM = re.compile(
    r"^(?:it|this|that|these|those|there|here|they|he|she|we|you|what|which|who|how|when|where|why|one|another|both|each|such|all"
    r"|some|many|most|if|so|now|then|but|and|or|also|as|in|on|at|for|to|from|with|by|since|because|while|although|once|note|during|after|before|using|despite"
    r"|be|use|notice|remember|recall|consider|let|make|see|try|check|run|find|create)\b"
    r"|\b(?:of|in|for|to|with|from|on|at|by|and|or|that|which|not|also|still|above|below|following|previous|next|first|second|last)\b"
    r"|\b(?:goal|idea|purpose|reason|result|answer|problem|difference|example|point|question|step|way|case|figure|table|code|output)s?$",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:this|these|those|above|below|following|previous|we|our|us|you|your|here|it is also|figure|table|listing|chapter|section|exercise)\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"^(?:a|an|the|one)\s(?:good|great|bad|same|case|lot|few|bit|key|big|simple|main|only|most|way|example)\b"
)
_PEOPLE = frozenset(
    ["engineer", "researcher", "scientist", "developer", "advocate", "professor", "founder", "author", "student"]
)
_NUMBER = re.compile(r"(?<![\w.,$€£-])(?P<number>\d[\d,]*(?:\.\d+)?%?)\s(?P<unit>[a-z][a-z-]{2,})")
_NO_COUNT = re.compile(r"(?:\b[A-Z][\w-]*|\ban?)\s$")  # "Flash Attention 2" is a name, "a 0 value" no count
_SUBJECT = re.compile(r"^(?:(?:An?|The)\s(?:\w+\s){0,2})?[A-Z][\w.+/-]*")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A defining sentence. lead: the term with its article; said: the rest of the sentence, without its full stop."""

    lead: str
    term: str
    verb: str
    said: str
    aliases: tuple[str, ...]


def english_questions(chunk: Chunk, rarest: Rarest) -> Iterator[Made]:
    """What can be asked of an English chunk, in reading order."""
    for made in questions_of(chunk, rarest):
        if "table" in made.tags:
            yield replace(made, tags=(*made.tags, TAG))
        elif made.kind == "definition" and _ARTICLE.search(made.reference):
            yield replace(made, question=f"What is {made.subject}?", tags=(TAG,))
    for section in sections(chunk):
        if section.block.kind == "text" and "|" not in section.block.text:
            for start, end in split_sentences(section.block.text):
                if found := _of_sentence(section.block.text[start:end], chunk):
                    yield found


def _of_sentence(evidence: str, chunk: Chunk) -> Made | None:
    text = plain(evidence)
    if not 30 <= len(text) <= 220 or not re.match(r"[A-Z]", text) or not text.endswith(".") or _POINTS.search(text):
        return None
    if re.search(r"\. [A-Z]|``", text):
        return None
    if parsed := parse(evidence):
        lead = parsed.lead if parsed.lead == parsed.term else parsed.lead[0].lower() + parsed.lead[1:]
        question = f"What {'are' if parsed.verb in {'are', 'refer to'} else 'is'} {lead}?"
        return Made("definition", question, parsed.term, evidence, (), text, chunk, (TAG,))
    found = list(_NUMBER.finditer(text))
    if len(found) != 1 or len(re.findall(r"\d+", _SUBJECT.sub("", text))) > len(re.findall(r"\d+", found[0]["number"])):
        return None
    if not _SUBJECT.match(text) or _NO_TERM.match(text) or _NO_COUNT.search(text[: found[0].start()]):
        return None
    number = found[0]["number"]
    if is_function_word(found[0]["unit"]):
        return None
    blanked = f"{text[: found[0].start()]}{BLANK}{text[found[0].start() + len(number) :]}"
    return Made("number", blanked, "", evidence, ((number,),), text, chunk, (TAG, "blank"))


def parse(evidence: str) -> Parsed | None:
    """The parts of a sentence that says what a term is; None for any other."""
    flat = re.sub(r"\s+", " ", bare(re.sub(r"\[\d+(?:,\s?\d+)*\]", "", evidence))).strip()
    found = _DEFINES.match(flat)
    if not found or _NO_TERM.search(found["term"]) or _VAGUE.match(found["said"]) or "?" in flat:
        return None
    if found["lead"].startswith("The ") and not re.search("[A-Z]", found["term"]):
        return None  # "the encoder" of this very text
    if head_of(found["said"]) in _PEOPLE:
        return None
    alias = found["alias"] or ""
    aliases = (alias,) if re.fullmatch(r"[A-Za-z][\w\s.+'-]*", alias) and not re.search(r"\d{4}|et al", alias) else ()
    term = found["term"][0].upper() + found["term"][1:]
    lead = term if found["lead"] == found["term"] else found["lead"]
    return Parsed(lead, term, found["verb"], plain(found["said"]), aliases)


def plain(evidence: str) -> str:
    """A sentence without asides, references and emphasis, on one line."""
    return re.sub(r"\s+", " ", _ASIDE.sub("", evidence.replace("**", ""))).strip()


def head_of(said: str) -> str:
    """What kind of thing it is said to be: "a rule that updates …" -> "rule"."""
    phrase = re.split(
        r"\s(?:that|which|who|where|used|for|of|in|to|at|with|by|from|on|designed|based|whose|and|or)\b|,",
        said,
        maxsplit=1,
    )[0]
    return phrase.split()[-1].lower() if phrase.split() else ""
