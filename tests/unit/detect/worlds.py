"""Small worlds at the level that detection reads: hashes in place of texts, every scenario a few lines.

They exist to test detection alone, without intake and templates; `graphring.simulate` makes the real thing.
"""

# ruff: noqa: E501, C901, E731
# fmt: off
from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from graphring.engine import Engine
from graphring.graph import build_graph
from graphring.model import (
    ACCOUNTS,
    ASSIGNMENTS,
    EXCHANGES,
    FAMILIES,
    IPS,
    LINKS,
    PAYMENTS,
    GraphTables,
    Traffic,
)  # fmt: skip

DAY, HOUR = 86_400.0, 3_600.0
T0 = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
DAYS = 28
_WRAP, _PAY = 6, 8


def _mix(x: np.ndarray, salt: int) -> np.ndarray:
    z = x.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt * 0xBF58476D1CE4E5B9 % 2**64)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@dataclass
class World:
    """Accounts and events under construction."""

    seed: int = 0
    truth: dict[int, tuple[str, str]] = field(default_factory=dict)
    """account → (ring, kind); benign look-alikes have ring ''."""
    profile: list[dict] = field(default_factory=list)
    cards: list[tuple[int, str, float, str]] = field(default_factory=list)
    links: list[tuple[int, str, str]] = field(default_factory=list)
    events: list[tuple[np.ndarray, ...]] = field(default_factory=list)
    next_id: int = 10_000_000
    rings: int = 0

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        self.carriers = [[self.fresh() for _ in range(12)] for _ in range(6)]
        self.vpn = [self.fresh() for _ in range(60)]
        self.isp = [np.array([self.fresh() for _ in range(150)]) for _ in range(12)]
        self.cloud = [self.fresh() for _ in range(80)]
        self.tools = [self.fresh() for _ in range(120)]
        self.corpora = [np.arange(self.fresh(4000), self.next_id) for _ in range(40)]

    def fresh(self, n: int = 1) -> int:
        self.next_id += n
        return self.next_id - n

    def new_account(self, **given) -> int:
        rng = self.rng
        base = {
            "created": float(rng.uniform(-300, DAYS * 0.9)),
            "domain": str(rng.choice(["gmail.com", "outlook.com", "yahoo.com", "proton.me", "qq.com"])),
            "org": None, "verified": bool(rng.random() < 0.1), "plan": "free", "country": str(rng.choice(["US", "DE", "IN", "BR", "JP"])),
            "status": "active", "closed": None,
        }  # fmt: skip
        if rng.random() < 0.08:
            base["domain"] = f"firm{self.fresh()}.com"
        base.update(given)
        self.profile.append(base)
        return len(self.profile) - 1

    def pay(self, account: int, card: str | None = None, kind: str = "card") -> None:
        p = self.profile[account]
        self.cards.append((account, card or f"pm{self.fresh()}", max(p["created"], 0.0) + float(self.rng.exponential(1)), kind))

    def add(self, account, ts, ip, wrapper, payload, conversation=None) -> None:
        n = len(ts)
        conv = np.full(n, 0) if conversation is None else conversation
        full = [np.broadcast_to(np.asarray(x), n) for x in (account, ts, ip, wrapper, payload, conv)]
        self.events.append(tuple(full))

    def human_times(self, n: int, start: float, end: float, tz: float) -> np.ndarray:
        """n instants in days start..end, in sessions, by day."""
        rng = self.rng
        sessions = max(1, int(n / rng.uniform(2, 8)))
        day = np.floor(rng.uniform(start, max(end, start + 0.2), sessions))
        hour = np.clip(rng.normal(14, 3.5, sessions), 6, 24) + tz
        base = np.clip(day, start, None) * DAY + hour * HOUR
        pick = rng.integers(0, sessions, n)
        return base[pick] + rng.exponential(600, n)

    def home(self, isp: int | None = None):
        """An address for each instant: fixed, or dynamic within an ISP."""
        rng = self.rng
        if rng.random() < 0.6:
            own = self.fresh()
            return lambda ts: np.full(len(ts), own)
        pool = self.isp[int(rng.integers(len(self.isp))) if isp is None else isp]
        every = float(rng.uniform(2, 10))
        key = int(rng.integers(1 << 30))
        return lambda ts: pool[_mix((ts / DAY / every).astype(np.int64), key) % np.uint64(len(pool))]

    def person_ips(self, ts):
        rng = self.rng
        out = self.home()(ts)
        if rng.random() < 0.35:
            carrier = np.array(self.carriers[int(rng.integers(6))])
            out = np.where(rng.random(len(ts)) < 0.3, rng.choice(carrier, len(ts)), out)
        if rng.random() < 0.05:
            out = np.where(rng.random(len(ts)) < 0.5, rng.choice(self.vpn, len(ts)), out)
        return out

    def organic(self, account: int, n: int, tz: float | None = None, start: float | None = None) -> None:
        """What an ordinary person sends."""
        rng = self.rng
        tz = float(rng.choice([-6, 0, 1, 5, 9])) if tz is None else tz
        begin = max(0.0, self.profile[account]["created"]) if start is None else start
        ts = self.human_times(n, begin, DAYS, tz)
        tools = rng.choice(len(self.tools), 3, p=self._zipf(len(self.tools)))
        wrapper = np.where(rng.random(n) < 0.45, np.array(self.tools)[rng.choice(tools, n)], -1)
        self.add(account, ts, self.person_ips(ts), wrapper, self.payloads(n))

    def payloads(self, n: int, shared: float = 0.25) -> np.ndarray:
        rng = self.rng
        unique = np.arange(self.fresh(n), self.next_id)
        corpus = self.corpora[int(rng.integers(len(self.corpora)))]
        item = corpus[np.minimum((rng.random(n) ** 2 * len(corpus)).astype(int), len(corpus) - 1)]
        return np.where(rng.random(n) < shared, item, unique)

    @staticmethod
    def _zipf(n: int) -> np.ndarray:
        w = 1.0 / np.arange(1, n + 1)
        return w / w.sum()

    def size(self, median: float = 12.0) -> int:
        return int(np.clip(self.rng.lognormal(np.log(median), 1.1), 1, 900))

    # --- who lives here --------------------------------------------------------------------------------------------
    def background(self, n: int) -> None:
        for _ in range(n):
            a = self.new_account()
            if self.rng.random() < 0.5:
                self.pay(a)
            self.organic(a, self.size())

    def ring(self, kind: str, n: int, *, requests: float = 60, camouflage: float = 0.2, proxies: str = "pool",
             pool: int = 40, cards: int = 0, wording: str = "fixed", items: float = 3.0, timing: str = "batch",
             start: float = 2.0, end: float = DAYS, human: bool = False, handover: bool = False,
             wrapper: int | None = None, addresses: np.ndarray | None = None, queue: np.ndarray | None = None,
             name: str | None = None, signup: str = "spread") -> str:  # fmt: skip
        """One ring. `items`: how often each payload is sent on average; `proxies`: pool, residential or own."""
        rng = self.rng
        if name is None:
            self.rings += 1
            name = f"ring{self.rings}"
        tz = float(rng.choice([-6, 0, 8]))
        addresses = np.array([self.fresh() for _ in range(pool)]) if addresses is None else addresses
        wrapper = self.fresh() if wrapper is None else wrapper
        counts = np.clip(rng.lognormal(np.log(requests), 0.4, n).astype(int), 1, None)
        total = int((counts * (1 - camouflage)).sum()) + n
        if queue is None:
            corpus = self.corpora[int(rng.integers(len(self.corpora)))]
            fresh = np.arange(self.fresh(total), self.next_id)
            queue = np.concatenate([corpus, fresh])[: max(int(total / items), 20)]
            if len(queue) < total / items:
                queue = fresh[: int(total / items)]
        job = rng.permutation(np.tile(queue, int(np.ceil(total / len(queue)))))[:total]
        if timing == "batch":
            batches = np.sort(rng.uniform(start, end, max(total // max(n // 2, 8), 1)))
            when = np.sort(rng.choice(batches, total)) * DAY + rng.uniform(0, 180, total)
        else:
            when = np.sort(rng.uniform(start, end, total)) * DAY
        if human:
            when = np.sort(self.human_times(total, start, end, tz))
        who = rng.choice(n, total, p=counts / counts.sum())
        card_names = [f"pm{self.fresh()}" for _ in range(cards)]
        conv = np.arange(self.fresh(total), self.next_id)
        if handover:
            conv = np.repeat(np.arange(self.fresh(total), self.next_id), 3)[:total]
        for i in range(n):
            created = float(start - rng.uniform(0.5, 20)) if signup == "spread" else float(start - rng.uniform(0.1, 1))
            if rng.random() < 0.3 and signup == "spread":
                created = float(rng.uniform(-300, start))
            a = self.new_account(created=created, verified=False, domain=str(rng.choice(["gmail.com", "outlook.com", "qq.com"])))
            self.truth[a] = (name, kind)
            self.pay(a, str(rng.choice(card_names)) if cards else None, "virtual_card" if rng.random() < 0.3 else "card")
            mine = who == i
            ts = when[mine]
            m = len(ts)
            if proxies == "pool":
                ip = rng.choice(addresses, m)
            elif proxies == "residential":
                isp = np.concatenate(self.isp)
                ip = np.where(rng.random(m) < 0.5, rng.choice(isp, m), np.arange(self.fresh(m), self.next_id))
            else:
                ip = self.home()(ts)
            if wording == "fixed":
                w = np.full(m, wrapper)
            elif wording == "none":
                w = np.full(m, -1)
            else:
                w = wrapper + 1_000_000_000 + rng.integers(0, 3000, m)
            if m:
                self.add(a, ts, ip, w, job[mine], conv[mine])
            extra = int(counts[i] * camouflage)
            if extra:
                ts = rng.choice(when, extra) + rng.normal(0, 3 * HOUR, extra) if not human else self.human_times(extra, start, end, tz)
                ip = self.person_ips(ts) if proxies == "own" else (rng.choice(addresses, extra) if proxies == "pool" else np.arange(self.fresh(extra), self.next_id))
                tools = rng.choice(self.tools, extra)
                self.add(a, ts, ip, np.where(rng.random(extra) < 0.4, tools, -1), self.payloads(extra))
        return name

    def group(self, kind: str, n: int, *, site: int = 1, at_site: float = 0.8, wrapper: int | None = None,
              use: float = 0.5, items: np.ndarray | None = None, coverage: float = 0.8, start: float = 0.0,
              end: float = DAYS, org: str | None = None, domain: str | None = None, card: bool = False,
              burst: bool = False, robot: bool = False, requests: float = 15, addresses: np.ndarray | None = None,
              shared_pool: bool = False) -> None:  # fmt: skip
        """Innocent people who share a place, a tool, a course or an employer."""
        rng = self.rng
        place = np.array([self.fresh() for _ in range(site)]) if addresses is None else addresses
        wrapper = self.fresh() if wrapper is None else wrapper
        tz = float(rng.choice([-6, 0, 1, 5]))
        paid = f"pm{self.fresh()}"
        shared = self.payloads(int(n * requests))
        for _ in range(n):
            created = float(start - rng.uniform(0, 1)) if burst else float(rng.uniform(-300, start + 1))
            given = {"created": created} | ({"org": org} if org else {}) | ({"domain": domain} if domain else {})
            a = self.new_account(**given)
            self.truth[a] = ("", kind)
            if card or rng.random() < 0.4:
                self.pay(a, paid if card else None)
            m = self.size(requests)
            ts = np.sort(rng.uniform(start, end, m)) * DAY if robot else self.human_times(m, start, end, tz)
            there = rng.random(m) < at_site
            ip = np.where(there, rng.choice(place, m), self.home()(ts))
            w = np.where(rng.random(m) < use, wrapper, -1)
            if items is not None:
                done = rng.permutation(items)[: int(len(items) * min(1.0, rng.normal(coverage, 0.1)))]
                pay = np.concatenate([done, self.payloads(m)])[: max(m, len(done))]
                if len(pay) > m:
                    more = len(pay) - m
                    ts = np.concatenate([ts, self.human_times(more, start, end, tz)])
                    ip = np.concatenate([ip, np.full(more, ip[0])])
                    w = np.concatenate([w, np.full(more, wrapper)])
            else:
                pay = rng.choice(shared, m) if shared_pool else self.payloads(m)
            self.add(a, ts, ip, w, pay)

    # --- as tables -------------------------------------------------------------------------------------------------
    def write(self, folder: Path, order: np.ndarray | None = None) -> tuple[Traffic, GraphTables, dict[str, tuple[str, str]]]:
        n = len(self.profile)
        shuffled = self.rng.permutation(n)
        ids = np.array([f"acc{k:06d}" for k in range(n)])
        code = np.empty(n, dtype=np.int64)
        code[shuffled] = np.arange(n)
        prof = [self.profile[i] for i in shuffled]
        when = lambda d: None if d is None else T0 + dt.timedelta(days=d)
        accounts = pa.table(
            {
                "account_id": ids, "created_at": [when(p["created"]) for p in prof], "email_domain": [p["domain"] for p in prof],
                "plan": [p["plan"] for p in prof], "country": [p["country"] for p in prof], "organisation": pa.array([p["org"] for p in prof], pa.string()),
                "verified": [p["verified"] for p in prof], "status": [p["status"] for p in prof],
                "closed_at": pa.array([when(p["closed"]) for p in prof], ACCOUNTS.field("closed_at").type), "known": [True] * n,
            }
        ).cast(ACCOUNTS)  # fmt: skip
        pay = sorted((int(code[a]), m, T0 + dt.timedelta(days=t), k) for a, m, t, k in self.cards)
        payments = pa.table({"account": [x[0] for x in pay], "payment_method": [x[1] for x in pay], "ts": [x[2] for x in pay],
                             "kind": [x[3] for x in pay], "issuer": [""] * len(pay)}).cast(PAYMENTS) if pay else PAYMENTS.empty_table()  # fmt: skip
        ln = sorted((int(code[a]), t, o) for a, t, o in self.links)
        links = pa.table({"account": [x[0] for x in ln], "object_type": [x[1] for x in ln], "object_id": [x[2] for x in ln],
                          "ts": pa.nulls(len(ln), LINKS.field("ts").type), "count": [1] * len(ln)}).cast(LINKS) if ln else LINKS.empty_table()  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        exchanges, ips = self._exchanges(code)
        tables = {"accounts": accounts, "payments": payments, "links": links, "exchanges": exchanges, "ips": ips,
                  "families": FAMILIES.empty_table(),
                  "assignments": pa.table({"exchange_id": exchanges["exchange_id"], "family_id": pa.nulls(exchanges.num_rows, pa.string())}).cast(ASSIGNMENTS)}  # fmt: skip
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
        traffic = Traffic(**{name: folder / f"{name}.parquet" for name in tables})
        with Engine() as engine:
            graph = build_graph(engine, traffic)
        return traffic, graph, {str(ids[code[a]]): v for a, v in self.truth.items()}

    def _exchanges(self, code):
        if not self.events:
            return EXCHANGES.empty_table(), IPS.empty_table()
        account, ts, ip, wrapper, payload, conv = (np.concatenate([e[i] for e in self.events]) for i in range(6))
        account = code[account]
        order = np.lexsort((payload, ts, account))
        account, ts, ip, wrapper, payload, conv = (x[order] for x in (account, ts, ip, wrapper, payload, conv))
        m = len(ts)
        names, ipcode = np.unique(ip, return_inverse=True)
        sh = np.empty((m, _WRAP + _PAY), dtype=np.uint64)
        for j in range(_WRAP):
            sh[:, j] = _mix(wrapper, 100 + j)
        for j in range(_PAY):
            sh[:, _WRAP + j] = _mix(payload, 200 + j)
        keep = np.ones(sh.shape, dtype=bool)
        keep[wrapper < 0, :_WRAP] = False
        sh[~keep] = np.uint64(0xFFFFFFFFFFFFFFFF)
        sh = np.sort(sh, axis=1)
        count = keep.sum(axis=1)
        flat = sh[np.arange(sh.shape[1])[None, :] < count[:, None]]
        lists = pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(count)]).astype(np.int32)), pa.array(flat))
        zero = np.zeros(m, dtype=np.uint64)
        base = int(T0.timestamp() * 1e6)
        table = pa.table(
            {
                "exchange_id": [f"x{k:08d}" for k in range(m)], "account": account.astype(np.int32),
                "ts": pa.array((ts * 1e6).astype(np.int64) + base).cast(pa.timestamp("us", tz="UTC")), "ip": ipcode.astype(np.int32),
                "model": ["m1"] * m, "conversation": np.where(conv > 0, _mix(conv, 7), 0).astype(np.uint64), "user_agent": zero,
                "input_tokens": np.ones(m, dtype=np.int64), "output_tokens": np.ones(m, dtype=np.int64), "template_id": pa.nulls(m, pa.string()),
                "system": zero, "prompt": _mix(payload * 7919 + wrapper, 9), "shingles": lists, "source": np.zeros(m, dtype=np.int32),
            }
        ).cast(EXCHANGES)  # fmt: skip
        return table, pa.table({"ip": [f"10.{k}" for k in range(len(names))]})


def mixed(seed: int, n: int = 5000, rings: bool = True) -> World:
    """A bit of everything: about 7 % of accounts in rings of many kinds, look-alikes of about as many."""
    w = World(seed)
    r = w.rng
    w.background(n)
    if rings:
        w.ring("pool", int(r.integers(30, 80)), cards=4, camouflage=r.uniform(0, 0.5))
        w.ring("hydra", int(r.integers(60, 140)), proxies="residential", camouflage=r.uniform(0.6, 0.9), requests=50, timing="spread")
        q = np.arange(w.fresh(4000), w.next_id)
        name = w.ring("failover", 30, start=2, end=12, queue=q[:2000], camouflage=0.3, wrapper=(wr := w.fresh()))
        w.ring("failover", 30, start=12.2, end=26, queue=q[2000:], camouflage=0.3, wrapper=wr, name=name)
        w.ring("relay", int(r.integers(20, 50)), wording="none", requests=60, handover=True, timing="spread", human=True, camouflage=0.2, proxies="own", items=1)
        w.ring("rotation", 30, requests=150, pool=25, camouflage=0.3)
        w.ring("burst", 150, requests=3, camouflage=0.0, start=20, end=22, proxies="residential", signup="spread")
        pool = np.array([w.fresh() for _ in range(50)])
        for _ in range(2):
            w.ring("shared", 30, addresses=pool, camouflage=0.3)
        w.ring("paraphrased", 40, wording="many", camouflage=0.3)
        w.ring("careful", 40, proxies="own", timing="spread", camouflage=0.5)
    for _ in range(3):
        w.group("company", int(r.integers(8, 40)), org=f"Org {w.fresh()}", card=True, use=0.6)
        w.group("company-silent", int(r.integers(8, 40)), card=True, use=0.6)
        w.group("campus", int(r.integers(30, 80)), site=3, use=0.0, at_site=0.6)
        w.group("tool", int(r.integers(50, 200)), at_site=0.0, use=0.7)
    w.group("course", 60, site=2, items=np.arange(w.fresh(25), w.next_id), use=0.8, burst=True, start=3, end=20)
    w.group("hackathon", 80, site=1, at_site=0.9, use=0.7, start=10, end=12, burst=True, requests=20)
    w.group("benchmark", 25, at_site=0.0, items=np.arange(w.fresh(300), w.next_id), coverage=0.95, use=0.9, robot=True)
    w.group("viral", 200, at_site=0.0, use=0.8, start=15, end=20, burst=True)
    w.group("app", 8, card=True, use=1.0, robot=True, requests=200, site=3, at_site=1.0, shared_pool=True)
    w.group("app-org", 8, org="AppCo", use=1.0, robot=True, requests=200, site=3, at_site=1.0, shared_pool=True)
    w.group("reseller", 40, site=25, at_site=0.9, use=0.8)
    w.group("ci", 60, addresses=np.array(w.cloud), at_site=1.0, robot=True, use=0.0, requests=60)
    return w
