"""Settings: file, then environment, then options; every mistake is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphring.config import load_settings
from graphring.errors import ConfigError


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("STATE", "STORE", "CASEBOOK", "THREADS", "NEO4J_USER", "NEO4J_PASSWORD"):
        monkeypatch.delenv(f"GRAPHRING_{name}", raising=False)


def write(text: str) -> Path:
    path = Path("graphring.toml")
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file() -> None:
    assert load_settings().state == Path("graphring-state")


def test_the_last_one_that_speaks_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    write('state = "from-file"\nthreads = 1')
    assert load_settings().state == Path("from-file")
    monkeypatch.setenv("GRAPHRING_STATE", "from-environment")
    assert load_settings().state == Path("from-environment")
    assert load_settings(state="from-option").state == Path("from-option")
    assert load_settings(state=None).threads == 1


def test_neo4j_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHRING_NEO4J_USER", "dana")
    monkeypatch.setenv("GRAPHRING_NEO4J_PASSWORD", "s3cret")
    settings = load_settings()
    assert settings.neo4j.user == "dana"
    assert settings.neo4j.password.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(settings)


def test_columns_are_mapped_by_table() -> None:
    write('[columns.exchanges]\naccount_id = "customer"')
    assert load_settings().columns == {"exchanges": {"account_id": "customer"}}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("not toml", "graphring.toml"),
        ("unknown = 1", "unknown"),
        ("threads = -1", "threads"),
        ("[intake]\nquarantine_share = 2.0", "intake.quarantine_share"),
        ("[neo4j]\nuserr = 'x'", "neo4j.userr"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(text: str, named: str) -> None:
    write(text)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_named_file_must_be_there() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load_settings(Path("nowhere.toml"))
