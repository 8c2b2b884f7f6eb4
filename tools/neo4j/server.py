"""A Neo4j Community server from Maven Central, for tests and developers; no Docker, no root, nothing installed.

    python -m tools.neo4j.server run   [--home DIR]      in the foreground, until Ctrl-C
    python -m tools.neo4j.server start  --home DIR       in the background; prints its address
    python -m tools.neo4j.server stop   --home DIR       by its process id
    python -m tools.neo4j.server import --home DIR --files DIR   neo4j-admin database import, server stopped

The server listens on free ports of 127.0.0.1 only. User `neo4j`, password `$GRAPHRING_NEO4J_PASSWORD`, or else
`graphring-dev`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neo4j import GraphDatabase
from neo4j.exceptions import AuthError

from tools.neo4j.distribution import ServerError, jars, java, version

MAIN = {"5": "org.neo4j.server.CommunityEntryPoint", "2": "org.neo4j.server.Neo4jCommunity"}
"""By the first digit of the version: calendar versions have another main class than 5.26."""
ADMIN = "org.neo4j.cli.AdminTool"
OPENS = ("java.base/java.nio", "java.base/java.io", "java.base/java.lang", "java.base/sun.nio.ch")
COLLECTOR = ("-XX:+UseParallelGC", "-XX:NewRatio=1")
"""Throughput before pauses, and half of the heap for young objects. G1, the default, takes a tenth more processor for
loads and reads, and a third more memory (measured)."""
BRIEF = ("-XX:TieredStopAtLevel=1",)
"""A server that lives for minutes never earns back what the second compiler costs (measured: up in 13 s, not 20 s, on a
busy machine)."""
USER, PASSWORD = "neo4j", os.environ.get("GRAPHRING_NEO4J_PASSWORD") or "graphring-dev"
START_SECONDS = 180


@dataclass
class Server:
    """A server that we started."""

    home: Path
    port: int
    pid: int
    process: subprocess.Popen[bytes] | None = None
    """Where it is our child."""

    @property
    def url(self) -> str:
        """Its Bolt address."""
        return f"bolt://127.0.0.1:{self.port}"

    def stop(self, *, kill: bool = False, seconds: float = 60) -> None:
        """Stop it by its process id and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL if kill else signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                deadline += seconds
            time.sleep(0.1)
        (self.home / "graphring.pid").unlink(missing_ok=True)

    def alive(self) -> bool:
        """Whether it runs; a dead child is reaped."""
        return self.process.poll() is None if self.process is not None else _alive(self.pid)


def start(
    home: Path,
    *,
    port: int = 0,
    http_port: int = 0,
    heap: str = "512m",
    page_cache: str = "256m",
    brief: bool = False,
    **more: str,
) -> Server:
    """Start a server with its data in `home`, and wait until it answers with our password.

    Parameters
    ----------
    brief: it will not live long; no time is spent on making it fast.
    more: lines of neo4j.conf, `__` for each dot of their names.

    Raises
    ------
    ServerError: it did not come up; its last log line is named.
    """
    lib = jars()
    port, http_port = port or free_port(), http_port or free_port()
    (home / "conf").mkdir(parents=True, exist_ok=True)
    settings = {
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{port}",
        "server.bolt.advertised_address": f"127.0.0.1:{port}",
        "server.http.listen_address": f"127.0.0.1:{http_port}",
        "server.https.enabled": "false",
        "server.memory.pagecache.size": page_cache,
        "dbms.usage_report.enabled": "false",
        "db.tx_log.rotation.retention_policy": "keep_none",
        **{name.replace("__", "."): value for name, value in more.items()},
    }
    (home / "conf" / "neo4j.conf").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    log = home / "logs" / "neo4j.log"
    log.parent.mkdir(exist_ok=True)
    command = [java(), f"-Xms{heap}", f"-Xmx{heap}", *COLLECTOR, *(BRIEF if brief else ()), *_opens()]
    command += ["-cp", f"{lib}/*", MAIN[version()[0]], f"--home-dir={home}", f"--config-dir={home / 'conf'}"]
    with (home / "logs" / "console.log").open("ab") as console:
        before = log.stat().st_size if log.exists() else 0
        process = subprocess.Popen(command, stdout=console, stderr=console, stdin=subprocess.DEVNULL, cwd=home,
                                   start_new_session=True)  # fmt: skip
    server = Server(home, port, process.pid, process)
    (home / "graphring.pid").write_text(f"{process.pid} {port} {http_port}\n")
    try:
        _wait_until_ready(process, log, before)
        _set_password(server)
    except BaseException:
        server.stop(kill=True)
        raise
    return server


def running(home: Path) -> Server | None:
    """The server of `home`, if it runs."""
    try:
        pid, port, _ = (home / "graphring.pid").read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return Server(home, int(port), int(pid)) if _alive(int(pid)) else None


def admin(home: Path, arguments: Sequence[str]) -> None:
    """Run `neo4j-admin` on a home whose server is stopped.

    Raises
    ------
    ServerError: it failed; its output is the message.
    """
    (home / "conf").mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
    command = [java(), "-Xmx2g", *_opens(), "-cp", f"{jars()}/*", ADMIN, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=home)
    if done.returncode:
        raise ServerError(f"neo4j-admin: {(done.stderr + done.stdout)[:2000]}")


def import_files(home: Path, files: Path) -> None:
    """Import what `graphring neo4j export` wrote, into an empty database."""
    arguments = (files / "import.args").read_text(encoding="utf-8").split()
    admin(home, [argument.replace("{DIR}", str(files.resolve())) for argument in arguments])


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def temporary(**options: Any) -> Iterator[Server]:
    """A server in a temporary directory, with the options of `start`; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="graphring-neo4j-", ignore_cleanup_errors=True) as home:
        server = start(Path(home), **options)
        try:
            yield server
        finally:
            server.stop(kill=True)  # its data goes with it, and a server takes ten seconds to leave in order


def _opens() -> list[str]:
    return [f"--add-opens={module}=ALL-UNNAMED" for module in OPENS]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path, before: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if log.exists():
            with log.open("rb") as file:
                file.seek(before)
                if b"Started." in file.read():
                    return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    lines = [*_lines(log), *_lines(log.with_name("console.log"))]
    raise ServerError(f"Neo4j did not start: {lines[-1] if lines else process.returncode}")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []


def _set_password(server: Server) -> None:
    """Set the first password through the system database; a home that has been used has it already."""
    with contextlib.suppress(AuthError), GraphDatabase.driver(server.url, auth=(USER, "neo4j")) as driver:
        driver.execute_query(
            "ALTER CURRENT USER SET PASSWORD FROM $old TO $new", old="neo4j", new=PASSWORD, database_="system"
        )
    with GraphDatabase.driver(server.url, auth=(USER, PASSWORD)) as driver:
        driver.verify_connectivity()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["run", "start", "stop", "import"])
    parser.add_argument("--home", type=Path, default=None)
    parser.add_argument("--files", type=Path, default=None)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--heap", default="512m")
    parser.add_argument("--page-cache", default="256m")
    given = parser.parse_args()
    if given.home is None and given.action != "run":
        parser.error("--home is needed")
    home = (given.home or Path(tempfile.mkdtemp(prefix="graphring-neo4j-"))).resolve()
    server = running(home)
    try:
        if given.action == "import":
            import_files(home, given.files)
        elif given.action == "stop":
            if server is not None:
                server.stop()
        else:
            server = server or start(
                home, port=given.port, http_port=given.http_port, heap=given.heap, page_cache=given.page_cache
            )
            print(server.url, flush=True)
            if given.action == "run":
                _serve(server)
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(server: Server) -> None:
    http = (server.home / "graphring.pid").read_text().split()[2]
    print(f"user {USER}, password {PASSWORD}, browser http://127.0.0.1:{http}; Ctrl-C stops it", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while server.alive():
            time.sleep(0.5)
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
