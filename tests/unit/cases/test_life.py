"""A ring's life in one line."""

from __future__ import annotations

import numpy as np

from graphring.cases import life


def row(run: int, event: str, accounts: int = 40, related: object = (), note: str = "") -> dict[str, object]:
    return {"run_id": f"run-{run:05d}-abcdef01", "event": event, "accounts": accounts, "related": related, "note": note}


def test_a_life_is_told_in_order_and_quiet_runs_are_left_out():
    rows = [
        row(1, "succeeded", related=["R-00001"], note="2 of its 3 template families were R-00001's"),
        row(2, "continued"),
        row(4, "grown", note="from 40 to 60 accounts"), row(5, "merged", related=np.array(["R-00002", "R-00003"])),
        row(7, "dormant", 0), row(12, "revived", note="back after 5 runs"), row(13, "merged", 0, ["R-00009"]),
    ]  # fmt: skip
    assert life(rows) == (
        "Succeeded R-00001 in run 1 (2 of its 3 template families were R-00001's); "
        "grown in run 4 (from 40 to 60 accounts); merged with R-00002 and R-00003 in run 5; dormant from run 7; "
        "revived in run 12 (back after 5 runs); merged into R-00009 in run 13."
    )


def test_a_continued_run_with_a_note_is_told():
    assert life([row(1, "born"), row(2, "continued", note="R-00004 took over")]) == (
        "Born in run 1; continued in run 2 (R-00004 took over)."
    )


def test_the_middle_of_a_long_life_is_left_out():
    line = life([row(run, "grown" if run > 1 else "born") for run in range(1, 21)])
    assert line.startswith("Born in run 1; 13 more events; grown in run 15;")
    assert line.endswith("grown in run 20.")


def test_no_ledger_no_line_and_runs_of_other_names_are_named_in_full():
    assert life([]) == ""
    assert life([{**row(1, "born", related=None), "run_id": "night 7"}]) == "Born in night 7."
