"""Makes the pictures of the README (docs/img) from a running page: queue, ring and graph.

    python tools/screenshots.py [--state DIR] [--out docs/img]

Without --state it makes the sample world of `graphring demo` first. Needs Chromium and the development dependencies.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 300_000
"""Bytes of one picture."""
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def main() -> int:
    """Serve, photograph, make small."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, help="a state with a published run")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "img")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("screenshots: Chromium is not installed. On Debian: apt-get install chromium")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        state = options.state or make_demo(Path(scratch) / "state")
        server = subprocess.Popen(
            [sys.executable, "-m", "graphring", "serve", "--state", str(state)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=scratch,
        )
        try:
            photograph(address(server), chromium, options.out)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
    for name in ("queue", "ring", "graph"):
        shrink(options.out / f"{name}.png")
    return 0


def make_demo(state: Path) -> Path:
    """A state with the sample world's rings."""
    subprocess.run([sys.executable, "-m", "graphring", "demo", "--state", str(state), "--no-serve"], check=True)
    return state


def address(server: subprocess.Popen[str]) -> str:
    """The address that the server prints once it answers."""
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise SystemExit("screenshots: the server did not start. See its message above")


def photograph(base: str, chromium: str, out: Path) -> None:
    """The three pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 640}, color_scheme="light")
        page.set_default_timeout(90_000)
        page.goto(base)
        page.get_by_test_id("stDataFrame").first.wait_for()
        settle(page)
        page.screenshot(path=out / "queue.png")
        page.get_by_test_id("stDataFrame").first.click(position={"x": 520, "y": 54})
        page.wait_for_url(re.compile(r"/ring\?ring="))
        page.set_viewport_size({"width": 1400, "height": 1060})
        page.locator(".gr-stage canvas").first.wait_for()
        settle(page)
        page.screenshot(path=out / "ring.png")
        page.locator(".gr-stage").scroll_into_view_if_needed()
        page.locator(".gr-stage").focus()
        page.locator(".gr-stage").press("ArrowDown")
        page.locator(".gr-stage").press("Enter")
        page.get_by_text("Used by (").wait_for()
        settle(page)
        box = page.locator(".st-key-ring_graph").bounding_box()
        assert box is not None
        around = {"x": box["x"] - 16, "y": box["y"] - 8, "width": box["width"] + 32, "height": box["height"] + 16}
        page.screenshot(path=out / "graph.png", clip=around, full_page=True)
        browser.close()


def settle(page: Page) -> None:
    """Until the script has run to its end and the browser has drawn."""
    page.wait_for_function("!document.querySelector('[data-testid=\"stStatusWidget\"]')")
    page.wait_for_timeout(2_000)


def shrink(path: Path) -> None:
    """The same picture in fewer bytes; 256 colours only where that is not enough, for it dulls small marks."""
    with Image.open(path) as picture:
        full = picture.convert("RGB")
    full.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        full.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {size // 1_000} kB")
    if size > LARGEST:
        raise SystemExit(
            f"screenshots: {path.name} has {size:,} bytes, more than {LARGEST:,}. Photograph less of the page"
        )


if __name__ == "__main__":
    raise SystemExit(main())
