"""Rings that share more than they own, and keys that are not their users': tenants, stolen keys, rotation, pivot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import numpy as np

from graphring.simulate import addresses
from graphring.simulate.draws import fold, heavy_tail, mix, pick
from graphring.simulate.events import DAY, SECOND, Events
from graphring.simulate.parameters import Span
from graphring.simulate.people import NEW_MODEL
from graphring.simulate.rings.campaign import COMMON, batches, cover, dealt, disguise, divided, volumes, work
from graphring.simulate.rings.pools import Pool
from graphring.simulate.traffic import organic
from graphring.simulate.world import Group, World

__all__ = ["Pivot", "Rotation", "SharedPool", "StolenKeys"]


class SharedPool(Pool):
    """Two or three tenants on one proxy pool, each with a template of its own: as many rings."""

    name = "shared_pool"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(90, 900, "members of all tenants", log=True, whole=True),
        "fan": Span(10, 50, "requests of a batch", log=True, whole=True),
        "tenants": Span(2, 3, "rings that share the pool", whole=True),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:
        """Each tenant makes its own accounts."""
        for tenant in self._tenants(group):
            world.label(tenant.members, tenant.name, group.kind)
            disguise(world, tenant, rng)

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Each tenant's campaign through the common proxies."""
        for tenant in self._tenants(group):
            related, unrelated = volumes(world, tenant, rng)
            start, end = rng.uniform(0, 0.4) * world.days, rng.uniform(0.65, 1.0) * world.days
            ts = batches(world, tenant, rng, int(related.sum()), start=start, end=end)
            what = work(world, tenant, rng)
            yield divided(world, tenant, dealt(world, tenant, related, rng), ts, what, pool=group.name)
            yield cover(world, tenant, unrelated, rng)

    def _tenants(self, group: Group) -> list[Group]:
        parts = np.array_split(group.members, int(group.dials["tenants"]))
        dials = {**group.dials, "pool_size": group.dials["pool_size"] * len(parts)}
        return [
            replace(group, name=f"{group.name}-{'abc'[k]}", members=part, dials=dials) for k, part in enumerate(parts)
        ]


class Rotation(Pool):
    """30-300 accounts, hundreds of requests a day, one shift of accounts after the other."""

    name = "rotation"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(30, 300, "members", log=True, whole=True),
        "daily": Span(100, 860, "requests of an account on a day of its shift", log=True, whole=True),
        "fan": Span(10, 60, "requests of a batch", log=True, whole=True),
        "shift": Span(1, 3, "days of a shift", whole=True),
    }

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """Shifts of a few accounts at a time; a small world affords few of them."""
        people, members, dials = world.people, group.members, group.dials
        afford = 0.04 * len(people) * world.per_account
        daily = max(20.0, min(dials["daily"], afford / max(1, len(members))))
        wanted = np.maximum(3, rng.poisson(daily * rng.uniform(0.4, 1.0, len(members)))).astype(np.int64)
        ready = np.maximum(people.created[members] / 86_400, 0)
        begin = ready + rng.random(len(members)) * np.maximum(world.days - ready - dials["shift"], 0.2)
        batch = np.maximum(1, np.round(wanted / 6)).astype(np.int64)
        account, start, size = np.repeat(members, batch), np.repeat(begin, batch), np.repeat(wanted / batch, batch)
        at = start + rng.random(len(account)) * dials["shift"]
        repeat = np.maximum(1, np.round(size)).astype(np.int64)
        ts = (np.repeat(at, repeat) * 86_400 + rng.uniform(0, dials["jitter"] * 60, int(repeat.sum()))) * SECOND
        yield divided(world, group, np.repeat(account, repeat), ts.astype(np.int64), work(world, group, rng))
        _, unrelated = volumes(world, group, rng)
        yield cover(world, group, unrelated, rng)


class Pivot(Pool):
    """Half of the pool's traffic moves to a new model within a day of its release."""

    name = "pivot"
    spans: ClassVar[dict[str, Span]] = COMMON | {
        "accounts": Span(60, 500, "members", log=True, whole=True),
        "fan": Span(10, 60, "requests of a batch", log=True, whole=True),
        "moves": Span(0.35, 0.65, "share of the traffic that moves to the new model", hides=-1),
        "within": Span(2, 24, "hours after the release within which it moves", log=True, hides=1),
    }

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """As the pool; after the release, a share goes to the new model."""
        for number, events in enumerate(super().traffic(world, group, rng)):
            if number == 0:
                after = events["ts"] > (world.release() + rng.random() * group.dials["within"] / 24) * DAY
                moved = after & (rng.random(len(events)) < group.dials["moves"])
                events["model"] = np.where(moved, NEW_MODEL, events["model"])
            yield events


class StolenKeys:
    """One egress, many unrelated owners: the owners are victims, not members."""

    name = "stolen_keys"
    spans: ClassVar[dict[str, Span]] = {
        "accounts": Span(30, 300, "owners of stolen keys", log=True, whole=True),
        "in_system": Span(0.0, 0.6, "chance that a system prompt does without a wrapper"),
        "egress": Span(1, 4, "addresses of the thief", whole=True, hides=1),
        "owned": Span(0.0, 0.2, "accounts of the thief's own, per victim: the only members of the ring"),
        "paraphrase": Span(0.0, 0.3, "share of requests whose wrapper has a wording of its own", hides=1),
        "public_wrapper": Span(0.0, 0.3, "chance that the wrapper was copied from a public place"),
        "span": Span(1, 12, "days for which a stolen key is used", log=True),
        "stolen": Span(0.2, 2.0, "requests of the thief, per request of the owner", log=True),
    }

    def join(self, world: World, group: Group, rng: np.random.Generator) -> None:  # noqa: ARG002
        """Victims are benign; the thief's own accounts, if any, are the ring."""
        owned = round(len(group.members) * group.dials["owned"] / (1 + group.dials["owned"]))
        owned = owned if owned >= 3 else 0
        world.label(group.members[owned:], "", "stolen_key_victim")
        if owned:
            world.label(group.members[:owned], group.name, group.kind)

    def traffic(self, world: World, group: Group, rng: np.random.Generator) -> Iterator[Events]:
        """The owners' own traffic, and on some days the thief's."""
        members = group.members
        own = heavy_tail(rng, len(members), median=world.per_account * 0.6, sigma=1.1)
        yield organic(rng, world, members, np.round(own).astype(np.int64))
        stolen = np.maximum(2, own * group.dials["stolen"] * rng.uniform(0.3, 1.7, len(members))).astype(np.int64)
        start, end = rng.uniform(0.05, 0.5) * world.days, world.days * 1.0
        begin = rng.uniform(start, end - 0.5, len(members))
        account = np.repeat(members, stolen)
        ts = (np.repeat(begin, stolen) + rng.random(len(account)) * group.dials["span"]) * DAY
        what = work(world, group, rng)
        item = np.argsort(np.argsort(ts, kind="stable"), kind="stable")
        payload = mix(item, what.pool)
        egress = addresses.cloud(mix(np.arange(int(group.dials["egress"])), world.salt("egress", group.name)))
        yield world.alive(
            world.requests(
                rng, account, ts.astype(np.int64), ip=egress[pick(fold(item, account), len(egress))], payload=payload,
                wrapper=what.wrapper, system=what.system, wording=mix(payload, 17),
                topic=np.asarray(what.topics)[pick(mix(payload, 13), len(what.topics))],
            )
        )  # fmt: skip
