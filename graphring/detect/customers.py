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

__all__ = ["FREE_MAIL", "Customers", "joined_customers", "resolve_customers"]

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


@dataclass(frozen=True)
class Customers:
    """code: customer of each account, int32[N]; size: accounts of each customer; declared: whether the customer is a
    declared organisation; domain: whether it has a mail domain of its own.
    """

    code: npt.NDArray[np.int32]
    size: npt.NDArray[np.int64]
    declared: npt.NDArray[np.bool_]
    own_domain: npt.NDArray[np.bool_]

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
    return Customers(code.astype(np.int32), size, (organisation != "")[first], own[first])


def joined_customers(c: Customers, payments: pa.Table, busiest: npt.NDArray[np.int64]) -> Customers:
    """Customers of which accounts pay with the same method *and* work from the same busiest address are one.

    Parameters
    ----------
    busiest: the address that each account uses most; -1: none.
    """
    if not payments.num_rows:
        return c
    account = payments["account"].to_numpy()
    card = payments["payment_method"].combine_chunks().dictionary_encode().indices.to_numpy()
    known = busiest[account] >= 0
    account, card = account[known], card[known]
    _, place = np.unique(card.astype(np.int64) << 32 | busiest[account], return_inverse=True)
    n = c.count
    links = sp.coo_matrix(
        (np.ones(len(account)), (c.code[account], n + place)), shape=(n + len(account), n + len(account))
    )
    label = connected_components(links, directed=False)[1]
    _, first, code = np.unique(label[c.code], return_index=True, return_inverse=True)
    size = np.bincount(code, minlength=len(first))
    declared, own = (
        np.bincount(code, weights=flag[c.code], minlength=len(first)) > 0 for flag in (c.declared, c.own_domain)
    )
    return Customers(code.astype(np.int32), size, declared, own)


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
