"""The door in front of the page: at once there, for the right address and password only, with a policy on every answer."""

from __future__ import annotations

import base64
import socket
import threading

import httpx
import pytest

from app.ui.server import POLICY, Door, bind, credentials, is_loopback
from app.ui.shell import launch
from models.errors import InputError


async def get(door, path="/", host="127.0.0.1", **headers):
    transport = httpx.ASGITransport(door)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def run(coroutine):
    import asyncio

    return asyncio.run(coroutine)


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_waiting_page_stands_until_the_page_is_built():
    door = Door(lambda: None, {})
    first = run(get(door))
    assert first.status_code == 200
    assert "준비하고 있습니다" in first.text
    assert first.headers["content-security-policy"] == POLICY
    assert run(get(door, "/config")).status_code == 503


def test_foreign_host_is_turned_away():
    door = Door(lambda: None, {}, frozenset({"127.0.0.1", "[::1]"}))
    assert run(get(door)).status_code == 200
    assert run(get(door, host="evil.example")).status_code == 421
    assert run(get(door, host="[::1]:7860")).status_code == 200


def test_password_is_asked_of_everyone():
    door = Door(lambda: None, {"민수": "correct horse"})
    assert run(get(door)).status_code == 401
    for user, password in (("민수", "wrong"), ("x", ""), ("", ""), ("민수", "")):
        assert run(get(door, authorization=basic(user, password))).status_code == 401
    for header in ("Bearer x", "Basic", "Basic %%%", "Basic " + "A" * 10_000):
        assert run(get(door, authorization=header)).status_code == 401
    assert run(get(door, authorization=basic("민수", "correct horse"))).status_code == 200
    assert credentials(basic("a", "b:c")) == ("a", "b:c")


@pytest.mark.parametrize(
    "path", ["/gradio_api/proxy=http://evil.example/", "/en/gradio_api/file=http://evil.example/x"]
)
def test_nothing_is_fetched_from_elsewhere(path):
    assert run(get(Door(lambda: None, {}), path)).status_code == 403


def test_loopback_and_the_rest():
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.0.2", "example.org", "")))


def test_open_host_needs_a_password(context):
    with pytest.raises(InputError, match="--auth") as caught:
        launch(context, "0.0.0.0", 0)
    assert caught.value.params["text_key"] == "server.auth_needed"


def test_taken_port_and_bad_port_are_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=str(port)):
            bind("127.0.0.1", port)
    for bad in (70_000, -1):
        with pytest.raises(InputError, match=str(bad)):
            bind("127.0.0.1", bad)


def test_failed_build_is_told():
    import asyncio

    def build():
        raise RuntimeError("no gradio")

    async def life():
        door, inbox, outbox = Door(build, {}), asyncio.Queue(), asyncio.Queue()
        task = asyncio.create_task(door({"type": "lifespan"}, inbox.get, outbox.put))
        await inbox.put({"type": "lifespan.startup"})
        assert (await outbox.get())["type"] == "lifespan.startup.complete"
        for _ in range(100):
            await asyncio.sleep(0.01)
            answer = await get(door)
            if answer.status_code == 500:
                break
        await inbox.put({"type": "lifespan.shutdown"})
        await task
        return answer

    answer = run(life())
    assert (answer.status_code, "no gradio" in answer.text) == (500, True)
    assert threading.active_count() >= 1
