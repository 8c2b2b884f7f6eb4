"""The embedded store: what only it promises."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphring import model
from graphring.config import Settings
from graphring.errors import DiskFullError, LockHeldError, NoRunError, StoreError
from graphring.model import GraphTables, NodeRef
from graphring.store import open_store
from graphring.store.parquet import ROW_GROUP, SortedParquet
from graphring.store.snapshot import SnapshotStore
from tests.contract import graphs

WRITER = Path(__file__).with_name("killed_writer.py")
ROOT = Path(__file__).parents[3]


def publish(store: SnapshotStore, number: int) -> None:
    with store.lock():
        store.load(graphs.graph())
        store.publish(graphs.run(number), graphs.run_tables(number))


def write_in_a_process(state: Path, kill_at: int, number: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(WRITER), str(state), str(kill_at), str(number)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def files(state: Path) -> dict[str, bytes]:
    """Everything under the state but the lock's pid."""
    found = {str(path.relative_to(state)): path.read_bytes() for path in state.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if name != "lock"}


def test_the_settings_choose_it(tmp_path: Path) -> None:
    assert isinstance(open_store(Settings(state=tmp_path)), SnapshotStore)


@pytest.mark.slow
def test_kill_9_anywhere_leaves_the_last_run_and_the_next_refresh_mends(tmp_path: Path) -> None:
    before = tmp_path / "before"
    for number in (1, 2):
        publish(SnapshotStore(before, keep_runs=2), number)
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(before, undisturbed)
    changes = int(write_in_a_process(undisturbed, 0, 3).stdout)
    assert changes > 30
    switched = False
    for kill_at in range(1, changes + 1, 3):
        state = tmp_path / f"killed-{kill_at}"
        shutil.copytree(before, state)
        assert write_in_a_process(state, kill_at, 3).returncode == -signal.SIGKILL
        reader = SnapshotStore(state).current()
        switched = switched or reader.run.number == 3
        assert reader.run == graphs.run(3 if switched else 2), f"killed before change {kill_at}"
        assert reader.rings().equals(graphs.run_tables(reader.run.number)["rings"])
        assert SnapshotStore(state).runs()[0].number == reader.run.number
        publish(SnapshotStore(state, keep_runs=2), 3)
        assert files(state) == files(undisturbed), f"killed before change {kill_at}"
        shutil.rmtree(state)
    assert switched


def test_the_lock_names_its_holder_and_dies_with_it(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from graphring.store.snapshot import SnapshotStore\n"
        "with SnapshotStore(Path(sys.argv[1])).lock():\n    print('held', flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeldError, match=f"pid {holder.pid}"), SnapshotStore(tmp_path).lock():
            pass
        holder.kill()
        holder.wait()
    with SnapshotStore(tmp_path).lock():
        pass


def test_pruning_keeps_the_newest_and_open_readers(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path, keep_runs=2)
    publish(store, 1)
    open_reader = store.current()
    for number in (2, 3, 4):
        publish(store, number)
    assert [run.number for run in store.runs()] == [4, 3]
    assert sorted(path.name for path in (tmp_path / "snapshots").iterdir()) == ["run-0003", "run-0004"]
    assert open_reader.rings().equals(graphs.run_tables(1)["rings"])
    assert open_reader.sightings(["a1"]).num_rows == 3
    with pytest.raises(NoRunError, match="run-0001"):
        store.snapshot("run-0001")
    assert store.snapshot("run-0003").run.number == 3


def test_pruning_never_removes_the_current_run(tmp_path: Path) -> None:
    for number in (7, 3):  # a clock or a number that went backwards
        publish(SnapshotStore(tmp_path, keep_runs=1), number)
    assert SnapshotStore(tmp_path).current().run.number == 3


def test_the_same_graph_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, threads in (("one", 1), ("two", 2)):
        publish(SnapshotStore(tmp_path / name, threads=threads), 1)
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize("what", ["load", "publish"])
def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    store = SnapshotStore(tmp_path)
    publish(store, 1)
    written = 0
    write = pq.write_table

    def full(table: pa.Table, *args: Any, **kwargs: Any) -> None:
        nonlocal written
        written += 1
        if (written > 2) if what == "load" else (written > 6):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(table, *args, **kwargs)

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(DiskFullError, match="disk is full"):
        publish(store, 2)
    monkeypatch.undo()
    assert store.current().run.number == 1
    publish(store, 2)
    assert store.current().run.number == 2
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]


def test_a_state_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written"), SnapshotStore(tmp_path / "file" / "state").lock():
        pass


def test_damage_is_one_clear_line(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    publish(store, 1)
    (tmp_path / "snapshots" / "run-0001" / "rings.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(StoreError, match="cannot be read"):
        store.current()
    (tmp_path / "snapshots" / "run-0001" / "rings.parquet").unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        store.current()
    (tmp_path / "CURRENT").write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match="CURRENT"):
        store.current()
    (tmp_path / "CURRENT").write_text("../../etc")
    with pytest.raises(NoRunError):
        store.current()


@pytest.mark.parametrize("name", ["", ".hidden", "../run-0001", "a/b", "run-0001\0"])
def test_a_run_id_is_no_path(tmp_path: Path, name: str) -> None:
    store = SnapshotStore(tmp_path)
    publish(store, 1)
    with pytest.raises(NoRunError):
        store.snapshot(name)


def many(accounts: int) -> GraphTables:
    """Accounts on one hub, each with an address of its own."""
    names = tuple(f"acc-{n:07d}" for n in range(accounts))
    edges = tuple(("ip", "hub", n % 97) for n in range(accounts))
    own = tuple((name, "ip", f"own-{name}", 1) for name in names)
    return graphs.graph(tuple((name, *edge) for name, edge in zip(names, edges, strict=True)) + own, names)


def test_a_ring_page_reads_little_of_a_large_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, graph = SnapshotStore(tmp_path), many(6 * ROW_GROUP)
    with store.lock():
        store.load(graph)
        store.publish(graphs.run(), graphs.run_tables())
    snapshot = store.current()
    groups: list[int] = []
    read = pq.ParquetFile.read_row_groups

    def counted(self: pq.ParquetFile, wanted: list[int], *args: Any, **kwargs: Any) -> pa.Table:
        groups.extend(wanted)
        return read(self, wanted, *args, **kwargs)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", counted)
    middle = f"acc-{3 * ROW_GROUP + 5:07d}"
    assert snapshot.accounts([middle]).num_rows == 1
    assert snapshot.sightings([middle]).num_rows == 2
    hub = snapshot.neighbours(NodeRef("ip", "hub"), limit=10)
    assert set(hub.column("count").to_pylist()) == {96}
    assert hub.column("account_id").to_pylist() == sorted(hub.column("account_id").to_pylist())
    assert snapshot.neighbours(NodeRef("ip", f"own-{middle}")).num_rows == 1
    assert list(snapshot.search(middle)) == [NodeRef("account", middle)]
    assert len(snapshot.search("acc-", limit=5)) == 5
    assert len(groups) <= 8
    groups.clear()
    assert len(snapshot.neighbours(NodeRef("ip", "hub"), limit=5, offset=ROW_GROUP)) == 5
    assert len(groups) <= 3


def test_rows_are_found_without_statistics(tmp_path: Path) -> None:
    rows = graphs.graph().objects
    pq.write_table(rows, tmp_path / "plain.parquet", write_statistics=False)
    file = SortedParquet(tmp_path / "plain.parquet", model.OBJECTS)
    assert file.where_in("object_id", ["pm-1"]).num_rows == 1
    assert file.where_equal(object_type="ip", object_id="2001:db8::1").num_rows == 1
    assert file.starting_with("object_id", "2", 10).num_rows == 2


def test_a_run_of_an_earlier_version_is_read_with_nulls_for_what_it_does_not_know(tmp_path: Path) -> None:
    publish(SnapshotStore(tmp_path), 1)
    folder = tmp_path / "snapshots" / graphs.run(1).run_id
    for name in ("rings", "evidence", "ring_objects"):
        table = pq.read_table(folder / f"{name}.parquet")
        earlier = table.drop_columns([c for c in table.column_names if c in model.ADDED])
        assert earlier.num_columns < table.num_columns
        pq.write_table(earlier, folder / f"{name}.parquet")
    snapshot = SnapshotStore(tmp_path).current()
    assert snapshot.rings()["q_value"].null_count == snapshot.rings().num_rows == 2
    assert snapshot.evidence("R-000001").schema == model.EVIDENCE
    assert snapshot.ring_objects("R-000001")["cut"].null_count == 2
