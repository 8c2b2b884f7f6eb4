"""Every bad input gives one clear line that names the thing, the right exit code, and publishes nothing."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.conftest import Run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bad-input")]

CARD = "4111111111111111"


@pytest.fixture
def logs(tmp_path: Path, world: Path) -> Path:
    folder = tmp_path / "logs"
    shutil.copytree(world, folder)
    return folder


def drop_column(path: Path, column: str, instead: str) -> None:
    table = pq.read_table(path)
    pq.write_table(table.rename_columns([instead if name == column else name for name in table.column_names]), path)


def missing_column(logs: Path) -> None:
    drop_column(logs / "exchanges.parquet", "account_id", "acount_id")


def empty_file(logs: Path) -> None:
    (logs / "exchanges.parquet").unlink()
    (logs / "exchanges.csv").touch()


def corrupt_parquet(logs: Path) -> None:
    data = bytearray((logs / "payments.parquet").read_bytes())
    data[len(data) // 2 :] = b"\x00" * 100
    (logs / "payments.parquet").write_bytes(bytes(data))


def latin_csv(logs: Path) -> None:
    (logs / "payments.parquet").unlink()
    text = "account_id,payment_method,ts,issuer\na1,pm_1,2026-01-01T00:00:00Z,Société\n"
    (logs / "payments.csv").write_bytes(text.encode("latin-1"))


def card_number(logs: Path) -> None:
    table = pq.read_table(logs / "payments.parquet")
    methods = table["payment_method"].to_pylist()
    methods[7] = CARD
    at = table.column_names.index("payment_method")
    pq.write_table(table.set_column(at, "payment_method", pa.array(methods)), logs / "payments.parquet")


def truncated_gzip(logs: Path) -> None:
    (logs / "payments.parquet").unlink()
    rows = "account_id,payment_method,ts\n" + "a1,pm_1,2026-01-01T00:00:00Z\n" * 5_000
    (logs / "payments.csv.gz").write_bytes(gzip.compress(rows.encode())[:-200])


BAD: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "missing column": (missing_column, ["exchanges", "exchanges.parquet", "account_id", "acount_id"]),
    "empty file": (empty_file, ["exchanges.csv"]),
    "corrupt Parquet": (corrupt_parquet, ["payments.parquet"]),
    "CSV that is not UTF-8": (latin_csv, ["payments.csv", "UTF-8"]),
    "card number": (card_number, ["payments.parquet", "card number"]),
    "truncated gzip": (truncated_gzip, ["payments.csv.gz"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_logs(graphring: Run, logs: Path, tmp_path: Path, name: str) -> None:
    spoil, named = BAD[name]
    spoil(logs)
    state = tmp_path / "state"
    done = graphring("refresh", logs, "--state", state, "--log", "json")
    lines = [line for line in done.stderr.strip().splitlines() if not line.startswith("{")]
    assert done.returncode == 2, done.stderr
    assert len(lines) == 1, done.stderr
    for word in named:
        assert word in lines[0]
    assert CARD not in done.stdout + done.stderr
    assert not (state / "CURRENT").exists()
    for path in state.rglob("*"):
        assert not path.is_file() or CARD.encode() not in path.read_bytes()


def test_a_wrong_path(graphring: Run, tmp_path: Path) -> None:
    done = graphring("refresh", tmp_path / "nowhere", "--state", tmp_path / "state")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "state").exists()


def test_a_full_disk(world: Path, environment: dict[str, str], tmp_path: Path) -> None:
    if os.geteuid() == 0 and shutil.which("mount") and try_mount(tmp_path / "small"):
        state = tmp_path / "small" / "state"
    else:
        pytest.skip("needs root and mount, for a small file system of its own")
    try:
        command = [sys.executable, "-m", "graphring", "refresh", str(world), "--state", str(state), "--log", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        lines = [line for line in done.stderr.strip().splitlines() if not line.startswith("{")]
        assert done.returncode == 1, done.stderr
        assert len(lines) == 1, done.stderr
        assert "disk is full" in lines[0] or "No space left" in lines[0]
        assert not (state / "CURRENT").exists()
    finally:
        subprocess.run(["umount", str(tmp_path / "small")], check=True)


def try_mount(folder: Path) -> bool:
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    return done.returncode == 0
