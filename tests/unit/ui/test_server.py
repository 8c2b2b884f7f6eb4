from __future__ import annotations

import asyncio
import socket
import tomllib
from pathlib import Path
from typing import Any

import pytest

from graphring.errors import GraphringError
from graphring.ui import server
from graphring.ui.server import HEADERS, OPTIONS, SCRIPT, SecurityHeaders, free_port

ROOT = Path(__file__).parents[3]


def test_streamlit_run_and_graphring_serve_have_the_same_settings() -> None:
    flat: dict[str, Any] = {}

    def flatten(prefix: str, tree: dict[str, Any]) -> None:
        for name, value in tree.items():
            if isinstance(value, dict):
                flatten(f"{prefix}{name}.", value)
            else:
                flat[f"{prefix}{name}"] = value

    flatten("", tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")))
    assert flat == dict(OPTIONS)


def test_the_script_is_in_the_package() -> None:
    assert SCRIPT.is_file()


@pytest.fixture
def taken() -> Any:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_taken_port_is_passed_over(taken: int) -> None:
    assert free_port(taken) > taken


def test_no_free_port_is_one_clear_line(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PORTS", 1)
    with pytest.raises(GraphringError, match=r"are all taken\. Give another one with --port"):
        free_port(taken)


def test_each_response_carries_the_security_headers_once() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"X-Frame-Options", b"ALLOW"), (b"a", b"b")]}
        )

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(SecurityHeaders(app)({"type": "http"}, None, send))
    assert dict(sent[0]["headers"]) == {b"a": b"b", **HEADERS}
    assert b"script-src 'self';" in HEADERS[b"content-security-policy"]
