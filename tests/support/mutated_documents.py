"""Documents of this package as somebody else may hand them in: with one thing in them changed."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

HOSTILE = (
    "::error::passed",
    "\n::warning::x",
    "##[group]",
    "\r",
    "\x1b[2J",
    "\x1b]8;;http://x\x1b\\",
    "\x00",
    "\x85",
    "\x9b",
    "\u2028",
    "\u202e",
    "\ud800",
    "|<b>&#27;`",
)
"""Pieces of texts that a terminal, a log of a CI job or a page might obey."""
texts = st.lists(st.sampled_from([*HOSTILE, "a", " "]), max_size=4).map("".join)
numbers = st.sampled_from(
    [0, -1, 0.5, 1, 2**53, 2**63, -(2**63), 1e308, -1e308, 5e-324, True, 10**400]
)
unlikely = st.sampled_from([float("nan"), float("inf"), float("-inf")])
values = st.recursive(
    st.none() | numbers | texts | unlikely,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=3,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything in nested objects and lists, itself included."""
    lists = enumerate(node) if isinstance(node, list) else ()
    inner = node.items() if isinstance(node, dict) else lists
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> str:
    """Draw the text of a document in which something is replaced, added, removed or renamed."""
    changed = copy.deepcopy(document)
    *way, last = draw(st.sampled_from(places(changed)[1:]))
    node = changed
    for key in way:
        node = node[key]
    match draw(st.sampled_from(["replace", "remove", "rename", "swap"])):
        case "replace":
            node[last] = draw(values)
        case "remove":
            del node[last]
        case "rename" if isinstance(node, dict):
            node[draw(texts)] = node.pop(last)
        case _:
            node[last] = draw(st.sampled_from([{}, [], node, [node[last]], "1", 1, 1.5]))
            if node[last] is node:
                node[last] = copy.deepcopy(document)
    return json.dumps(changed)


def spoilt(text: str) -> st.SearchStrategy[bytes]:
    """Return a strategy of texts of which bytes are cut out or replaced."""

    def spoil(place: int, length: int, by: bytes) -> bytes:
        content = text.encode("utf-8", "surrogatepass")
        return content[:place] + by + content[place + length :]

    pieces = [b"", b"\xff", b"NaN", b"1e999", b'"', b"{" * 2000, b"[" * 100_000, b"9" * 5000]
    return st.builds(spoil, st.integers(0, len(text)), st.integers(0, 40), st.sampled_from(pieces))
