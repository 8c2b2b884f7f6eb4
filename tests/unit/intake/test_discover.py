from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphring.config import Settings
from graphring.errors import SourceError
from graphring.intake import discover
from tests.unit.intake.strangers import as_stranger, stranger

SETTINGS = Settings()


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n")
    return folder


def names(folder: Path | list[Path | str], table: str = "exchanges", settings: Settings = SETTINGS) -> list[str]:
    return [file.name for file in discover(folder if isinstance(folder, list) else [folder], settings).tables[table]]


@pytest.mark.parametrize(
    "name",
    [
        "exchanges.parquet", "exchanges.csv", "exchanges.csv.gz", "exchanges.jsonl", "exchanges.jsonl.gz",
        "exchanges.ndjson", "Exchanges.CSV", "exchanges-0003.parquet", "exchanges_2026-01-31.csv",
        "exchanges.2026-01-31.csv", "exchanges/part-0.parquet", "exchanges/date=2026-01-31/part-0.parquet",
        "exchanges.parquet/part-0.parquet", "night-01/exchanges.csv", "a/b/c/exchanges/x.jsonl",
    ],
)  # fmt: skip
def test_a_table_is_known_by_its_file_or_folder(tmp_path: Path, name: str) -> None:
    assert names(touch(tmp_path, name)) == [name]


def test_the_file_counts_more_than_the_folder_and_the_nearer_folder_more(tmp_path: Path) -> None:
    logs = touch(tmp_path, "exchanges/links.csv", "payments/exchanges/x.csv", "accounts.csv")
    assert names(logs, "links") == ["exchanges/links.csv"]
    assert names(logs) == ["payments/exchanges/x.csv"]


@pytest.mark.parametrize("name", ["exchange.csv", "myexchanges.csv", "exchanges.json", "exchanges.csv.bz2"])
def test_other_names_are_no_tables(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match="no table of payments, exchanges or links"):
        discover([touch(tmp_path, name)], SETTINGS)


def test_files_are_in_order_of_their_paths_and_numbered(tmp_path: Path) -> None:
    logs = touch(tmp_path, "n2/exchanges.csv", "n1/exchanges.jsonl", "n1-b/exchanges.csv", "n1/exchanges-2.csv")
    files = discover([logs], SETTINGS).tables["exchanges"]
    assert [file.name for file in files] == [
        "n1/exchanges-2.csv", "n1/exchanges.jsonl", "n1-b/exchanges.csv", "n2/exchanges.csv",
    ]  # fmt: skip
    assert [file.number for file in files] == [0, 1, 2, 3]


def test_several_entries_are_one_set_whatever_their_order_and_overlap(tmp_path: Path) -> None:
    touch(tmp_path, "night-01/exchanges.csv", "night-02/exchanges.csv")
    one, two = tmp_path / "night-01", tmp_path / "night-02"
    expected = ["night-01/exchanges.csv", "night-02/exchanges.csv"]
    assert names([one, two]) == expected
    assert names([two, one]) == expected
    assert names([two, one, two / "exchanges.csv", str(tmp_path / "night-*")]) == expected


def test_a_glob_finds_files_and_folders(tmp_path: Path) -> None:
    touch(tmp_path, "exchanges/date=2026-01-30/a.csv", "exchanges/date=2026-01-31/a.csv", "other/a.csv")
    assert names([str(tmp_path / "exchanges" / "date=2026-01-3*" / "*.csv")]) == [
        "date=2026-01-30/a.csv", "date=2026-01-31/a.csv",
    ]  # fmt: skip
    assert len(names([str(tmp_path / "ex*")])) == 2


def test_a_path_with_brackets_is_taken_by_the_letter(tmp_path: Path) -> None:
    assert names(touch(tmp_path / "logs[1]", "exchanges.csv")) == ["exchanges.csv"]


def test_hidden_names_truth_and_the_state_are_passed_over(tmp_path: Path) -> None:
    logs = touch(
        tmp_path, "exchanges.csv", ".exchanges.csv.swp.csv", "_delta_log/exchanges.csv", ".git/exchanges.csv",
        "truth.csv", "graphring-state/work/exchanges.parquet",
    )  # fmt: skip
    settings = Settings(state=tmp_path / "graphring-state")
    sources = discover([logs], settings)
    assert [file.name for file in sources.files] == ["exchanges.csv"]
    assert sources.ignored == ()


def test_partitions_are_read_from_the_path(tmp_path: Path) -> None:
    logs = touch(tmp_path, "exchanges/date=2026-01-31/model=a%20b/x.csv")
    (file,) = discover([logs], SETTINGS).tables["exchanges"]
    assert dict(file.partitions) == {"date": "2026-01-31", "model": "a b"}


def test_a_file_of_no_table_is_said_with_the_table_that_was_meant(tmp_path: Path) -> None:
    sources = discover([touch(tmp_path, "exchanges.csv", "acounts.csv")], SETTINGS)
    assert any("acounts.csv" in warning and "accounts" in warning for warning in sources.warnings)


@pytest.mark.parametrize("table", ["exchanges", "links"])
def test_one_table_of_traffic_alone_will_do_with_a_warning(tmp_path: Path, table: str) -> None:
    sources = discover([touch(tmp_path, f"{table}.csv")], SETTINGS)
    assert ["no table of accounts" in warning for warning in sources.warnings] == [True]


@pytest.mark.parametrize("tables", [["payments"], ["payments", "exchanges"], ["links", "exchanges"]])
def test_otherwise_accounts_are_required(tmp_path: Path, tables: list[str]) -> None:
    with pytest.raises(SourceError, match="no table of accounts beside"):
        discover([touch(tmp_path, *(f"{table}.csv" for table in tables))], SETTINGS)


def test_accounts_alone_are_nothing_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no table of payments, exchanges or links"):
        discover([touch(tmp_path, "accounts.csv")], SETTINGS)


def test_a_wrong_path_names_the_nearest(tmp_path: Path) -> None:
    touch(tmp_path, "night-01/exchanges.csv")
    with pytest.raises(SourceError, match=r"no file or folder .*nigth-01 \(meant: .*night-01"):
        discover([tmp_path / "nigth-01"], SETTINGS)


def test_nothing_named_nothing_matched_and_a_foreign_format(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no logs were named"):
        discover([], SETTINGS)
    with pytest.raises(SourceError, match="nothing matches"):
        discover([str(tmp_path / "*.csv")], SETTINGS)
    with pytest.raises(SourceError, match="no format that graphring reads"):
        discover([touch(tmp_path, "exchanges.xlsx") / "exchanges.xlsx"], SETTINGS)


def test_a_directory_with_the_name_of_a_file_and_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "exchanges.parquet").mkdir()
    with pytest.raises(SourceError, match=r"exchanges\.parquet is a directory without files"):
        discover([tmp_path], SETTINGS)


def test_a_folder_that_may_not_be_read() -> None:
    with stranger() as folder:
        touch(folder, "exchanges/a.csv")
        (folder / "exchanges").chmod(0)
        with as_stranger(), pytest.raises(SourceError, match="exchanges may not be read"):
            discover([folder], SETTINGS)


class TestFingerprint:
    def of(self, folder: Path) -> str:
        return discover([folder], SETTINGS).fingerprint()

    def test_is_that_of_a_copy_elsewhere_and_later(self, tmp_path: Path) -> None:
        one = touch(tmp_path / "one", "exchanges.csv", "accounts.csv")
        two = touch(tmp_path / "two", "exchanges.csv", "accounts.csv")
        os.utime(two / "exchanges.csv", (1, 1))
        assert self.of(one) == self.of(two)

    def test_changes_with_content_of_the_same_size_and_time(self, tmp_path: Path) -> None:
        logs = touch(tmp_path, "exchanges.csv")
        before, times = self.of(logs), (logs / "exchanges.csv").stat()
        (logs / "exchanges.csv").write_text("y\n")
        os.utime(logs / "exchanges.csv", ns=(times.st_atime_ns, times.st_mtime_ns))
        assert self.of(logs) != before

    def test_changes_with_a_name_and_a_further_file_and_not_with_what_is_ignored(self, tmp_path: Path) -> None:
        logs = touch(tmp_path, "exchanges.csv")
        before = self.of(logs)
        assert self.of(touch(logs, "notes.txt", "other.csv")) == before
        assert self.of(touch(logs, "exchanges-2.csv")) != before
        (logs / "exchanges-2.csv").unlink()
        (logs / "exchanges.csv").rename(logs / "exchanges-1.csv")
        assert self.of(logs) != before
