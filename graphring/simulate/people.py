"""Accounts and their habits, as columns; every account gets them by the same draws, scenarios change some later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from graphring.simulate.addresses import cloud, office
from graphring.simulate.draws import heavy_tail, mix, salt, stream

__all__ = [
    "CASUAL", "COUNTRIES", "DEVELOPER", "KINDS", "NEW_MODEL", "NIGHT_OWL", "OPEN", "OWN_DOMAIN", "PLANS", "SERVICE",
    "STUDENT", "WORKER", "ZONES", "People", "populate",
]  # fmt: skip

Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
COUNTRIES: Final = (
    "US", "IN", "BR", "GB", "DE", "FR", "JP", "CA", "ID", "MX", "ES", "PL", "NL", "AU", "KR", "VN", "TR", "NG", "PH",
    "IT", "UA", "SG", "ZA", "AR",
)  # fmt: skip
ZONES: Final = np.asarray([-6, 5, -3, 0, 1, 1, 9, -5, 7, -6, 1, 1, 1, 10, 9, 7, 3, 1, 8, 1, 2, 8, 2, -3])
"""Hours east of UTC, by country."""
_WEIGHTS: Final = 1.0 / (np.arange(len(COUNTRIES)) + 2.0)
PLANS: Final = ("free", "pay_as_you_go", "pro", "team", "education", "enterprise")
KINDS: Final = ("card", "virtual_card", "prepaid", "bank", "wallet")
CASUAL, WORKER, STUDENT, DEVELOPER, SERVICE, NIGHT_OWL = range(6)
OPEN: Final = 2**50
"""`closed` of an account that is open."""
NEW_MODEL: Final = 6
"""Number of the model that comes out while the world is observed."""
OWN_DOMAIN: Final = 200
"""Mail domains from here belong to one organisation; 100..199 are disposable, below are common providers."""


@dataclass
class People:
    """Columns by account code. Times are seconds since the world's first midnight, mostly negative."""

    created: Ints
    country: Ints
    zone: Ints
    persona: Ints
    plan: Ints
    email: Ints
    organisation: Ints
    """0: none declared."""
    verified: npt.NDArray[np.bool_]
    closed: Ints
    card: Ints
    """Payment method; 0: none."""
    card_kind: Ints
    issuer: Ints
    card_at: Ints
    line: npt.NDArray[np.uint64]
    """The home line."""
    provider: Ints
    lease: Ints
    """Days between two addresses of the line; 0: it keeps one."""
    mobile: Reals
    """Share of sessions on the phone network."""
    vpn: Reals
    away: Reals
    """Share of sessions at `site`."""
    site: Ints
    """Address code of an office, campus or own server; 0: none."""
    activity: Reals
    """Relative number of requests, 1 on average."""
    begins: Reals
    """Share of the observed time at which activity begins."""
    lasts: Reals
    """Share of the remaining time that it lasts."""
    api: Reals
    """Share of sessions without a conversation id: programs send none."""
    model: Ints
    adopts: Reals
    """Days after its release until the new model is used."""
    agent: Ints
    agent2: Ints
    system: Ints
    wrapper: Ints
    wrapped: Reals
    """Share of requests through the account's agent or own program."""
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


def populate(n: int, days: int, seed: int, traits: Mapping[str, float]) -> People:
    """`n` strangers."""
    rng = stream(seed, "people")
    numbers = np.arange(n)
    country = rng.choice(len(COUNTRIES), n, p=_WEIGHTS / _WEIGHTS.sum())
    persona = rng.choice(6, n, p=[0.32, 0.22, 0.13, 0.19, 0.07, 0.07])
    created = _sign_ups(rng, n, days, traits["growth"])
    rest = (1 - traits["free"]) * np.asarray([0.46, 0.34, 0.09, 0.09, 0.02])
    plan = rng.choice(len(PLANS), n, p=[traits["free"], *rest])
    email = np.where(rng.random(n) < 0.84, np.floor(40 * rng.random(n) ** 3).astype(np.int64), OWN_DOMAIN + numbers)
    email = np.where(rng.random(n) < traits["disposable"], 100 + rng.integers(0, 60, n), email)
    paid = rng.random(n) < np.where(plan == 0, 0.18, 0.95)
    delay = np.minimum(heavy_tail(rng, n, median=40_000, sigma=2.6), 200 * 86_400).astype(np.int64)
    office_days = np.isin(persona, [WORKER, DEVELOPER, SERVICE])
    server = (persona == SERVICE) | ((persona == DEVELOPER) & (rng.random(n) < 0.6))
    placed = (rng.random(n) < np.where(office_days, 0.55, 0.2)) | server
    site = np.where(server, cloud(mix(numbers, salt(seed, 1))), office(mix(numbers // 3, salt(seed, 2))))
    sigma = traits["activity"]
    return People(
        created=created, country=country, zone=ZONES[country], persona=persona, plan=plan, email=email,
        organisation=np.where((email >= OWN_DOMAIN) & (rng.random(n) < 0.5), 1 + numbers, 0),
        verified=rng.random(n) < 0.3, closed=np.full(n, OPEN), card=np.where(paid, 1 + numbers, 0),
        card_kind=rng.choice(len(KINDS), n, p=[0.56, 0.16, 0.06, 0.07, 0.15]), issuer=rng.integers(0, 60, n),
        card_at=np.minimum(created + delay, days * 86_400 - 1), line=mix(numbers, salt(seed, 3)),
        provider=country * 3 + np.floor(3 * rng.random(n) ** 2).astype(np.int64),
        lease=_leases(rng, n, traits["static"]),
        mobile=np.where(rng.random(n) < traits["mobile"], rng.beta(1.3, 1.3, n), 0.0),
        vpn=np.where(rng.random(n) < traits["vpn"], rng.beta(1, 1.5, n), 0.0),
        away=np.where(persona == SERVICE, 1.0, rng.beta(3, 1.4, n)) * placed, site=np.where(placed, site, 0),
        activity=heavy_tail(rng, n, median=float(np.exp(-(sigma**2) / 2)), sigma=sigma),
        begins=np.maximum(rng.random(n) - 0.35, 0.0), lasts=rng.beta(1.1, 0.6, n),
        api=_api(rng, persona),
        model=np.floor(NEW_MODEL * rng.random(n) ** 1.8).astype(np.int64), adopts=rng.exponential(30.0, n) ** 1.2,
        agent=_clients(rng, persona), agent2=_clients(rng, persona), system=np.zeros(n, np.int64),
        wrapper=np.zeros(n, np.int64), wrapped=np.zeros(n), device=_fingerprints(rng, n, traits["common_devices"]),
        phone=_fingerprints(rng, n, 0.015), referral=_referrals(rng, n, traits["referrals"]),
        ring=np.zeros(n, np.int64), kind=np.zeros(n, np.int64),
    )  # fmt: skip


def _sign_ups(rng: np.random.Generator, n: int, days: int, mean_age: float) -> Ints:
    """Sign-ups of some years and of the observed time, growing; nobody on the last day."""
    ago = rng.exponential(mean_age, n) % 1500.0
    return np.asarray((days * 0.97 - ago) * 86_400 + rng.random(n) * 900, dtype=np.int64)


def _api(rng: np.random.Generator, persona: Ints) -> Reals:
    """Services always, developers mostly; of the others half use programs that send none, half an app that does."""
    n = len(persona)
    others = np.where(rng.random(n) < 0.5, rng.beta(3, 0.6, n), rng.beta(0.3, 3, n))
    return np.select([persona == SERVICE, persona == DEVELOPER], [np.ones(n), rng.beta(3, 0.7, n)], others)


def _leases(rng: np.random.Generator, n: int, static: float) -> Ints:
    moving = (1 - static) * np.asarray([0.22, 0.18, 0.22, 0.2, 0.18])
    return rng.choice([0, 1, 2, 7, 14, 30], n, p=[static, *moving])


def _clients(rng: np.random.Generator, persona: Ints) -> Ints:
    """Numbers of user agents: programs mostly use libraries (0..23), people apps (24..47), but not always."""
    swap = rng.random(len(persona)) < 0.2
    program = np.isin(persona, [DEVELOPER, SERVICE]) ^ swap
    at = np.floor(24 * rng.random(len(persona)) ** 2).astype(np.int64)
    return np.where(program, at, 24 + at)


def _fingerprints(rng: np.random.Generator, n: int, common: float) -> Ints:
    """Mostly one's own; `common`: one of some that many have by chance, the first ones often. 0: unknown."""
    own = 1_000_000_000 + np.arange(n)
    many = 1 + np.floor(max(20, n // 60) * rng.random(n) ** 3).astype(np.int64)
    values = np.where(rng.random(n) < common, many, own)
    return np.where(rng.random(n) < 0.3, 0, values)


def _referrals(rng: np.random.Generator, n: int, share: float) -> Ints:
    codes = 1 + np.floor(max(10, n // 25) * rng.random(n) ** 2.5).astype(np.int64)
    return np.where(rng.random(n) < share, codes, 0)
