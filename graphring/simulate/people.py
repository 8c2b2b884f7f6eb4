"""Accounts and their habits, as columns; every account gets them by the same draws, scenarios change some later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graphring.simulate.draws import heavy_tail, mix, stream

__all__ = ["COUNTRIES", "KINDS", "PLANS", "People", "populate"]

Ints = npt.NDArray[np.int64]
COUNTRIES: Final = (
    "US",
    "IN",
    "BR",
    "GB",
    "DE",
    "FR",
    "JP",
    "CA",
    "ID",
    "MX",
    "ES",
    "PL",
    "NL",
    "AU",
    "KR",
    "VN",
    "TR",
    "NG",
    "PH",
    "IT",
    "UA",
    "SG",
    "ZA",
    "AR",
)
_ZONES: Final = np.asarray([-6, 5, -3, 0, 1, 1, 9, -5, 7, -6, 1, 1, 1, 10, 9, 7, 3, 1, 8, 1, 2, 8, 2, -3])
_WEIGHTS: Final = 1.0 / (np.arange(len(COUNTRIES)) + 2.0)
PLANS: Final = ("free", "pay_as_you_go", "pro", "team", "education", "enterprise")
KINDS: Final = ("card", "virtual_card", "prepaid", "bank", "wallet")
PERSONAS: Final = ("casual", "worker", "student", "developer", "service", "night_owl")


@dataclass
class People:
    """Columns by account code."""

    created: Ints
    """Seconds since the world's first midnight; mostly negative."""
    country: Ints
    zone: Ints
    """Hours east of UTC."""
    persona: Ints
    plan: Ints
    email: Ints
    """Domain code: below 100 common providers, 100..199 disposable, above: own domains."""
    organisation: Ints
    """0: none declared."""
    verified: npt.NDArray[np.bool_]
    closed: Ints
    """Seconds; a large number: open."""
    card: Ints
    """Payment method code; 0: none."""
    card_kind: Ints
    issuer: Ints
    card_at: Ints
    line: npt.NDArray[np.uint64]
    provider: Ints
    lease: Ints
    mobile: npt.NDArray[np.float64]
    """Share of sessions on the phone network."""
    vpn: npt.NDArray[np.float64]
    away: npt.NDArray[np.float64]
    """Share of sessions at `site`."""
    site: Ints
    """Address code of an office, campus or own server; 0: none."""
    activity: npt.NDArray[np.float64]
    """Relative number of requests."""
    begins: npt.NDArray[np.float64]
    """Share of the observed time at which activity begins."""
    lasts: npt.NDArray[np.float64]
    model: Ints
    agent: Ints
    system: Ints
    wrapper: Ints
    wrapped: npt.NDArray[np.float64]
    """Share of requests through the account's own program or agent."""
    device: Ints
    phone: Ints
    referral: Ints
    ring: Ints
    kind: Ints

    def __len__(self) -> int:
        return len(self.created)

    def set(self, accounts: Ints, **columns: Any) -> None:
        """Change columns of some accounts."""
        for name, values in columns.items():
            getattr(self, name)[accounts] = values


def populate(n: int, days: int, seed: int) -> People:
    """N strangers."""
    rng = stream(seed, "people")
    country = rng.choice(len(COUNTRIES), n, p=_WEIGHTS / _WEIGHTS.sum())
    persona = rng.choice(len(PERSONAS), n, p=[0.34, 0.24, 0.14, 0.16, 0.05, 0.07])
    created = _sign_ups(rng, n, days)
    plan = rng.choice(len(PLANS), n, p=[0.42, 0.27, 0.2, 0.05, 0.05, 0.01])
    email = np.where(rng.random(n) < 0.84, np.floor(40 * rng.random(n) ** 3).astype(np.int64), 200 + np.arange(n))
    email = np.where(rng.random(n) < 0.025, 100 + rng.integers(0, 60, n), email)
    paid = rng.random(n) < np.where(plan == 0, 0.18, 0.96)
    kind = rng.choice(len(KINDS), n, p=[0.58, 0.14, 0.06, 0.07, 0.15])
    delay = np.minimum(heavy_tail(rng, n, median=40_000, sigma=2.6), 200 * 86_400).astype(np.int64)
    work = np.isin(persona, [1, 3, 4])
    own = rng.random(n) < np.where(work, 0.55, 0.2)
    server = (persona == 4) | ((persona == 3) & (rng.random(n) < 0.5))
    numbers = np.arange(n)
    from graphring.simulate.addresses import cloud, office  # noqa: PLC0415

    site = np.where(server, cloud(mix(numbers, seed, 1)), office(mix(numbers // 3, seed, 2)))
    return People(
        created=created, country=country, zone=_ZONES[country], persona=persona, plan=plan, email=email,
        organisation=np.where((email >= 200) & (rng.random(n) < 0.5), 1 + numbers, 0), verified=rng.random(n) < 0.3,
        closed=np.full(n, 2**60), card=np.where(paid, 1 + numbers, 0), card_kind=kind, issuer=rng.integers(0, 60, n),
        card_at=np.minimum(created + delay, days * 86_400 - 1), line=mix(numbers, seed, 3),
        provider=(country * 3 + np.floor(3 * rng.random(n) ** 2).astype(np.int64)),
        lease=rng.choice([0, 1, 2, 7, 14, 30], n, p=[0.3, 0.16, 0.12, 0.16, 0.14, 0.12]),
        mobile=np.where(rng.random(n) < 0.45, rng.beta(1.2, 2, n), 0.0),
        vpn=np.where(rng.random(n) < 0.14, rng.beta(1, 1.5, n), 0.0),
        away=np.where(own | server, rng.beta(3, 1.4, n), 0.0), site=np.where(own | server, site, 0),
        activity=heavy_tail(rng, n, median=1.0, sigma=1.25), begins=np.maximum(rng.random(n) - 0.35, 0.0),
        lasts=rng.beta(1.1, 0.6, n), model=np.floor(6 * rng.random(n) ** 1.8).astype(np.int64),
        agent=np.floor(40 * rng.random(n) ** 2).astype(np.int64), system=np.zeros(n, np.int64), wrapper=np.zeros(n, np.int64),
        wrapped=np.zeros(n), device=_shared(rng, n, 0.12), phone=_shared(rng, n, 0.01), referral=_referrals(rng, n),
        ring=np.zeros(n, np.int64), kind=np.zeros(n, np.int64),
    )  # fmt: skip


def _sign_ups(rng: np.random.Generator, n: int, days: int) -> Ints:
    """Sign-ups of two years and of the observed time, growing."""
    ago = np.minimum(rng.exponential(220.0, n), 730.0 + 60 * rng.random(n))
    return np.asarray((days * 0.97 - ago) * 86_400 + rng.random(n) * 900, dtype=np.int64)


def _shared(rng: np.random.Generator, n: int, common: float) -> Ints:
    """Fingerprints: mostly one's own; `common`: one of some that many have by chance, the first ones often. 0: none."""
    own = 1_000_000 + np.arange(n)
    many = 1 + np.floor(max(20, n // 60) * rng.random(n) ** 3).astype(np.int64)
    values = np.where(rng.random(n) < common, many, own)
    return np.where(rng.random(n) < 0.3, 0, values)


def _referrals(rng: np.random.Generator, n: int) -> Ints:
    codes = 1 + np.floor(max(10, n // 25) * rng.random(n) ** 2.5).astype(np.int64)
    return np.where(rng.random(n) < 0.18, codes, 0)
