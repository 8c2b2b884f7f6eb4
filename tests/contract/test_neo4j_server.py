"""Where the tests' server comes from; Docker is a fake, whose container is the server that the tests have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract import neo4j_server
from tests.contract.neo4j_server import IMAGE, Target, target
from tools.neo4j import server as maven

FAKE = """#!{python}
import sys
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
match sys.argv[1]:
    case "image":
        sys.exit({present})
    case "pull":
        sys.exit({pulls})
    case "run":
        print("c0ffee")
    case "port":
        print("127.0.0.1:{port}")
"""


def docker(folder: Path, monkeypatch: pytest.MonkeyPatch, *, present: int, pulls: int, port: str = "9") -> Path:
    """A `docker` that notes what it is asked; returns its notes."""
    log, binary = folder / "log", folder / "docker"
    text = FAKE.format(python=sys.executable, log=str(log), present=present, pulls=pulls, port=port)
    binary.write_text(text, encoding="utf-8")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("GRAPHRING_TEST_NEO4J", raising=False)
    return log


@pytest.mark.neo4j
@pytest.mark.parametrize("present", [0, 1])
def test_a_container_where_docker_answers(
    neo4j_server: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: int
) -> None:
    monkeypatch.setattr(maven, "PASSWORD", neo4j_server.password)
    log = docker(tmp_path, monkeypatch, present=present, pulls=0, port=neo4j_server.url.rsplit(":", 1)[1])
    with target() as found:
        assert found.run("RETURN 1 AS one") == [{"one": 1}]
        assert found.server is None, "a container is stopped by Docker, not by a process id"
    asked = log.read_text(encoding="utf-8").splitlines()
    assert asked[0] == f"image inspect {IMAGE}"
    assert asked[-1] == "stop c0ffee"
    assert any("-p 127.0.0.1::7687" in line for line in asked), "the port must be open to this machine only"
    assert any(line.startswith("pull") for line in asked) == bool(present)


def test_a_container_that_never_answers_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neo4j_server, "START_SECONDS", 0)
    monkeypatch.delenv("CI", raising=False)
    log = docker(tmp_path, monkeypatch, present=0, pulls=0)
    with pytest.raises(pytest.skip.Exception, match="does not answer"), target():
        pass
    assert log.read_text(encoding="utf-8").splitlines()[-1] == "stop c0ffee"


def test_maven_where_docker_has_no_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker(tmp_path, monkeypatch, present=1, pulls=1)
    monkeypatch.setenv("CI", "true")  # without Maven, too, CI must not skip
    with pytest.raises(pytest.fail.Exception, match="is not installed"), target():
        pass


def test_docker_that_cannot_run_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(125, "docker run")

    monkeypatch.setenv("CI", "true")
    monkeypatch.delenv("GRAPHRING_TEST_NEO4J", raising=False)
    monkeypatch.setattr(neo4j_server, "_docker_answers", lambda: True)
    monkeypatch.setattr(subprocess, "run", refuse)
    with pytest.raises(pytest.fail.Exception, match="docker run"), target():
        pass
