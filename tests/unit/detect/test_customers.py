"""Customers: who shares a card and an office is one; who shares a card and a network of proxies is not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from graphring.detect.customers import Customers, joined_customers, parted_customers
from graphring.detect.parameters import Parameters

P = Parameters()
N, DAY = 16, 86_400 * 1_000_000


def world(**change: object) -> tuple[Customers, pa.Table, np.ndarray, np.ndarray]:
    """Sixteen accounts of one card, under many mail providers, that use eight addresses evenly; `change` alters it."""
    kind = {"domains": 6, "pool": 8, "office": 0.0, "days": 1.0, "declared": False, "own_domain": False} | change
    rng = np.random.default_rng(1)
    account = np.repeat(np.arange(N, dtype=np.int32), 40)
    ip = rng.integers(0, int(kind["pool"]), len(account)).astype(np.int32)
    home = rng.random(len(account)) < float(kind["office"])
    ip[home] = 500
    accounts = pa.table(
        {
            "email_domain": [f"mail{i % int(kind['domains'])}.com" for i in range(N)],
            "created_at": pa.array((np.arange(N) * float(kind["days"]) / N * DAY).astype(np.int64)).cast(
                pa.timestamp("us", "UTC")
            ),
        }
    )
    customers = Customers(
        np.zeros(N, dtype=np.int32), np.array([N]), np.array([bool(kind["declared"])]),
        np.array([bool(kind["own_domain"])]), np.zeros(N, dtype=bool),
    )  # fmt: skip
    return customers, accounts, account, ip


def count(**change: object) -> int:
    return parted_customers(*world(**change), P).count


def test_one_card_and_a_pool_of_addresses_are_no_one_customer() -> None:
    parted = parted_customers(*world(), P)
    assert parted.count == N
    assert parted.pretended.all()


@pytest.mark.parametrize(
    "change",
    [
        {"declared": True},
        {"own_domain": True},
        {"domains": 2},
        {"office": 0.7},  # most work is done at an office
        {"pool": 1, "days": 0.5},  # one address is an office, however they signed up
        {"pool": 4, "days": 200.0},  # few addresses, and accounts as old as a staff is
    ],
)
def test_a_firm_stays_one_customer(change: dict[str, object]) -> None:
    assert count(**change) == 1


def test_few_addresses_are_enough_where_all_signed_up_in_a_batch() -> None:
    assert count(pool=4, days=1.0) == N


def test_a_single_declared_account_does_not_make_a_firm_of_all_that_share_its_card_and_address() -> None:
    code = np.arange(4, dtype=np.int32)
    apart = Customers(
        code, np.ones(4, dtype=np.int64), np.array([True, False, False, False]), np.zeros(4, bool), np.zeros(4, bool)
    )
    payments = pa.table({"account": pa.array(code), "payment_method": ["card"] * 4})
    joined = joined_customers(apart, payments, np.full(4, 7, dtype=np.int64))
    assert joined.count == 1
    assert not joined.declared[0]


@pytest.mark.parametrize(
    ("own", "staff", "others", "customers"),
    [
        (True, 5, 4, 1),  # field offices pay with the firm's card
        (False, 5, 4, 5),  # five accounts on a card are no firm
        (True, 4, 4, 5),  # half of a card's accounts are not most of them
        (True, 2, 1, 2),  # two people are no firm
    ],
)
def test_who_pays_with_the_card_of_a_firm_is_the_firm(own: bool, staff: int, others: int, customers: int) -> None:
    code = np.concatenate([np.zeros(staff), 1 + np.arange(others)]).astype(np.int32)
    size, none = np.bincount(code), np.zeros(1 + others, dtype=bool)
    domain = none.copy()
    domain[0] = own
    n = len(code)
    payments = pa.table({"account": pa.array(np.arange(n)), "payment_method": ["card"] * n})
    apart = Customers(code, size, none, domain, np.zeros(n, dtype=bool))
    assert joined_customers(apart, payments, np.arange(n)).count == customers
