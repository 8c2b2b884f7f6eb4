"""The page in a real Chromium: queue → ring → decide → export, and text from logs that tries to break out."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from graphring.cases import Outcome, verify_case
from graphring.refresh import open_state
from graphring.store.snapshot import SnapshotStore
from graphring.ui import component
from tests.fakes import FakeSnapshot

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT = 60_000
"""Milliseconds; a busy machine is no failure."""


Served = tuple[str, subprocess.Popen[str], str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    missing = "" if chromium else "Chromium is not installed: `make test` as root on Debian installs it"
    missing = missing or ("" if component.built() else "the graph widget is not built: run `make install`")
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


@contextlib.contextmanager
def serving(
    state: Path, environment: dict[str, str], port: int = 0
) -> Iterator[tuple[str, subprocess.Popen[str], str]]:
    """`graphring serve`; gives address, process and what it said before the address. Ends with Ctrl-C."""
    first = port or free_port()
    command = [sys.executable, "-m", "graphring", "serve", "--state", str(state), "--port", str(first)]
    process = subprocess.Popen(
        command, cwd=state.parent, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield found[0], process, said
                break
            said += line
        else:
            pytest.fail(f"the server did not start: {said}")
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.stdout.close()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Watched:
    """A browser page that remembers what it asked of others and whether a script spoke."""

    def __init__(self, browser: Any, base: str, scheme: str = "light") -> None:
        self.base = base
        self.context = browser.new_context(
            viewport={"width": 1400, "height": 1000}, color_scheme=scheme, accept_downloads=True
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.elsewhere: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self.context.on("request", self._request)
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _request(self, request: Any) -> None:
        same = (self.base, self.base.replace("http:", "ws:"), "data:", "blob:")
        if not request.url.startswith(same):
            self.elsewhere.append(request.url[:200])

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, path: str) -> Any:
        self.page.goto(self.base + path)
        self.page.wait_for_selector(".gr-headline, .gr-note")
        return self.page

    def settle(self) -> None:
        """Wait until the script has run to its end and the browser has drawn."""
        self.page.wait_for_function("!document.querySelector('[data-testid=\"stStatusWidget\"]')")
        self.page.wait_for_timeout(700)

    def assert_quiet(self) -> None:
        assert self.elsewhere == []
        assert self.dialogs == []
        assert self.errors == []


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with a ring whose ids, labels and sentences attack the page, one of them 1 MB long."""
    where = tmp_path_factory.mktemp("hostile") / "state"
    snapshot = FakeSnapshot.sample(long_label=1_000_000)
    store = SnapshotStore(where)
    with store.lock():
        store.load(snapshot.graph)
        store.publish(snapshot.run, snapshot.tables)
    return where


@pytest.fixture(scope="module")
def hostile_page(hostile: Path, environment: dict[str, str]) -> Iterator[str]:
    """The address of a server on the hostile state."""
    with serving(hostile, environment) as (base, _, _said):
        yield base


def test_from_the_queue_to_a_case_file(browser: Any, state: Path, environment: dict[str, str], tmp_path: Path) -> None:
    with serving(state, environment) as (base, _, _said):
        watched = Watched(browser, base)
        page = watched.open("/")
        page.wait_for_selector("text=Rings to review")
        table = page.get_by_test_id("stDataFrame").first
        table.wait_for()
        watched.settle()
        table.click(position={"x": 520, "y": 35 + 19})  # the first ring's sentence
        page.wait_for_url(re.compile(r"/ring\?ring=R-\d{5}$"))
        ring_id = page.url.rpartition("=")[2]
        page.wait_for_selector("text=Why this is a ring")
        watched.settle()

        page.get_by_label("Your name").fill("Ada Quill")
        page.get_by_label("Your name").press("Enter")
        watched.settle()
        page.get_by_text("Confirmed: the accounts act together").click()
        page.get_by_label("Reason", exact=True).fill("cards, wrapper and timing agree")
        page.get_by_role("button", name="Record decision").click()
        page.get_by_text("Recorded: confirmed").wait_for()

        page.get_by_role("button", name="Prepare case file").click()
        download_button = page.get_by_role("button", name="Download as zip")
        download_button.wait_for()
        with page.expect_download() as download:
            download_button.click()
        zipped = tmp_path / "case.zip"
        download.value.save_as(zipped)
        watched.assert_quiet()

    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path / "case")
    folder = next((tmp_path / "case").iterdir())
    assert verify_case(folder).files
    with open_state(state) as opened:
        entry = opened.casebook.outcomes()[ring_id]
        assert (entry.by, entry.outcome, entry.text) == (
            "Ada Quill",
            Outcome.CONFIRMED,
            "cards, wrapper and timing agree",
        )
        assert {e.action for e in opened.casebook.history(ring_id)} >= {"view", "decide", "export"}
        opened.casebook.verify()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_text_stays_text(browser: Any, hostile_page: str, scheme: str) -> None:
    watched = Watched(browser, hostile_page, scheme)
    for path in ("/", "/templates", "/health"):
        watched.open(path)
        watched.settle()
    page = watched.open("/ring?ring=R-00002")
    assert "<script>alert(1)</script>" in page.locator(".gr-headline").inner_text()
    page.locator(".gr-stage canvas").first.wait_for()
    watched.settle()
    stage = page.locator(".gr-stage")
    stage.focus()
    for _ in range(4):
        stage.press("ArrowRight")
    stage.press("Enter")
    page.get_by_text("Used by (").or_(page.get_by_text("Shares (")).first.wait_for()
    assert page.evaluate("getComputedStyle(document.body).display") != "none"
    watched.assert_quiet()


def test_the_graph_is_drawn_selected_and_filtered(browser: Any, hostile_page: str) -> None:
    watched = Watched(browser, hostile_page)
    page = watched.open("/ring?ring=R-00001")
    stage = page.locator(".gr-stage")
    stage.locator("canvas").first.wait_for()
    watched.settle()
    assert stage.get_attribute("aria-label").startswith("Graph of ring R-00001: 25 accounts")
    cards = page.get_by_role("button", name="Payment methods 3")
    before = stage.screenshot()
    cards.click()
    assert cards.get_attribute("aria-pressed") == "false"
    assert stage.screenshot() != before
    cards.click()
    assert cards.get_attribute("aria-pressed") == "true"
    stage.focus()
    stage.press("ArrowDown")
    assert "wrapper: senior tutor" in page.locator(".gr-said").inner_text()
    stage.press("Enter")
    page.get_by_text("Used by (25)").wait_for()
    page.get_by_text("24 accounts", exact=True).wait_for()
    stage.hover()
    at = stage.bounding_box()["y"]
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(500)
    assert stage.bounding_box()["y"] < at, "the wheel scrolls the page, not the graph"
    watched.assert_quiet()


def test_a_taken_port_is_said_and_ctrl_c_ends_cleanly(hostile: Path, environment: dict[str, str]) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        with serving(hostile, environment, taken) as (base, process, said):
            assert f"Port {taken} is taken, using " in said
            assert base != f"http://127.0.0.1:{taken}"
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
            assert process.stdout is not None
            assert "Traceback" not in process.stdout.read()


def test_the_page_listens_on_loopback_only_and_sends_its_headers(hostile_page: str) -> None:
    with urlopen(hostile_page) as response:
        assert "script-src 'self';" in response.headers["content-security-policy"]
        assert response.headers["x-frame-options"] == "DENY"
    with socket.socket() as other:
        other.settimeout(2)
        assert other.connect_ex(("127.0.0.2", int(hostile_page.rpartition(":")[2]))) != 0
