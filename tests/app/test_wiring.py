"""Each part once, from any thread; what changes drops what was built from it; the page starts in steps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from app.course import course_files
from app.keys import Keys
from app.local_model import LARGE, SMALL, choose
from app.machine import Memory
from app.once import Once
from app.settings import load
from app.wiring import Wiring
from models.errors import ConfigError, InputError, MissingError, StoreError
from models.fetch import WeightsStore
from models.types import Usage

Make = Callable[..., Wiring]


@pytest.fixture
def make(home: Path) -> Iterator[Make]:
    """make(speed="fast", …) wires an application over an empty home, with fake models."""
    made: list[Wiring] = []

    def wire(environment: dict[str, str] | None = None, **given: Any) -> Wiring:
        settings = load(home, **{"embedder": "fake", "backend": "fake", **given})
        made.append(Wiring(settings, Keys(home / "keys.toml", environment or {})))
        return made[-1]

    yield wire
    for wiring in made:
        wiring.close()


def test_once_builds_once_however_many_ask() -> None:
    built: list[int] = []
    gate = threading.Barrier(8)
    once = Once(lambda: built.append(1) or object())

    def ask() -> None:
        gate.wait()
        values.append(once.get())

    values: list[object] = []
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert len(set(map(id, values))) == 1


def test_once_tries_again_after_a_failure_and_closes_what_it_drops() -> None:
    class Part:
        closed = False

        def close(self) -> None:
            self.closed = True

    part, answers = Part(), iter([ValueError("not yet"), None])

    def build() -> Part:
        error = next(answers)
        if error:
            raise error
        return part

    once = Once(build)
    with pytest.raises(ValueError, match="not yet"):
        once.get()
    assert once.get() is part
    once.drop()
    assert part.closed
    assert not once.built


def test_the_shipped_course_is_found() -> None:
    names = [path.name for path in course_files()]
    assert len(names) >= 20
    assert names == sorted(names)


def test_nothing_is_built_before_it_is_asked_for(make: Make, home: Path) -> None:
    make().backends()
    assert list(home.iterdir()) == []


def test_the_first_start_adds_the_course_and_no_later_one(make: Make) -> None:
    wiring = make()
    assert wiring.status().state == "starting"
    wiring.start()
    assert wiring.wait_ready(120)
    assert wiring.status().state == "ready"
    documents = wiring.store().documents()
    assert {document.source for document in documents} == {path.name for path in course_files()}
    wiring.remove_documents([document.id for document in documents])
    again = make()
    again.start()
    assert again.wait_ready(120)
    assert again.store().documents() == []


def test_an_interrupted_first_start_goes_on(make: Make, home: Path) -> None:
    interrupted = make()
    assert [report.status for report in interrupted.ingest(course_files()[:2])] == ["added"] * 2
    wiring = make()
    wiring.start()
    assert wiring.wait_ready(120)
    assert len(wiring.store().documents()) == len(course_files())


def test_whoever_added_documents_first_is_not_given_the_course(make: Make, notes: Path) -> None:
    wiring = make()
    assert len(list(wiring.ingest([notes]))) == 2
    wiring.start()
    assert wiring.wait_ready(120)
    assert len(wiring.store().documents()) == 2


def test_another_collection_starts_empty(make: Make) -> None:
    wiring = make(collection="mine")
    wiring.start()
    assert wiring.wait_ready(120)
    assert wiring.store().documents() == []


def test_a_failed_start_says_why_and_can_be_tried_again(make: Make, home: Path) -> None:
    (home / "collections").write_text("a file where the folder belongs")
    wiring = make()
    wiring.start()
    assert wiring.wait_ready(60)
    status = wiring.status()
    assert (status.state, status.step) == ("failed", "store")
    assert isinstance(status.error, StoreError)
    assert "choose another --home" in str(status.error)
    (home / "collections").unlink()
    assert wiring.engine().ask("김치찌개 조리법?", (), wiring.ask_options()).refused
    assert wiring.wait_ready(120)
    assert wiring.status().state == "ready"


def test_a_reader_sees_what_a_writer_adds(make: Make, tmp_path: Path) -> None:
    wiring = make(collection="mine")
    store = wiring.store()
    note = tmp_path / "a.md"
    note.write_text("# 가\n나는 문장이다.\n", encoding="utf-8")
    assert [report.status for report in wiring.ingest([note])] == ["added"]
    assert [document.source for document in store.documents()] == ["a.md"]
    assert wiring.retriever().search("문장").hits[0].chunk.source == "a.md"


def test_changed_settings_are_stored_and_rebuild_what_they_touch(make: Make, home: Path) -> None:
    wiring = make()
    retriever, engine = wiring.retriever(), wiring.engine()
    wiring.change_settings(speed="fast")
    assert wiring.engine() is engine
    wiring.change_settings(dense_weight=0.25)
    assert wiring.retriever() is not retriever
    assert wiring.retriever().dense_weight == 0.25
    assert load(home).dense_weight == 0.25
    with pytest.raises(ConfigError):
        wiring.change_settings(dense_weight=2)
    assert wiring.settings.dense_weight == 0.25


def test_a_choice_for_this_process_is_not_stored(make: Make, home: Path) -> None:
    wiring = make()
    wiring.choose(speed="thorough", model=None)
    assert wiring.ask_options().speed == "thorough"
    assert not (home / "settings.toml").exists()


def test_an_unknown_embedder_or_backend_names_the_known(make: Make) -> None:
    with pytest.raises(ConfigError, match="e5"):
        make(embedder="word2vec").embedder()
    with pytest.raises(InputError, match="did you mean local"):
        make().ask_options(backend="locl")


def test_an_embedder_of_a_provider_wants_its_key(make: Make) -> None:
    with pytest.raises(MissingError, match="OPENAI_API_KEY"):
        make(embedder="openai").embedder()
    assert make({"OPENAI_API_KEY": "sk-x"}, embedder="openai").embedder().fingerprint.startswith("openai:")


@pytest.mark.parametrize(
    ("total_gb", "here", "chosen"),
    [(16, (), LARGE), (16, (SMALL,), SMALL), (16, (SMALL, LARGE), LARGE), (4, (), SMALL), (4, (LARGE,), LARGE)],
)
def test_the_local_model_follows_memory_and_what_is_here(
    make: Make, monkeypatch: pytest.MonkeyPatch, total_gb: int, here: tuple[str, ...], chosen: str
) -> None:
    wiring = make()
    monkeypatch.setattr("app.local_model.memory", lambda: Memory(total_gb * 10**9, 10**9))
    monkeypatch.setattr(WeightsStore, "path", lambda self, name: Path(name) if name in here else None)
    assert choose(wiring.settings, wiring.weights()) == chosen
    assert make(model="mine.gguf").local_model() == "mine.gguf"


def test_the_pool_builds_nothing_to_describe_backends(make: Make) -> None:
    infos = {info.name: info for info in make({"OPENAI_API_KEY": "sk-x"}, base_url="http://127.0.0.1:9/v1").backends()}
    assert infos["fake"].missing is None
    assert (infos["openai"].has_key, infos["gemini"].has_key) == (True, False)
    assert infos["openai"].missing is None
    assert "GOOGLE_API_KEY" in (infos["gemini"].missing or "")
    assert "COURSEMATE_COMPATIBLE_MODEL" in (infos["compatible"].missing or "")
    assert infos["local"].model in {SMALL, LARGE}


def test_a_key_takes_effect_at_once(make: Make) -> None:
    wiring = make()
    with pytest.raises(MissingError, match="OPENAI_API_KEY"):
        wiring.pool.model("openai")
    wiring.set_key("openai", "sk-0123456789", save=False)
    first = wiring.pool.model("openai")
    wiring.set_key("openai", "sk-9876543210", save=False)
    assert wiring.pool.model("openai") is not first
    with pytest.raises(InputError):
        wiring.set_key("local", "sk-0123456789", save=False)


def test_fallbacks_stand_behind_the_chosen_backend_but_not_behind_themselves(make: Make) -> None:
    wiring = make(backend="openai", fallbacks=["gemini", "fake"])
    assert wiring.ask_options().fallbacks == ("gemini", "fake")
    assert wiring.ask_options(backend="gemini").fallbacks == ("fake",)
    wiring.choose(fallbacks=("gemni",))
    with pytest.raises(InputError, match="did you mean gemini"):
        wiring.ask_options()


def test_the_pool_answers_what_the_engine_asks(make: Make) -> None:
    pool = make().pool
    assert pool.model("fake") is pool.model("fake")
    assert pool.model_name("fake") == "quote"
    assert pool.reading_rate("fake") is None
    assert (pool.reading_rate("local") or 0) > 0, "a guess, without weights and without starting anything"
    assert pool.cost_usd("fake", Usage(10, 10)) == 0
    assert pool.cost_usd("compatible", Usage(10, 10)) is None
    pool.warm("fake", [HumanMessage("x")], threading.Event())


def test_tuned_settings_reach_the_engine_and_the_splitter(make: Make, tmp_path: Path) -> None:
    note = tmp_path / "long.md"
    note.write_text("\n\n".join(f"문단 {i}은 제법 길게 이어지는 한 문장입니다." for i in range(60)), encoding="utf-8")
    wiring = make(chunk_tokens=60, chunk_overlap=0, evidence_tokens=222, evidence_chunks=7, prompt="zero_shot")
    (report,) = wiring.ingest([note])
    assert report.chunks > 8, "the usual 400 tokens make three"
    options = wiring.ask_options()
    assert (options.tokens, options.pool, options.prompt) == (222, 7, "zero_shot")
    assert wiring.ask_options(speed="thorough").tokens is None, "another speed has amounts of its own"
    assert len(wiring.engine().prepare("문단 3은 무엇인가요?", options=options).hits) == 7
    wiring.choose(refusal_threshold=1.0)
    assert wiring.engine().ask("문단 3은 무엇인가요?", options=wiring.ask_options()).refused
    wiring.choose(refusal_threshold=0.0)
    assert not wiring.engine().ask("문단 3은 무엇인가요?", options=wiring.ask_options()).refused
