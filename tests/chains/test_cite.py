"""Citations are confirmed, added or dropped by what the passages hold."""

from chains.cite import CitationRule, citations_of, cite, normalise_marks
from chains.ground import Support
from models.types import Chunk, Locator, Passage

RULE = CitationRule(support=0.5, keep=0.8)


def passage(n: int, *sentences: str) -> Passage:
    chunk = Chunk(f"id{n}", " ".join(sentences), f"doc{n}.md", Locator(headings=("제목",)), 0)
    return Passage(n, chunk, chunk.text, sentences, 0, 0.9)


PASSAGES = (passage(1, "드롭아웃은 뉴런을 끈다."), passage(2, "풀링은 크기를 줄인다."))


def support(one: float, two: float, unsupported: tuple[str, ...] = ()) -> Support:
    return Support(max(one, two), {1: one, 2: two}, {1: PASSAGES[0].text, 2: PASSAGES[1].text}, unsupported)


def test_a_confirmed_citation_stays_and_its_mark_leaves_the_text() -> None:
    sentence = cite("드롭아웃은 뉴런을 끕니다 [1].", support(0.9, 0.2), PASSAGES, RULE)
    assert (sentence.text, sentence.citations, sentence.supported) == ("드롭아웃은 뉴런을 끕니다.", (1,), True)


def test_a_citation_of_the_wrong_passage_moves_to_the_right_one() -> None:
    assert cite("드롭아웃은 뉴런을 끕니다 [2].", support(0.9, 0.2), PASSAGES, RULE).citations == (1,)


def test_a_missing_citation_is_added_where_support_is_clear() -> None:
    assert cite("드롭아웃은 뉴런을 끕니다.", support(0.9, 0.2), PASSAGES, RULE).citations == (1,)


def test_a_citation_that_points_nowhere_is_dropped() -> None:
    assert cite("드롭아웃은 뉴런을 끕니다 [7].", support(0.9, 0.2), PASSAGES, RULE).citations == (1,)
    assert cite("하늘은 파랗습니다 [7].", support(0.1, 0.2), PASSAGES, RULE).citations == ()


def test_an_invented_number_is_never_cited() -> None:
    sentence = cite("드롭아웃은 0.05를 씁니다 [1].", support(0.9, 0.2, ("0.05",)), PASSAGES, RULE)
    assert (sentence.citations, sentence.supported, sentence.unsupported) == ((), False, ("0.05",))


def test_marks_in_other_forms() -> None:
    assert normalise_marks("맞습니다 [1, 2]. 그렇습니다 [자료 3]. 【4】") == "맞습니다 [1][2]. 그렇습니다 [3]. [4]"
    assert normalise_marks("배열 x[0]과 f(1)") == "배열 x[0]과 f(1)"


def test_one_citation_for_each_passage_and_quote() -> None:
    supports = [support(0.9, 0.2), support(0.8, 0.1), support(0.1, 0.9)]
    sentences = [cite(t, s, PASSAGES, RULE) for t, s in zip(("하나 [1].", "둘 [1].", "셋 [2]."), supports, strict=True)]
    found = citations_of(sentences, supports, PASSAGES)
    assert [(c.n, c.source, c.quote) for c in found] == [
        (1, "doc1.md", PASSAGES[0].text),
        (2, "doc2.md", PASSAGES[1].text),
    ]
