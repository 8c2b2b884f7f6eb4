"""Evidence of each account of a group, in bits, one column for each signal.

Every signal is a log-likelihood ratio against a null that keeps the account's own activity, damped by an effect size
so that large samples do not make tiny effects significant, and capped. Columns of one family add up under the
family's cap (`judge`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from graphring.detect.cohesion import cohesion, coverage, doubly, one_object
from graphring.detect.dealing import Dealing, threes
from graphring.detect.layers import Flags, Ints, Layer, Reals, customers_of
from graphring.detect.linked import Dates, dated, linked_signals, one_event, usual_ways
from graphring.detect.luck import luck_left, search_luck
from graphring.detect.nights import awake, sleepless
from graphring.detect.once import Once
from graphring.detect.pacing import paced
from graphring.detect.parameters import Parameters
from graphring.detect.places import Place, find_place
from graphring.detect.relations import Relations
from graphring.detect.sharing import Exposure, Shared, Sharer, carries, poisson_bits
from graphring.detect.signals import Signal, counted
from graphring.detect.signups import signups
from graphring.detect.timing import Synchrony, synchrony
from graphring.model import Family

__all__ = ["Meter"]


class Meter:
    """Measures groups.

    Parameters
    ----------
    suspects: flags of accounts; those that are not in the measured group do not count as outside.
    base: a meter of the same relations, whose scratch space is used again.
    """

    def __init__(self, r: Relations, p: Parameters, suspects: Flags | None = None, base: Meter | None = None) -> None:
        self.r, self.p = r, p
        layers = (
            r.content.items, r.content.wrappers, r.families, r.conversations, r.roaming, r.lines, r.payments, *r.links,
        )  # fmt: skip
        self.sharers: Mapping[str, Sharer] = (
            base.sharers if base else {x.name: Sharer(x, r.customers.code) for x in layers}
        )
        flags = np.zeros(r.n, dtype=bool) if suspects is None else suspects
        self._exposure = {x.name: self._exposed(x, flags) for x in layers}
        self._once = Once()
        self.luck: Mapping[str, float] = base.luck if base else {}
        self.ways: Mapping[str, float] = base.ways if base else {}
        churn = np.minimum(r.churn[~flags & (r.requests >= 2)], p.churn_cap)
        self._usual_churn = (float(churn.mean()), float(churn.std())) if len(churn) else (0.0, 1.0)
        self._awake: Reals = awake(r.exchanges, r.n) if base is None else base._awake
        code, known = r.customers.code, zip(r.links, r.linked, strict=True)
        asked = p.same_time_cap > 0.0 or not r.exchanges.rows  # where there are exchanges nobody asks for dates
        self._dates = [Dates.of(x, linked, code, flags) for x, linked in known] if asked else []
        self._created = np.sort(r.created[np.isfinite(r.created)])

    def _exposed(self, layer: Layer, suspects: Flags) -> Exposure:
        by_requests = layer.name in {"item", "wrapper", "template", "conversation"}
        each = (self.r.requests if by_requests else np.diff(layer.start)) + 1.0
        region = self.r.country if layer.name in {"roaming", "line"} else None
        where = np.zeros(self.r.n, dtype=np.int32) if region is None else region
        total = np.bincount(where, weights=each * ~suspects, minlength=int(where.max(initial=0)) + 1).astype(np.float64)
        if not suspects.any():
            return Exposure(each, total, region=region)
        account = layer.accounts
        use = ~suspects[account]
        outside = customers_of(layer.object[use].astype(np.int64), self.r.customers.code[account[use]], layer.size)
        return Exposure(each, total, outside, suspects, region)

    def _share(
        self, layer: Layer, group: Ints, exclusive: float = 0.0, few: float = 1e9, copied: float = 1e9
    ) -> Shared:
        return self.sharers[layer.name].share(group, self._exposure[layer.name], self.p.smooth, exclusive, few, copied)

    def relations(self, group: Ints) -> list[Signal]:
        """What a group shares: the cheap signals that decide whether it is worth a closer look."""
        wrapper = self._wrapper(group)
        found = [
            self._division(group, wrapper), wrapper, self._handover(group), self._rotation(group, wrapper),
            self._lines(group, wrapper),
            self._payment(group), *(self._link(layer, group, wrapper) for layer in self.r.links),
            *linked_signals(self.r.links, self._dates, self.ways, group, self.r.customers.code, self.p),
        ]  # fmt: skip
        return self._enabled(found)

    def rest(self, group: Ints) -> list[Signal]:
        """All other signals."""
        return self._enabled([
            self._synchrony(group, self._wrapper(group)), signups(self._created, self.r.created[group], self.p),
            self._churn(group), self._trust(group),
            self._place(group),
        ])  # fmt: skip

    def _enabled(self, signals: list[Signal]) -> list[Signal]:
        return [s for s in signals if str(s.family) not in self.p.disabled_families]

    def searched(self) -> None:
        """Learn what a search finds among strangers, from the layers of this meter with their edges dealt anew."""
        p, r = self.p, self.r
        layers = [
            (r.content.items, p.exclusive),
            (r.roaming, p.exclusive_address),
            (r.lines, p.exclusive_address),
            *((x, p.exclusive) for x in r.links),
        ]
        self.ways = {x.name: usual_ways(x, p) for x in r.links} if p.same_time_cap > 0.0 else {}
        self.luck = {x.name: search_luck(x, self._exposure[x.name], r, p, exclusive) for x, exclusive in layers}

    def _expected(self, layer: Layer, s: Shared, wrapper: Signal, group: Ints) -> Reals:
        """What strangers would share, or the luckiest of them if nothing but the sharing picked them out (`luck`)."""
        if float((wrapper.bits >= 0.5 * self.p.wrapper_cap).mean()) >= 0.5:
            return s.expected
        luck = self.luck.get(layer.name, 1.0) ** (self.p.luck_links if layer in self.r.links else 1.0)
        if layer is self.r.content.items and luck > 1.0 and s.observed.any():
            luck = luck_left(luck, s, self.dealing(group), self.p)
        return np.asarray(s.expected * luck)

    def _division(self, group: Ints, wrapper: Signal) -> Signal:
        p = self.p
        s = self._share(self.r.content.items, group, p.exclusive, p.senders, p.replication)
        s = replace(s, expected=self._expected(self.r.content.items, s, wrapper, group))
        per = p.division_effect * np.maximum(self.r.requests[group], 1)
        effect = np.clip((s.observed - s.expected) / per, 0.0, 1.0)
        damp = (1.0 - s.coverage) ** 2
        bits = np.clip(poisson_bits(s.observed, s.expected), 0.0, p.division_cap) * effect * damp
        if bits.any():
            bits *= self.dealing(group).counts(p)
        name, work = "division of labour", self._prompts(group)
        return Signal(name, Family.CONTENT, bits, s.observed, s.expected, "payloads", work)

    def dealing(self, group: Ints) -> Dealing:
        """How a group came by the payloads that its accounts have in common."""
        return self._once("dealing", group, self._came_by)

    def _came_by(self, group: Ints) -> Dealing:
        p, r = self.p, self.r
        met = threes(r.content.items, group, r.customers.code, self._prompts(group), p.exclusive)
        return Dealing(*met, *paced(r.content, r.exchanges, group, r.customers.code, self.focus(group), p))

    def _prompts(self, group: Ints) -> Reals:
        """Prompts of each account with the group's wrapper; all of one that never sends it."""
        wrapped = self._wrapper(group).observed
        return np.where(wrapped > 0, wrapped, self.r.requests[group] * 1.0)

    def _wrapper(self, group: Ints) -> Signal:
        return self._once("wrapper", group, self._tie)

    def _tie(self, group: Ints) -> Signal:
        best, often = np.zeros(len(group)), np.zeros(len(group))
        for layer in (self.r.content.wrappers, self.r.families):
            value, count = self.sharers[layer.name].usage(
                group, self._exposure[layer.name], self.r.requests, self.p.wrapper_effect, self.r.customers.count
            )
            often = np.where(value > best, count, often)
            best = np.maximum(best, value)
        bits = best / 10.0 * self.p.wrapper_cap
        return Signal("common wrapper", Family.CONTENT, bits, often, np.zeros(len(group)), "prompts")

    def _handover(self, group: Ints) -> Signal:
        s = self._share(self.r.conversations, group)
        per = self.r.requests[group] * 0.1
        name = "conversations handed over"
        one = counted(name, Family.TIMING, "conversations", self.p.handover_cap, s, per)
        bits = np.minimum(one.bits, self.p.handover_bits * s.observed)
        return replace(one, bits=bits, chances=self.r.requests[group] * 1.0)

    def _rotation(self, group: Ints, wrapper: Signal) -> Signal:
        """Places where much of the group works do not count, nor one more address: people meet at one place."""
        s, place = self._share(self.r.roaming, group, self.p.exclusive_address), self._place_of(group)
        met = np.maximum(s.observed - place.met, 0.0)
        s = replace(s, observed=met, expected=self._expected(self.r.roaming, s, wrapper, group))
        name = "rotation over shared addresses"
        one = counted(name, Family.NETWORK, "addresses", self.p.rotation_cap, s, s.uses * 1.0)
        several = np.clip(met - 1.0, 0.0, 1.0)
        return replace(one, bits=one.bits * several * (1.0 - place.at), chances=np.maximum(s.uses - 1.0, 0.0))

    def _lines(self, group: Ints, wrapper: Signal) -> Signal:
        """Strangers who have one of their two usual addresses in common: a household is one customer, and flatmates do
        not find the same wrapper. Who works at the group's place does not count.
        """
        s = self._share(self.r.lines, group, self.p.exclusive_address)
        expected = self._expected(self.r.lines, s, wrapper, group)
        bits = np.clip(poisson_bits(s.observed, expected), 0.0, self.p.line_cap) * (1.0 - self._place_of(group).at)
        name, chances = "usual addresses of strangers", (s.uses > 0) * 1.0
        return Signal(name, Family.NETWORK, bits, s.observed, expected, "addresses", chances)

    def _payment(self, group: Ints) -> Signal:
        p, customers = self.p, self.r.customers
        s = self._share(self.r.payments, group)
        name = "payment methods of strangers"
        one = counted(name, Family.PAYMENT, "payment methods", p.payment_cap, s, s.uses * 1.0)
        many = np.log2(np.maximum(customers.size[customers.code[group]] / p.household, 1.0))
        bits = one.bits * np.clip(2.0 * (1.0 - coverage(self.r.payments, group)), 0.0, 1.0)  # of one payer
        many *= ~customers.named[customers.code[group]]  # they say who pays for them
        bits = np.minimum(bits + np.minimum(many, p.card_cap), p.payment_cap)
        return Signal(name, one.family, bits, one.observed, one.expected, one.unit, (s.uses > 0) * 1.0)

    def _link(self, layer: Layer, group: Ints, wrapper: Signal) -> Signal:
        s = self._share(layer, group, self.p.exclusive)
        s = replace(s, expected=self._expected(layer, s, wrapper, group))
        one = counted(f"shared {layer.name}", Family.OTHER, layer.name, self.p.link_cap, s, s.uses * 1.0)
        bits = np.minimum(one.bits, self.p.link_bits * doubly(layer, group, s.observed))
        if self.p.same_time_cap <= 0.0:  # one code that all of a group gave is a partner's or a course's
            bits *= np.clip(2.0 * (1.0 - one_object(layer, group)), 0.0, 1.0)
        if self.p.link_cohesion > 0.0 and bits.any():
            bits *= np.clip(cohesion(layer, group) / self.p.link_cohesion, 0.0, 1.0)
        return replace(one, bits=bits, chances=s.uses * 1.0)

    def at_place(self, group: Ints) -> float:
        """The share of a group's work that is done at one place, in the mean of its accounts."""
        return float(self._place_of(group).at.mean())

    def dated(self, group: Ints) -> float:
        """The share of the group's links of which it is known when they were made."""
        return dated(self.r.links, self._dates, group)

    def one_event(self, group: Ints) -> bool:
        """Whether links alone show no more than that a group came to one event."""
        return one_event(self.r.links, self._dates, group, self.r.customers.code, self.p)

    def _synchrony(self, group: Ints, wrapper: Signal) -> Signal:
        """Likelihood of each account's excess under what is typical of the group, against none: normal, with the
        variance 1/12 of a uniform rank for each sitting. An account that never sends the group's own wrapper had as
        many chances as a few sittings. Measured on all exchanges and on those in `focus`: what says more counts.
        """
        place, focused = self._place_of(group).elsewhere, self.focus(group)
        s, bits = self._excess(group, place)
        if focused is not None:  # camouflage hides what accounts do together, and a wrapper may be that of a few only
            other, more = self._excess(group, focused if place is None else focused & place)
            if more.sum() > bits.sum():
                s, bits = other, more
        chances = np.maximum(s.sittings, np.minimum(wrapper.observed, 4.0))
        return Signal("synchrony", Family.TIMING, bits, s.observed, s.expected, "share of windows", chances)

    def _excess(self, group: Ints, focus: Flags | None) -> tuple[Synchrony, Reals]:
        s = synchrony(self.r.exchanges, group, self.r.customers.code, focus)
        informed = s.excess[s.sittings >= 2]
        typical = float(np.quantile(informed, 0.75)) if len(informed) else 0.0
        mu = float(np.clip(0.8 * typical, self.p.synchrony_least, 0.4))
        bits = 12.0 * s.sittings * (s.excess * mu - mu**2 / 2.0) / np.log(2.0)
        habit = np.clip(2.0 * (1.0 - s.expected), 0.0, 1.0)  # who is together every day follows a clock: cron, office
        return s, np.clip(bits, 0.0, self.p.synchrony_cap) * habit * (1.0 - self._place_of(group).at)

    def focus(self, group: Ints) -> Flags | None:
        """Which exchanges of the group carry one of its own wrappers; None where fewer than half of its accounts have
        one. Camouflage dilutes what accounts do together; a wrapper of their own tells the two apart.
        """
        return self._once("focus", group, self._focused)

    def _focused(self, group: Ints) -> Flags | None:
        layer, content = self.r.content.wrappers, self.r.content
        name = layer.name
        own = self.sharers[name].own(group, self._exposure[name], self.p.focus_exclusive, self.p.focus_share)
        if not len(own):
            return None
        flags = np.zeros(layer.size, dtype=bool)
        flags[own] = True
        rows = carries(self.r.exchanges.start, content.carried, content.carried_start, group, flags)
        local = np.repeat(np.arange(len(group)), self.r.requests[group])
        have = np.bincount(local, weights=rows, minlength=len(group)) > 0
        return rows if have.mean() >= 0.5 else None

    def _place_of(self, group: Ints) -> Place:
        return self._once("place", group, lambda of: find_place(self.r, self.p, of))

    def restless(self, group: Ints) -> bool:
        """Whether a group as a whole keeps no address, against accounts of like activity, beyond what phones do."""
        value = np.minimum(self.r.churn[group], self.p.churn_cap)
        spread = max(float(self._usual_churn[1]), 0.1) / float(np.sqrt(len(group)))
        least = max(self.p.restless_bits, self.p.restless_sigma * spread)
        return bool(float(value.mean()) - float(self._usual_churn[0]) >= least)

    def awake(self, group: Ints) -> bool:
        """Whether a group as a whole never rests, beyond what accounts of like activity do."""
        return sleepless(self._awake, group, self.p)

    def _churn(self, group: Ints) -> Signal:
        value = self.r.churn[group]
        bits = np.minimum(value, self.p.churn_cap)
        chances = np.minimum(self.r.requests[group] / self.p.pooled, 1.0)
        return Signal("keeps no address", Family.NETWORK, bits, value, np.zeros(len(group)), "bits", chances)

    def _trust(self, group: Ints) -> Signal:
        value = self.r.trust[group]
        return Signal("known customer", Family.OTHER, -value, value, np.zeros(len(group)), "bits")

    def _place(self, group: Ints) -> Signal:
        venue = self._place_of(group).at
        bits = -self.p.venue_bits * venue
        return Signal("works at one place", Family.NETWORK, bits, venue, np.zeros(len(group)), "share")
