"""Who is one customer.

Sharing within a customer is no evidence: a company's accounts share cards, addresses and prompts because they are
one. Only sharing between customers that pretend to be strangers counts. One customer is one declared organisation,
else one e-mail domain of its own, else the payment method first paid with, else the account itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from disposable_email_domains import blocklist
from scipy.sparse.csgraph import connected_components

from graphring.detect.parameters import Parameters

__all__ = ["FREE_MAIL", "Customers", "joined_customers", "parted_customers", "resolve_customers"]

_FREE_MAIL_TEXT: Final = """
gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.co.uk yahoo.co.jp yahoo.fr
yahoo.co.in yahoo.com.br ymail.com rocketmail.com icloud.com me.com mac.com aol.com proton.me protonmail.com
pm.me gmx.com gmx.de gmx.net web.de t-online.de freenet.de mail.com mail.ru bk.ru inbox.ru list.ru yandex.ru
yandex.com rambler.ru qq.com 163.com 126.com sina.com foxmail.com aliyun.com naver.com daum.net hanmail.net
zoho.com fastmail.com tutanota.com tuta.io hey.com orange.fr free.fr laposte.net wanadoo.fr libero.it
virgilio.it uol.com.br bol.com.br terra.com.br seznam.cz wp.pl o2.pl onet.pl interia.pl rediffmail.com duck.com
posteo.de mailbox.org hotmail.fr hotmail.co.uk hotmail.it hotmail.es live.fr live.co.uk btinternet.com sky.com
comcast.net verizon.net att.net sbcglobal.net cox.net bellsouth.net charter.net shaw.ca rogers.com bigpond.com
optusnet.com.au docomo.ne.jp ezweb.ne.jp softbank.ne.jp
"""
FREE_MAIL: Final = frozenset(_FREE_MAIL_TEXT.split())
"""Mail providers whose domain says nothing about who an account belongs to."""


_DAY: Final = 86_400 * 1_000_000
"""Microseconds."""


@dataclass(frozen=True)
class Customers:
    """code: customer of each account, int32[N]; size: accounts of each customer; declared: whether the customer is a
    declared organisation; own_domain: whether it has a mail domain of its own; pretended: bool[N], accounts that look
    like one customer's and are not taken for one (`parted_customers`).
    """

    code: npt.NDArray[np.int32]
    size: npt.NDArray[np.int64]
    declared: npt.NDArray[np.bool_]
    own_domain: npt.NDArray[np.bool_]
    pretended: npt.NDArray[np.bool_]

    @property
    def named(self) -> npt.NDArray[np.bool_]:
        """Whether a customer says who it is: a declared organisation, or one with a mail domain of its own."""
        return self.declared | self.own_domain

    @property
    def count(self) -> int:
        """How many customers there are."""
        return len(self.size)


def resolve_customers(accounts: pa.Table, payments: pa.Table, *, max_domain: int) -> Customers:
    """The customer of each account.

    Parameters
    ----------
    accounts, payments: ACCOUNTS and PAYMENTS.
    max_domain: a domain with more accounts than this is taken for a mail provider, whatever its name.
    """
    n = accounts.num_rows
    organisation = _folded(accounts["organisation"])
    domain = _folded(accounts["email_domain"])
    known, inverse, counts = np.unique(domain, return_inverse=True, return_counts=True)
    public = np.array([d == "" or d in FREE_MAIL or d in blocklist for d in known], dtype=bool) | (counts > max_domain)
    own = ~public[inverse]
    card = _first_card(payments, n)
    key = np.where(
        organisation != "",
        "o\0" + organisation,
        np.where(
            own, "d\0" + domain, np.where(card != "", "p\0" + card, "a\0" + np.arange(n).astype(str).astype(object))
        ),
    )
    _, first, code = np.unique(key.astype(str), return_index=True, return_inverse=True)
    size = np.bincount(code, minlength=len(first))
    return Customers(code.astype(np.int32), size, (organisation != "")[first], own[first], np.zeros(n, dtype=bool))


def joined_customers(c: Customers, payments: pa.Table, busiest: npt.NDArray[np.int64]) -> Customers:
    """Customers of which accounts pay with the same method *and* work from the same busiest address are one, and so is
    who pays with the card of a firm: a customer that says who it is, or has a mail domain, with most of the card's
    accounts. Field offices and freelancers have mail and addresses of their own.

    Parameters
    ----------
    busiest: the address that each account uses most; -1: none.
    """
    if not payments.num_rows:
        return c
    account = payments["account"].to_numpy()
    card = payments["payment_method"].combine_chunks().dictionary_encode().indices.to_numpy()
    known, firms = busiest[account] >= 0, _paid_by_firms(c, account, card)
    place = np.concatenate([card[known].astype(np.int64) << 32 | busiest[account[known]], -1 - card[firms]])
    account = np.concatenate([account[known], account[firms]])
    _, place = np.unique(place, return_inverse=True)
    n = c.count
    links = sp.coo_matrix(
        (np.ones(len(account)), (c.code[account], n + place)), shape=(n + len(account), n + len(account))
    )
    label = connected_components(links, directed=False)[1]
    _, first, code = np.unique(label[c.code], return_index=True, return_inverse=True)
    size = np.bincount(code, minlength=len(first))
    declared, own = (  # one account that claims to be a firm does not make one of all that share its card
        2.0 * np.bincount(code, weights=flag[c.code], minlength=len(first)) > size
        for flag in (c.declared, c.own_domain)
    )
    return Customers(code.astype(np.int32), size, declared, own, c.pretended)


def _paid_by_firms(
    c: Customers, account: npt.NDArray[np.integer], card: npt.NDArray[np.integer]
) -> npt.NDArray[np.bool_]:
    """Which payments are made with a card of which one declared customer, or one with a mail domain, has most
    accounts, three and more.
    """
    pairs = np.unique(card.astype(np.int64) << 32 | account)
    users = np.bincount(pairs >> 32)
    both, accounts = np.unique(pairs >> 32 << 32 | c.code[pairs & 0xFFFFFFFF], return_counts=True)
    owner, owned = both & 0xFFFFFFFF, both >> 32
    most = (accounts >= 3) & (2 * accounts > users[owned]) & c.named[owner]
    return np.isin(card, owned[most])


def parted_customers(
    c: Customers, accounts: pa.Table, account: npt.NDArray[np.int32], ip: npt.NDArray[np.int32], p: Parameters
) -> Customers:
    """Many accounts on one card, under mail addresses of many providers, that work from addresses they share and spread
    over them evenly, as a network of proxies does: they are not taken for one customer. A firm of that size says who it
    is, or has a mail domain, or works at an office or two; where there are few addresses to tell, its accounts are not
    of one day.

    Parameters
    ----------
    account, ip: of each exchange (ip -1: none).
    """
    many = (c.size >= p.pretended) & ~c.named
    here = many[c.code[account]] & (ip >= 0)
    pairs, sent = np.unique(account[here].astype(np.int64) << 32 | ip[here].astype(np.int64), return_counts=True)
    owner, address = c.code[pairs >> 32].astype(np.int64), pairs & 0xFFFFFFFF
    place, index, users = np.unique(owner << 32 | address, return_inverse=True, return_counts=True)
    often = np.bincount(index, weights=sent) * (users >= 2)
    at_pool = np.bincount(place >> 32, weights=often, minlength=c.count)
    everywhere = np.bincount(owner, weights=sent, minlength=c.count)
    pool = at_pool**2 / np.maximum(np.bincount(place >> 32, weights=often**2, minlength=c.count), 1.0)
    pairs = np.unique(c.code.astype(np.int64) << 32 | _codes(_folded(accounts["email_domain"])))
    domains = np.bincount(pairs >> 32, minlength=c.count)
    batch = _batches(c, accounts["created_at"].cast(pa.int64()).to_numpy(), np.flatnonzero(many), 2 * _DAY)
    part = many & (domains >= p.pretended_domains) & (2.0 * at_pool >= everywhere)
    part &= (pool > p.site_addresses) | (batch & (pool > p.office_addresses))
    alone = part[c.code]
    code = np.where(alone, c.count + np.arange(len(c.code)), c.code)
    _, first, code = np.unique(code, return_index=True, return_inverse=True)
    size = np.bincount(code, minlength=len(first))
    return Customers(code.astype(np.int32), size, c.declared[c.code][first], c.own_domain[c.code][first], alone)


def _batches(
    c: Customers, created: npt.NDArray[np.generic], asked: npt.NDArray[np.int64], span: int
) -> npt.NDArray[np.bool_]:
    """For each customer, whether half of its accounts or more were created within `span` microseconds; False where not
    asked.
    """
    found = np.zeros(c.count, dtype=bool)
    order = np.argsort(c.code, kind="stable")
    start = np.searchsorted(c.code[order], np.arange(c.count + 1))
    for customer in asked:
        times = np.asarray(created, dtype=np.float64)[order[start[customer] : start[customer + 1]]]
        times = np.sort(times[np.isfinite(times)])
        within = np.searchsorted(times, times + span, "right") - np.arange(len(times))
        found[customer] = 2 * int(within.max(initial=0)) >= c.size[customer]
    return found


def _codes(text: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    return np.asarray(np.unique(text.astype(str), return_inverse=True)[1], dtype=np.int64)


def _folded(column: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    text = pc.fill_null(pc.utf8_lower(pc.utf8_trim_whitespace(column)), "")
    return np.asarray(text.to_numpy(zero_copy_only=False), dtype=object)


def _first_card(payments: pa.Table, n: int) -> npt.NDArray[np.object_]:
    card = np.full(n, "", dtype=object)
    if payments.num_rows:
        ordered = payments.sort_by([("account", "ascending"), ("ts", "ascending"), ("payment_method", "ascending")])
        account = ordered["account"].to_numpy()
        _, first = np.unique(account, return_index=True)
        methods = np.asarray(ordered["payment_method"].to_numpy(zero_copy_only=False), dtype=object)
        card[account[first]] = methods[first]
    return card
