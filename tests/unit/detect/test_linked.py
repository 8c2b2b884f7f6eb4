"""Worlds of links alone: who came at the same time, who goes the same ways, and which groups merely met."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graphring
from graphring.config import Settings
from graphring.detect.layers import build_layer
from graphring.detect.linked import Dates, habits, one_event, same_time
from graphring.detect.parameters import Parameters
from graphring.detect.sightings import Linked
from graphring.model import Role, Tier

P = Parameters().without_traffic()
PEOPLE = 3_000


def layer_of(uses: list[tuple[int, int, float]], n: int, accounts: tuple[int, ...] = ()):
    account, key, day = (np.array(column) for column in zip(*sorted(uses), strict=True))
    layer = build_layer("payee", account.astype(np.int32), key.astype(np.int64), np.arange(n, dtype=np.int32))
    linked = Linked(day.astype(float), np.isin(layer.key, accounts))
    return layer, Dates.of(layer, linked, np.arange(n, dtype=np.int32), np.zeros(n, dtype=bool))


def strangers(n: int, first: int = 0) -> list[tuple[int, int, float]]:
    """Every two of them meet at a shop of their own, on days of their own."""
    rng = np.random.default_rng(4)
    return [(first + i, 1_000 + i // 2, float(rng.uniform(0, 300))) for i in range(n)]


def test_who_came_within_a_day_is_counted_once_for_each_customer():
    layer, dates = layer_of([(0, 7, 10.0), (1, 7, 10.5), (2, 7, 11.2), (3, 7, 90.0), *strangers(200, 10)], 300)
    met = same_time(layer, dates, np.arange(4, dtype=np.int32), np.arange(300, dtype=np.int32), 0.3)
    assert met.near.tolist() == [1.0, 2.0, 1.0, 0.0]
    assert (met.chance < 0.2).all()
    one = np.zeros(300, dtype=np.int32)  # all are one customer: they meet nobody
    assert not len(same_time(layer, dates, np.arange(4, dtype=np.int32), one, 0.3).near)


def test_where_everybody_comes_at_once_it_says_nothing():
    news = [(i, 50 + i % 40, float(i % 40)) for i in range(400)]
    layer, dates = layer_of([*news, (400, 7, 3.0), (401, 7, 3.1)], 402)
    met = same_time(layer, dates, np.array([400, 401], dtype=np.int32), np.arange(402, dtype=np.int32), 0.3)
    assert dates.usual > 0.9
    assert (met.chance > 0.9).all()


def test_habits_are_what_is_common_in_a_group_and_not_its_own():
    alike = [(i, o, 1.0) for i in range(10) for o in (1, 2, 3)]
    own = [(i, 99, 1.0) for i in range(10)]
    others = [(i, o, 1.0) for i in range(10, 130) for o in (1 + i % 3,)]
    group = np.arange(10, dtype=np.int32)
    plain, used, expected = habits(layer_of([*alike, *others], 400)[0], group, 0.2, 0.3)
    assert plain.min() > 3.0
    assert used.tolist() == [3.0] * 10
    assert expected[0] < 0.5
    more, *_ = habits(layer_of([*alike, *own, *others], 400)[0], group, 0.2, 0.3)
    assert more == pytest.approx(plain)


def test_one_event_is_one_date_between_strangers_with_lives_of_their_own():
    group, code = np.arange(12, dtype=np.int32), np.arange(400, dtype=np.int32)
    event = [(i, 7, 40.0 + i / 24) for i in range(12)]
    lives = [(i, 2_000 + 10 * i + k, float(20 * k)) for i in range(12) for k in range(4)]
    crowd = strangers(200, 20)

    def judged(uses, accounts=()):
        layer, dates = layer_of(uses, 400, accounts)
        return one_event([layer], [dates], group, code, P)

    assert judged([*event, *lives, *crowd])
    assert not judged([*event, *crowd])  # it is all that they do
    assert judged([*event, *lives, *crowd], accounts=(7,))  # they pay an organiser
    chain = [(i, 100 + i + k, 40.0 + i / 24) for i in range(12) for k in (0, 1)]
    assert not judged([*chain, *lives, *crowd], accounts=tuple(range(100, 113)))  # they pay one another
    later = [(i, 8, 90.0 + i / 24) for i in range(12)]
    assert not judged([*event, *later, *lives, *crowd])  # and they met again
    assert not judged([*lives, *crowd])


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a refresh says of people, a chain, a pool that is funded in an afternoon, and groups that merely met."""
    rng = np.random.default_rng(8)
    rows: list[tuple[str, str, float]] = []

    def life(who: str, often: float) -> None:
        for _ in range(rng.poisson(often)):
            rows.append((who, f"shop{int(min(rng.zipf(1.5), 300))}", rng.uniform(0, 300)))

    for i in range(PEOPLE):
        life(f"person{i:04}", 4.0)
    for i in range(30):
        life(f"chain{i:02}", 0.5)
        if i:
            rows.append((f"chain{i:02}", f"chain{i - 1:02}", 100.0 + i / 20))
            rows.append((f"chain{i - 1:02}", f"chain{i:02}", 100.0 + i / 20))
        life(f"pool{i:02}", 0.5)
        rows.append((f"pool{i:02}", "funder", 200.0 + i / 200))
        rows += [(f"pool{i:02}", f"shop{20 + k}", 201.0 + rng.uniform(0, 9)) for k in range(6) if rng.random() < 0.8]
    for i in range(40):
        rows.append((f"person{i:04}", "employer", rng.uniform(0, 300)))
        rows += [(f"person{50 + i:04}", "workshop", 150.0 + i / 100), (f"person{50 + i:04}", "shop31", 150.1)]
        friend = f"person{100 + 8 * (i // 8) + (i + 1) % 8:04}"
        rows.append((f"person{100 + i:04}", friend, when := rng.uniform(0, 300)))
        rows.append((friend, f"person{100 + i:04}", when))
    folder = tmp_path_factory.mktemp("links")
    table = pd.DataFrame(rows, columns=["account_id", "object_id", "day"])
    table["ts"] = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(table.pop("day"), unit="D")
    table.assign(object_type="counterparty", count=1).to_parquet(folder / "links.parquet", index=False)
    settings = Settings(state=folder / "state")
    graphring.refresh(folder, settings)
    with graphring.open_state(settings) as state:
        shown = state.snapshot()
        tier = dict(zip(shown.rings()["ring_id"].to_pylist(), shown.rings()["tier"].to_pylist(), strict=True))
        members = [m for ring in tier for m in shown.members(ring).to_pylist() if m["role"] == Role.MEMBER]
        evidence = [e for ring in tier for e in shown.evidence(ring).to_pylist()]
    return tier, members, evidence


def test_what_one_hand_leads_is_found_and_who_merely_met_is_spared(found):
    tier, members, _ = found
    flagged = {m["account_id"] for m in members if tier[m["ring_id"]] != Tier.WATCH}
    assert len({a for a in flagged if a.startswith("chain")}) >= 24
    assert len({a for a in flagged if a.startswith("pool")}) >= 20
    assert not {a for a in flagged if a.startswith("person")}


def test_the_evidence_is_said_in_sentences(found):
    said = {e["name"]: e["statement"] for e in found[2]}
    assert "within a day of others of the ring" in said["come at the same time: counterparty"]
    assert "common in the ring" in said["go the same ways: counterparty"]
