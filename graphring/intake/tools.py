"""Tool definitions, which many clients send beside the system prompt: one text for one meaning."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["canonical", "with_tools"]


def with_tools(system: pa.ChunkedArray, tools: pa.ChunkedArray) -> pa.ChunkedArray:
    """System prompts, each with its tool definitions in a line below it; hashed together from here on.

    Rows without tools stay as they are; each different text is normalised once.
    """
    if tools.null_count == len(tools):
        return system
    coded = tools.combine_chunks().dictionary_encode()
    texts = pa.array([canonical(text) for text in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)
    # not null_handling="skip": Arrow leaves out rows where both are null
    both = pc.binary_join_element_wise(pc.fill_null(system, ""), pc.fill_null(texts, ""), "\n")
    return pc.if_else(pc.is_valid(texts), pc.if_else(pc.is_valid(system), both, texts), system)


def canonical(text: str) -> str:
    """JSON with sorted keys and without white space (as in RFC 8785, numbers aside); what is no JSON as it is."""
    try:
        return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
