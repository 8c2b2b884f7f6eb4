"""Which wordings are one family: the same text, or paraphrases that the same accounts share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_array
from scipy.spatial.distance import squareform

from graphring.templates.embedding import embed
from graphring.templates.parameters import Parameters
from graphring.templates.sketch import Ints

__all__ = ["Node", "join", "likeness"]

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Node:
    """One wording."""

    words: tuple[str, ...]
    """Folded, in order, without slots."""
    exchanges: int
    accounts: Ints
    """Sorted."""
    alone: bool
    """Whether it is a family even if nothing joins it."""
    verbatim: bool = False
    """Whether its prompts are (nearly) one text: a payload, or a wrapper with nothing in its slots."""
    marks: tuple[str | int, ...] = ()
    """What proves that two are one wrapper where it is equal and not empty: traces, or the provider's template."""


def join(nodes: Sequence[Node], population: int, chosen: Parameters) -> list[int]:
    """For each node the smallest node of its family, or -1: no family.

    Average linkage (Sokal and Michener 1958) on `likeness` groups wordings that may be paraphrases; a few people write
    alike as well. In a group two wordings are joined where their accounts coincide `join_lift` times more than chance,
    or where they share nearly all word pairs. Verbatim ones, which are mostly payloads, are not joined. Equal marks
    join those that stand alone, however different their words. Many rewordings are found by `clouds`.
    """
    parent = list(range(len(nodes)))
    kept = [node.alone for node in nodes]
    able = [i for i, node in enumerate(nodes) if len(node.words) >= chosen.join_words]
    if len(able) > 1:
        cluster = _cluster([nodes[i].words for i in able], chosen.join_distance)
        groups: dict[int, list[int]] = {}
        for i, c in zip(able, cluster.tolist(), strict=True):
            groups.setdefault(c, []).append(i)
        for group in groups.values():
            _join_group(group, nodes, population, chosen, parent=parent)
    first: dict[tuple[str | int, ...], int] = {}
    for i, node in enumerate(nodes):
        if node.marks and node.alone and not node.verbatim:
            _unite(parent, first.setdefault(node.marks, i), i)
    roots = [_root(parent, i) for i in range(len(nodes))]
    return [root if keep else -1 for root, keep in zip(roots, kept, strict=True)]


def _join_group(
    group: list[int], nodes: Sequence[Node], population: int, chosen: Parameters, *, parent: list[int]
) -> None:  # fmt: skip
    pairs = {i: frozenset(zip(nodes[i].words, nodes[i].words[1:], strict=False)) for i in group}
    for n, i in enumerate(group):
        for j in group[:n]:
            if not (nodes[i].alone and nodes[j].alone) or nodes[i].verbatim or nodes[j].verbatim:
                continue
            common = len(pairs[i] & pairs[j])
            same = common > 0 and common >= chosen.join_same * len(pairs[i] | pairs[j])
            if same or _shared(nodes[i].accounts, nodes[j].accounts, population, chosen):
                _unite(parent, i, j)


def _shared(one: Ints, other: Ints, population: int, chosen: Parameters) -> bool:
    """Whether two wordings have more accounts in common than chance has it (the mean of the hypergeometric law)."""
    common = np.intersect1d(one, other, assume_unique=True).size
    expected = one.size * other.size / max(1, population)
    least = max(3.0, chosen.join_overlap * min(one.size, other.size), chosen.join_lift * expected)
    return bool(common >= least)


def _unite(parent: list[int], i: int, j: int) -> None:
    a, b = _root(parent, i), _root(parent, j)
    parent[max(a, b)] = min(a, b)


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


def _cluster(wordings: Sequence[tuple[str, ...]], distance: float) -> npt.NDArray[np.int32]:
    apart = np.clip(1.0 - likeness(wordings), 0.0, None)
    np.fill_diagonal(apart, 0.0)
    tree = linkage(squareform((apart + apart.T) / 2, checks=False), "average")
    cluster: npt.NDArray[np.int32] = fcluster(tree, distance, "distance")
    return cluster


def likeness(wordings: Sequence[tuple[str, ...]]) -> Reals:
    """(n, n): the mean of the cosines of tf-idf vectors (the lexical guard) and of embeddings.

    The embeddings are taken less their mean (Mu and Viswanath 2018). On bare wrappers the two together tell
    paraphrases from others better than either alone.
    """
    vectors = _tfidf(wordings)
    dense = embed([" ".join(words) for words in wordings]).astype(np.float64)
    dense -= dense.mean(axis=0)
    norm = np.linalg.norm(dense, axis=1, keepdims=True)
    dense = np.divide(dense, norm, out=np.zeros_like(dense), where=norm > 0)
    mean: Reals = ((vectors @ vectors.T).toarray() + dense @ dense.T) / 2
    return mean


def _tfidf(wordings: Sequence[tuple[str, ...]]) -> csr_array:
    """Rows of length one: 1 + ln(count), times 1 + ln((1 + n) / (1 + wordings with the word))."""
    vocabulary = {word: i for i, word in enumerate(sorted({w for words in wordings for w in words}))}
    rows, columns, values = [], [], []
    for row, words in enumerate(wordings):
        for word in sorted(set(words)):
            rows.append(row)
            columns.append(vocabulary[word])
            values.append(1.0 + np.log(words.count(word)))
    matrix = csr_array((values, (rows, columns)), shape=(len(wordings), max(1, len(vocabulary))))
    documents = np.bincount(matrix.indices, minlength=matrix.shape[1])
    matrix.data *= (1.0 + np.log((1 + len(wordings)) / (1 + documents)))[matrix.indices]
    length = np.sqrt(np.add.reduceat(matrix.data**2, matrix.indptr[:-1]))
    matrix.data /= np.repeat(length, np.diff(matrix.indptr))
    return matrix
