"""Evidence of each account of a group, in bits, one column for each signal.

Every signal is a log-likelihood ratio against a null that keeps the account's own activity, damped by an effect size
so that large samples do not make tiny effects significant, and capped. Columns of one family add up under the
family's cap (`score`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from graphring.detect.layers import Ints, Layer, Reals, customers_of
from graphring.detect.parameters import Parameters
from graphring.detect.relations import Relations
from graphring.detect.sharing import Shared, poisson_bits, share
from graphring.detect.timing import synchrony
from graphring.model import Family

__all__ = ["Background", "Signal", "measure"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Signal:
    """One column: what it says of each account of the group.

    relational: it is about what the account has in common with the group (not about the account alone); bits, observed,
    expected: per account; unit: of the latter two.
    """

    name: str
    family: Family
    relational: bool
    bits: Reals
    observed: Reals
    expected: Reals
    unit: str


@dataclass(frozen=True)
class Background:
    """Who counts as outside: everybody but `suspects` (flags of accounts, all groups that are under suspicion)."""

    suspects: Flags
    degrees: dict[str, Ints] = field(default_factory=dict)

    def clean(self, layer: Layer, customer: Ints) -> Ints | None:
        """Customers of each object outside the suspects; None while nobody is suspected."""
        if not self.suspects.any():
            return None
        if layer.name not in self.degrees:
            account = layer.accounts
            use = ~self.suspects[account]
            who = customer[account[use]]
            self.degrees[layer.name] = customers_of(layer.object[use].astype(np.int64), who, layer.size)
        return self.degrees[layer.name]


def measure(r: Relations, group: Ints, background: Background, p: Parameters, *, timed: bool = True) -> list[Signal]:
    """All signals of one group (sorted accounts); `background` says who is outside."""
    found = [
        _division(r, group, background, p),
        _wrapper(r, group, background, p),
        _handover(r, group, background, p),
        _rotation(r, group, background, p),
        _payment(r, group, background, p),
        *([_synchrony(r, group, p)] if timed else []),
        _signup(r, group, p),
        _churn(r, group, p),
        *(_link(r, layer, group, background, p) for layer in r.links),
        _trust(r, group, p),
    ]
    return [s for s in found if str(s.family) not in p.disabled_families]


def _share(
    r: Relations,
    layer: Layer,
    group: Ints,
    background: Background,
    p: Parameters,
    by_requests: bool = False,
    exclusive: float = 0.0,
) -> Shared:
    exposure = (r.requests if by_requests else np.diff(layer.start)) + 1.0
    total = float(exposure[~background.suspects].sum() + exposure[group[background.suspects[group]]].sum())
    clean = background.clean(layer, r.customers.code)
    return share(layer, group, r.customers.code, p.smooth, exposure, total, exclusive, clean)


def _division(r: Relations, group: Ints, background: Background, p: Parameters) -> Signal:
    s = _share(r, r.content.items, group, background, p, by_requests=True, exclusive=p.exclusive)
    effect = np.clip((s.observed - s.expected) / (p.division_effect * np.maximum(r.requests[group], 1)), 0.0, 1.0)
    damp = np.clip((p.replication - s.coverage) / (0.7 * p.replication), 0.0, 1.0)
    bits = np.clip(poisson_bits(s.observed, s.expected), 0.0, p.division_cap) * effect * damp
    return Signal("division of labour", Family.CONTENT, True, bits, s.observed * 1.0, s.expected, "payloads")


def _wrapper(r: Relations, group: Ints, background: Background, p: Parameters) -> Signal:
    layer = r.content.wrappers
    s = _share(r, layer, group, background, p, by_requests=True)
    n = len(np.unique(r.customers.code[group]))
    lift = np.log2(
        np.maximum((s.inside - 1) / max(n - 1, 1), 1e-9) / ((s.outside + 0.5) / max(r.customers.count - n, 1))
    )
    size = layer.start[group + 1] - layer.start[group]
    local = np.repeat(np.arange(len(group)), size)
    first = np.repeat(layer.start[group] - np.concatenate([[0], np.cumsum(size)[:-1]]), size)
    edge = first + np.arange(len(local))
    which = np.searchsorted(s.objects, layer.object[edge])
    share_in = (s.inside - 1) / max(n - 1, 1)
    used = np.clip(layer.count[edge] / (p.wrapper_effect * np.maximum(r.requests[group][local], 1)), 0.0, 1.0)
    value = np.clip(lift[which], 0.0, 10.0) / 10.0 * np.sqrt(np.clip(share_in[which], 0, 1)) * used * p.wrapper_cap
    bits = np.zeros(len(group))
    np.maximum.at(bits, local, value)
    seen = np.zeros(len(group))
    np.maximum.at(seen, local, layer.count[edge] * (value > 0))
    return Signal("common wrapper", Family.CONTENT, True, bits, seen, np.zeros(len(group)), "prompts")


def _counted(name: str, family: Family, unit: str, cap: float, s: Shared, per: Reals, least: float = 0.5) -> Signal:
    """A sharing signal whose effect is the excess as a share of `per`."""
    effect = np.clip((s.observed - s.expected) / np.maximum(least * per, 1.0), 0.0, 1.0)
    bits = np.clip(poisson_bits(s.observed, s.expected), 0.0, cap) * effect
    return Signal(name, family, True, bits, s.observed * 1.0, s.expected, unit)


def _handover(r: Relations, group: Ints, background: Background, p: Parameters) -> Signal:
    s = _share(r, r.conversations, group, background, p, by_requests=True)
    per = r.requests[group] * 0.1
    return _counted("conversations handed over", Family.TIMING, "conversations", p.handover_cap, s, per)


def _rotation(r: Relations, group: Ints, background: Background, p: Parameters) -> Signal:
    s = _share(r, r.roaming, group, background, p)
    return _counted("rotation over shared addresses", Family.NETWORK, "addresses", p.rotation_cap, s, s.uses * 1.0)


def _payment(r: Relations, group: Ints, background: Background, p: Parameters) -> Signal:
    s = _share(r, r.payments, group, background, p)
    one = _counted("payment methods of strangers", Family.PAYMENT, "payment methods", p.payment_cap, s, s.uses * 1.0)
    many = np.log2(np.maximum(r.customers.size[r.customers.code[group]] / p.household, 1.0))
    bits = np.minimum(one.bits + np.minimum(many, p.card_cap), p.payment_cap)
    return Signal(one.name, one.family, True, bits, one.observed, one.expected, one.unit)


def _link(r: Relations, layer: Layer, group: Ints, background: Background, p: Parameters) -> Signal:
    s = _share(r, layer, group, background, p)
    return _counted(f"shared {layer.name}", Family.OTHER, f"{layer.name}", p.link_cap, s, s.uses * 1.0)


def _synchrony(r: Relations, group: Ints, p: Parameters) -> Signal:
    s = synchrony(r.exchanges, group, r.customers.code)
    z = s.excess * np.sqrt(12.0 * s.sittings)
    bits = np.clip(0.72 * z**2, 0.0, p.synchrony_cap) * np.clip(s.excess / p.synchrony_effect, 0.0, 1.0)
    return Signal("synchrony", Family.TIMING, True, bits, s.observed, s.expected, "share of windows")


def _signup(r: Relations, group: Ints, p: Parameters) -> Signal:
    """Accounts of the group created within a day of this one, against the sign-ups of everybody else."""
    created = r.created[group]
    known = np.isfinite(created)
    everyone = np.sort(r.created[np.isfinite(r.created)])
    inside = np.sort(created[known])
    at = np.where(known, created, 1e18)
    near = np.searchsorted(inside, at + 1.0, "right") - np.searchsorted(inside, at - 1.0) - known
    around = np.searchsorted(everyone, at + 1.0, "right") - np.searchsorted(everyone, at - 1.0) - known - near
    expected = (around + 0.5) / max(len(everyone) - len(inside), 1) * max(len(inside) - 1, 0)
    effect = np.clip((near - expected) / max(0.2 * len(group), 1.0), 0.0, 1.0)
    bits = np.clip(poisson_bits(near, expected), 0.0, p.signup_cap) * effect
    return Signal("sign-ups in batches", Family.LIFECYCLE, False, bits, near * 1.0, expected, "accounts")


def _churn(r: Relations, group: Ints, p: Parameters) -> Signal:
    return Signal(
        "keeps no address", Family.NETWORK, False, np.minimum(r.churn[group], p.churn_cap), r.churn[group],
        np.zeros(len(group)), "bits",
    )  # fmt: skip


def _trust(r: Relations, group: Ints, p: Parameters) -> Signal:
    return Signal("known customer", Family.OTHER, False, -r.trust[group], r.trust[group], np.zeros(len(group)), "bits")
