"""Serving the page: settings of the server, security headers, a free port, a clean end."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from starlette.middleware import Middleware

from graphring.config import Settings
from graphring.errors import GraphringError

__all__ = ["HEADERS", "OPTIONS", "SCRIPT", "free_port", "launch", "security"]

HOST: Final = "127.0.0.1"
PORTS: Final = 100
"""How many ports are tried from the given one upwards."""

SCRIPT: Final = Path(__file__).with_name("script.py")
"""What Streamlit runs for each session."""

OPTIONS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "type",
        "client.showErrorLinks": False,
        "client.toolbarMode": "minimal",
        "logger.hideWelcomeMessage": True,
        "server.address": HOST,
        "server.fileWatcherType": "none",
        "server.headless": True,
        "theme.baseFontSize": 15,
        "theme.baseRadius": "0.375rem",
        "theme.headingFontWeights": [650, 650, 600],
        "theme.showWidgetBorder": True,
        "theme.light.primaryColor": "#1d5fae",
        "theme.light.backgroundColor": "#ffffff",
        "theme.light.secondaryBackgroundColor": "#f3f5f8",
        "theme.light.textColor": "#1b2430",
        "theme.light.borderColor": "#d8dee6",
        "theme.light.dataframeHeaderBackgroundColor": "#f3f5f8",
        "theme.dark.primaryColor": "#2f7acb",
        "theme.dark.backgroundColor": "#11161d",
        "theme.dark.secondaryBackgroundColor": "#1a222c",
        "theme.dark.textColor": "#e4e9f0",
        "theme.dark.borderColor": "#313c4a",
        "theme.dark.dataframeHeaderBackgroundColor": "#1a222c",
    }
)
"""Streamlit's settings; `.streamlit/config.toml` says the same for `streamlit run app.py`."""

HEADERS: Final[Mapping[bytes, bytes]] = MappingProxyType(
    {
        b"content-security-policy": b"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; "
        b"frame-src 'self'; frame-ancestors 'none'; object-src 'none'; base-uri 'self'; form-action 'self'",
        b"referrer-policy": b"no-referrer",
        b"x-content-type-options": b"nosniff",
        b"x-frame-options": b"DENY",
    }
)
"""What each response says. Text from logs is escaped before it reaches the page; this is the second wall: nothing that
slipped through could run a script or call another host."""


class SecurityHeaders:
    """ASGI middleware that adds HEADERS to each response."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in HEADERS]
                message = {**message, "headers": [*kept, *HEADERS.items()]}
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def security() -> list[Middleware]:
    """The middleware that `st.App` takes."""
    return [Middleware(SecurityHeaders)]


def free_port(first: int) -> int:
    """The first port from `first` upwards that nobody listens on.

    Raises
    ------
    GraphringError: PORTS in a row are taken.
    """
    last = min(first + PORTS, 65_536)
    for port in range(first, last):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise GraphringError(f"ports {first} to {last - 1} of {HOST} are all taken", "Give another one with --port")


def launch(settings: Settings, port: int = 8501) -> None:
    """Serve the page for `settings` on 127.0.0.1 until Ctrl-C or SIGTERM.

    Parameters
    ----------
    settings: which state and store to show.
    port: the first port to try; where it is taken, the next free one is used and said.

    Raises
    ------
    GraphringError: no port is free.
    """
    import streamlit as st  # noqa: PLC0415

    from graphring.ui.session import set_opener  # noqa: PLC0415

    chosen = free_port(port)
    if chosen != port:
        print(f"Port {port} is taken, using {chosen}.", flush=True)  # noqa: T201  the server's only way to say so
    set_opener(settings)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        print(f"graphring is open on http://{HOST}:{chosen}  (Ctrl-C stops it)", flush=True)  # noqa: T201
        yield

    app = st.App(SCRIPT, middleware=security(), lifespan=lifespan)
    with suppress(KeyboardInterrupt):  # uvicorn raises it again once everything is closed
        app.run(config={**OPTIONS, "server.port": chosen})
