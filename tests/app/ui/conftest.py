"""A small application behind the page: five documents, an engine that answers at once or as slowly as a test wants."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.settings import load
from app.ui.context import BackendInfo, DoctorLine, Status
from app.wiring import Wiring
from models.errors import DocumentError
from models.types import Answer, Chunk, Citation, Done, Locator, Passage, Sentence, Sources, Token, Usage

SENTENCES = (
    "드롭아웃은 미니배치마다 뉴런을 확률 p로 끈다.",
    "뉴런이 특정 동료에게만 기대지 못하므로 특징을 고르게 배우고 과적합이 준다.",
    "시험할 때는 모두 켜고 출력을 조정한다.",
)


def make_chunk(name: str = "04-mlp.md", text: str = " ".join(SENTENCES)) -> Chunk:
    return Chunk(f"c-{name}", text, name, Locator(headings=("과적합과 방지", "드롭아웃")), 0, f"d-{name}", "md")


def make_passages(*names: str) -> tuple[Passage, ...]:
    return tuple(
        Passage(n, make_chunk(name), " ".join(SENTENCES), SENTENCES, 1, 0.95 - 0.14 * n)
        for n, name in enumerate(names, 1)
    )


@dataclass
class StubEngine:
    """Streams `words` with `pause_s` between them and stops when it is told to."""

    words: str = "드롭아웃은 학습할 때 은닉 뉴런을 무작위로 끕니다. 입력층에는 0.05가 가장 좋습니다."
    sentences: tuple[Sentence, ...] = (
        Sentence(
            "드롭아웃은 학습할 때 은닉 뉴런을 무작위로 꺼서, 몇몇 뉴런이 서로에게만 의존하지 못하게 합니다.",
            0.9,
            (1, 2),
        ),
        Sentence("은닉층에는 0.5를 자주 씁니다.", 0.8, (2,)),
        Sentence("입력층에는 0.05가 가장 좋습니다.", 0.1, (), ("0.05",), False),
    )
    pause_s: float = 0.0
    error: Exception | None = None
    refuse: bool = False
    drafts: list[str] = field(default_factory=list)
    asked: list[tuple] = field(default_factory=list)

    def read_ahead(self, draft, history, options):
        self.drafts.append(draft)

    def stream(self, question, history=(), options=None):
        self.asked.append((question, tuple(history), options))
        passages = make_passages("04-mlp.md", "4주차.pdf", "실습_안내.hwp")
        yield Sources(passages, 81.0)
        if self.error:
            raise self.error
        stopped, said = False, ""
        for word in self.words.split(" "):
            if options.cancel.wait(self.pause_s):
                stopped = True
                break
            said += word + " "
            yield Token(word + " ")
        yield Done(self._answer(question, stopped, said, passages))

    def _answer(self, question, stopped, said, passages):
        sentences = (Sentence(said.strip(), 0.9, (1,)),) if stopped and said else () if stopped else self.sentences
        quote = Citation(1, "04-mlp.md", passages[0].chunk.locator, SENTENCES[1])
        return Answer(
            question,
            (Sentence("자료에서 답을 찾을 수 없습니다.", 0.0),) if self.refuse else sentences,
            () if self.refuse else (quote,),
            refused=self.refuse,
            reason="model_refused" if self.refuse else None,
            nearest=quote if self.refuse else None,
            backend="local",
            model="qwen2.5-coder-0.5b",
            usage=Usage(214, 96, 0.0),
            timings_ms={"retrieve": 81.0, "first_token": 1900.0, "total": 5400.0},
            stopped=stopped,
        )


@dataclass
class StubStore:
    rows: list = field(default_factory=list)

    def documents(self):
        return list(self.rows)

    def chunks_of(self, document_id):
        return [make_chunk(row.source) for row in self.rows if row.id == document_id]


def make_row(name: str, shipped: bool = False) -> SimpleNamespace:
    return SimpleNamespace(
        id=f"d-{name}", source=name, path=f"/course/{name}" if shipped else f"/uploads/{name}", format=name[-3:].strip("."),
        size_bytes=12_345, chunks=4, added_at="2026-11-21T09:00:00+00:00", title=name.split(".")[0], shipped=shipped,
    )  # fmt: skip


class StubWeights:
    """Two models; the second is fetched in ten steps, for as long as `go` is set."""

    def __init__(self) -> None:
        self.here = {"qwen2.5-coder-0.5b"}
        self.step_s = 0.02

    def entries(self):
        names = {"qwen2.5-coder-0.5b": 491_400_064, "qwen2.5-coder-1.5b": 1_117_320_768}
        return [
            SimpleNamespace(
                name=n, label=n.replace("-coder", " Coder"), size_bytes=b, licence="Apache-2.0", kind="gguf"
            )
            for n, b in names.items()
        ]

    def path(self, name):
        return Path(name) if name in self.here else None

    def pull(self, name, progress):
        for step in range(11):
            done = step * 111_732_076
            progress(
                SimpleNamespace(
                    name=name, done_bytes=done, total_bytes=1_117_320_768, bytes_per_s=5.2e6, eta_s=(1_117_320_768 - done) / 5.2e6,
                    stage="downloading", source="wheels",
                )
            )  # fmt: skip
            time.sleep(self.step_s)
        self.here.add(name)


class StubContext:
    """app.ui.context.AppContext with everything in memory."""

    def __init__(self, home: Path) -> None:
        self.home = home
        settings = load(home)
        values = {name: getattr(settings, name) for name in type(settings).model_fields}
        self.settings = SimpleNamespace(**values, uploads_dir=settings.uploads_dir, weights_dir=settings.weights_dir)
        self.engine_ = StubEngine()
        self.store_ = StubStore([make_row("04-mlp.md", True), make_row("05-cnn.md", True), make_row("4주차.pdf")])
        self.status_ = Status("ready")
        self.ready = threading.Event()
        self.ready.set()
        self.keys: dict[str, tuple[str, bool]] = {}
        self.bad_files: set[str] = set()
        self.weights_ = StubWeights()

    def status(self):
        return self.status_

    def wait_ready(self, timeout_s):
        return self.ready.wait(timeout_s)

    def engine(self):
        return self.engine_

    def store(self):
        return self.store_

    def start(self):
        self.started = True

    def course_files(self):
        return [Path("/course/04-mlp.md"), Path("/course/05-cnn.md")]

    ask_options = Wiring.ask_options

    @property
    def pool(self):
        """The part of app.backend_pool.BackendPool that the page asks for names and adapters."""
        from finetune.registry import Registry

        adapters = SimpleNamespace(registry=Registry(self.home))
        return SimpleNamespace(
            backend=lambda name: SimpleNamespace(name=name), adapter_of=lambda name, adapter=None: "", adapters=adapters
        )

    def limits(self):
        return self.settings.limits

    def ingest(self, paths, progress=None) -> Iterator[SimpleNamespace]:
        for path in paths:
            time.sleep(0.01)
            if path.name in self.bad_files:
                error = DocumentError(path.name, "broken", "no PDF header")
                yield SimpleNamespace(path=path, status="failed", chunks=0, error=error, seconds=0.1, renamed_from=None)
            else:
                self.store_.rows.append(make_row(path.name))
                yield SimpleNamespace(path=path, status="added", chunks=4, error=None, seconds=0.1, renamed_from=None)

    def remove_documents(self, document_ids):
        before = len(self.store_.rows)
        self.store_.rows = [row for row in self.store_.rows if row.id not in document_ids]
        return before - len(self.store_.rows)

    def backends(self):
        key = bool(self.keys.get("openai"))
        return [
            BackendInfo("local", "Local Qwen", "로컬 Qwen", "qwen2.5-coder-0.5b"),
            BackendInfo("openai", "OpenAI", "OpenAI", "gpt-5-mini", None if key else "OPENAI_API_KEY is not set.",
                        "OPENAI_API_KEY", key),
        ]  # fmt: skip

    def set_key(self, backend, key, save):
        self.keys[backend] = (key, save)

    def weights(self):
        return self.weights_

    def change_settings(self, **values):
        for name, value in values.items():
            setattr(self.settings, name, value)

    def doctor(self):
        return [DoctorLine("Python", "3.11.2"), DoctorLine("메모리", "24 GB"), DoctorLine("GPU", "없음", ok=False)]


CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def serving(context, users: dict[str, str] | None = None) -> Iterator[str]:
    """The page of `context` on a port of its own; its address."""
    from app.ui.server import Door, bind, web_server
    from app.ui.shell import LOOPBACK_HOSTS, open_site

    users = users or {}
    listener = bind("127.0.0.1", 0)
    server = web_server(Door(lambda: open_site(context, users), users, LOOPBACK_HOSTS))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def chromium():
    """A real browser."""
    if not CHROMIUM.exists():
        pytest.skip("the browser tests need /usr/bin/chromium (Debian: apt install chromium fonts-nanum)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """One person's browser window on the page. `strange`: requests to elsewhere, script errors, dialogs."""

    def __init__(self, browser, url: str, width: int = 1440, height: int = 900, **options) -> None:
        self.url, self.strange = url, []
        self.window = browser.new_context(viewport={"width": width, "height": height}, locale="ko-KR", **options)
        self.page = self.window.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("pageerror", lambda error: self.strange.append(f"script error: {error}"))
        self.page.on("dialog", lambda dialog: (self.strange.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", self._watch)

    def _watch(self, request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.strange.append(f"request: {request.url}")

    def open(self, path: str = "/"):
        """Opens the page and waits for it, and for what it shows first."""
        self.page.goto(self.url + path)
        self.page.wait_for_selector("#cm-thread .cm-welcome, #cm-thread .cm-turn")
        return self.page

    def ask(self, words: str) -> None:
        self.page.fill("#cm-box textarea", words)
        self.page.press("#cm-box textarea", "Enter")

    def answers(self, count: int = 1):
        """Waits for so many finished answers, refusals included."""
        self.page.wait_for_function(f"document.querySelectorAll('#cm-thread .cm-meta').length == {count}")
        self.page.wait_for_function("!document.querySelector('#cm-live').innerText.trim()")
        return self.page.locator("#cm-thread article")


@pytest.fixture
def visit(chromium):
    """visit(url, width, height) opens one more window; afterwards nothing strange may have happened in any."""
    visitors = []

    def open_window(url: str, width: int = 1440, height: int = 900, **options) -> Visitor:
        visitors.append(Visitor(chromium, url, width, height, **options))
        return visitors[-1]

    yield open_window
    strange = [what for visitor in visitors for what in visitor.strange]
    for visitor in visitors:
        visitor.window.close()
    assert strange == []


@pytest.fixture
def context(tmp_path: Path) -> StubContext:
    return StubContext(tmp_path)


@pytest.fixture
def serve():
    """serve(context, users) is a context manager over the page's address."""
    return serving


@pytest.fixture(scope="module")
def serve_module():
    """The same for a whole file."""
    return serving


@pytest.fixture
def url(context) -> Iterator[str]:
    """The page of `context`."""
    with serving(context) as address:
        yield address
