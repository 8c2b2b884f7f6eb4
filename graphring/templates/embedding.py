"""Static word embeddings of wrappers, from the weights in the installed package `wordllama`; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["DIMENSIONS", "embed"]

DIMENSIONS: Final = 256
_A: Final = 1e-3
"""The smoothing of Arora, Liang, Ma 2017 (SIF)."""


@cache
def _model() -> tuple[npt.NDArray[np.float32], Tokenizer]:
    from tokenizers import Tokenizer  # noqa: PLC0415 - loaded only where something is to be joined

    package = files("wordllama")
    weights = load((package / "weights" / "l2_supercat_256.safetensors").read_bytes())["embedding.weight"]
    text = (package / "tokenizers" / "l2_supercat_tokenizer_config.json").read_text(encoding="utf-8")
    return weights.astype(np.float32), Tokenizer.from_str(text)


def embed(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """(texts, DIMENSIONS), rows of length one: means of token vectors, weighted by how rare each is among `texts`."""
    weights, tokenizer = _model()
    ids = [np.array(e.ids, np.int64) for e in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
    count = np.zeros(weights.shape[0])
    for found in ids:
        count[np.unique(found)] += 1
    weight = _A / (_A + count / max(1.0, count.sum()))
    out = np.zeros((len(ids), weights.shape[1]), np.float32)
    for row, found in enumerate(ids):
        if found.size:
            out[row] = (weights[found] * weight[found, None]).sum(axis=0)
    norm = np.linalg.norm(out, axis=1, keepdims=True)
    unit: npt.NDArray[np.float32] = np.divide(out, norm, out=np.zeros_like(out), where=norm > 0)
    return unit
