"""The jars of a Neo4j Community server, from Maven Central.

Maven copies them once into `$XDG_CACHE_HOME/graphring` (`~/.cache/graphring`). `$NEO4J_VERSION` names another version
than the pom does, `$NEO4J_JAVA` another `java` than the one of the PATH: 2026.x needs Java 21 or newer.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

__all__ = ["ServerError", "jars", "java", "version"]

HERE = Path(__file__).parent


class ServerError(Exception):
    """The server cannot be fetched or started; the message says why."""


def version() -> str:
    """The version that the environment names, or else the pom."""
    if chosen := os.environ.get("NEO4J_VERSION"):
        return chosen
    found = re.search(r"<neo4j\.version>([^<]+)<", (HERE / "pom.xml").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def java() -> str:
    """The command that runs Java."""
    return os.environ.get("NEO4J_JAVA") or "java"


def jars() -> Path:
    """The directory of jars; fetched by Maven the first time.

    Raises
    ------
    ServerError: there is no Java, no Maven, or it failed.
    """
    for tool in (java(), "mvn"):
        if shutil.which(tool) is None:
            raise ServerError(f"{tool} is not installed (Debian: apt-get install openjdk-17-jre-headless maven)")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "graphring"
    lib = cache / f"neo4j-{version()}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if lib.is_dir():
            return lib
        part = cache / f".neo4j-{version()}"
        shutil.rmtree(part, ignore_errors=True)
        command = ["mvn", "-B", "-ntp", "-q", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
        command += ["-DincludeScope=runtime", f"-DoutputDirectory={part}", f"-Dneo4j.version={version()}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not list(part.glob("neo4j-server-*.jar")):
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise ServerError(f"Maven could not fetch Neo4j: {lines[0] if lines else done.returncode}")
        part.rename(lib)
    return lib
