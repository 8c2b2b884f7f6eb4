"""Communities: the search for candidates."""

from __future__ import annotations

import subprocess
import sys

_EQUALS = """
import numpy as np
from graphring.detect.groups import communities
from graphring.detect.layers import build_layer

account, item = (x.ravel() for x in np.meshgrid(np.arange(13), np.arange(8)))
layer = build_layer("ring", account.astype(np.int32), item, np.arange(14, dtype=np.int32))
print(sum(len(part) for part in communities(layer, 2.0, 16, 20_260_131)))
"""


def test_a_search_among_equals_ends() -> None:
    """Thirteen accounts that use the same eight objects: with rounded sums igraph moved one of them for ever."""
    done = subprocess.run([sys.executable, "-c", _EQUALS], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "13"
