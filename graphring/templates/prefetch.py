"""Asking for memory before it is needed: tables of shingles are far larger than a cache, and each access would wait.

A loop that looks at random places spends most of its time on one access after another; told AHEAD steps earlier which
line comes, the processor fetches many at the same time (Chen, Ailamaki, Gibbons, Mowry 2004, "Improving hash join
performance through prefetching").
"""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: ANN001, ANN201, ANN202 - numba calls these with its own types
from __future__ import annotations

from typing import Final

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

__all__ = ["AHEAD", "prefetch"]

AHEAD: Final = 12
"""Shingles between the request and the access; of 8, 16 and 32 none was measurably better than another."""
_READ, _KEEP, _DATA = 0, 3, 1
"""Arguments of llvm.prefetch: for reading, in all caches, data."""


@intrinsic
def prefetch(typingctx, array, index):  # noqa: ARG001 - numba's signature
    """Request the cache line of array[index] (of its first item, for rows); changes nothing that can be seen.

    `index` must be within the array.
    """

    def generate(context, builder, signature, arguments):
        kind = signature.args[0]
        held = arrayobj.make_array(kind)(context, builder, arguments[0])
        place = [arguments[1], *[ir.Constant(arguments[1].type, 0)] * (kind.ndim - 1)]
        item = cgutils.get_item_pointer(context, builder, kind, held, place)
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        shape = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        request = builder.module.declare_intrinsic("llvm.prefetch", [pointer], shape)
        builder.call(request, [builder.bitcast(item, pointer), number(_READ), number(_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate
