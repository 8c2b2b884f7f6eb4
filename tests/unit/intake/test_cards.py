from __future__ import annotations

from pathlib import Path

import pytest

from graphring.config import Settings
from graphring.engine import Engine
from graphring.errors import CardNumberError
from graphring.intake import Reader, discover
from graphring.intake.cards import is_card_number
from tests.unit.intake.worlds import account, link, payment, write_logs

CARD = "4111111111111111"


@pytest.mark.parametrize(
    "digits", [CARD, "378282246310005", "5555555555554444", "4222222222222", "6304000000000000000"]
)
def test_numbers_with_a_sound_check_digit(digits: str) -> None:
    assert is_card_number(digits)


@pytest.mark.parametrize("digits", ["4111111111111112", "0" * 12, "0" * 20, "", "411111111111111a", "٤١١١١١١١١١١١١١١١"])
def test_other_numbers(digits: str) -> None:
    assert not is_card_number(digits)


def refused(logs: Path, work: Path) -> str:
    settings = Settings()
    with Engine(threads=1) as engine, pytest.raises(CardNumberError) as caught:
        Reader(engine, discover([logs], settings), settings).read_tables(work)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz", "jsonl"])
@pytest.mark.parametrize(
    "number", [CARD, "4111 1111 1111 1111", "4111-1111-1111-1111", " 4111\u20111111\u00a011111111 "]
)
def test_a_card_number_stops_the_run_and_leaves_no_trace(tmp_path: Path, kind: str, number: str) -> None:
    payments = [payment(i) for i in range(5)] + [payment(5, payment_method=number), payment(6)]
    logs = write_logs(tmp_path / "logs", {"accounts": [account(0)], "payments": payments}, kind)
    message = refused(logs, tmp_path / "work")
    assert f"payments.{kind}, row 6" in message
    assert "1111" not in message
    assert not [path for path in (tmp_path / "work").rglob("*") if path.is_file()]


def test_a_bad_row_and_a_number_column_are_looked_at_too(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    write_logs(logs, {"accounts": [account(0)]})
    (logs / "payments.jsonl").write_text(f'{{"account_id":"","payment_method":{CARD},"ts":"never"}}\n')
    assert "row 1" in refused(logs, tmp_path / "work")


def test_links_are_looked_at_where_they_speak_of_payment(tmp_path: Path) -> None:
    imei = link(0, object_type="device", object_id="490154203237518")
    settings = Settings()
    with Engine(threads=1) as engine:
        fine = write_logs(tmp_path / "fine", {"links": [imei]})
        assert Reader(engine, discover([fine], settings), settings).read_tables(tmp_path / "w")["links"] == 1
    logs = write_logs(tmp_path / "logs", {"links": [imei, link(0, object_type="Payment_Method", object_id=CARD)]})
    assert "object_id" in refused(logs, tmp_path / "work")


def test_fingerprints_that_are_no_card_numbers_pass(tmp_path: Path) -> None:
    methods = ["4111111111111112", "pm_4111111111111111", "411111111111", "ab" * 20]
    logs = write_logs(
        tmp_path / "logs",
        {"accounts": [account(0)], "payments": [payment(i, payment_method=m) for i, m in enumerate(methods)]},
    )
    settings = Settings()
    with Engine(threads=1) as engine:
        assert Reader(engine, discover([logs], settings), settings).read_tables(tmp_path / "work")["payments"] == 4
