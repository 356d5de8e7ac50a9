"""Multi-head attention: output channels, whole heads and the size of values may shrink.

The size of queries and keys stays, as attention is scaled by it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.configs import config_of
from pytest_paoding.engine.graph.rules.layers.einsum_dense import pin_misplaced
from pytest_paoding.engine.graph.rules.registry import known, rule
from pytest_paoding.engine.graph.trace import constants_of
from pytest_paoding.engine.graph.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray, IntArray
    from pytest_paoding.engine.graph.visit import Visit


@rule(keras.layers.MultiHeadAttention)
def multi_head_attention(visit: Visit) -> Sequence[View]:
    """Kernels (width, heads, size) of query, key and value, (heads, size, width) of the output."""
    layer = visit.layer
    if constants_of(_given(visit)):
        return visit.fixed("attends from or to a constant")
    query, key, value = _operands(visit)
    kernel = layer.output_dense.kernel
    if len(kernel.shape) != 3:  # noqa: PLR2004 # heads, values, width
        return visit.fixed("gives an output of several axes")
    heads = visit.issue(layer.num_heads, "heads")
    values = visit.issue(layer.value_dim, "values")
    units = visit.issue(kernel.shape[-1])
    _projection(visit, layer.query_dense, query, heads)
    _projection(visit, layer.key_dense, key, heads)
    _projection(visit, layer.value_dense, value, heads, values)
    if getattr(layer, "_use_gate", False):
        _projection(visit, layer._gate_dense, query, heads, values)  # noqa: SLF001 # no public name
    _merge_heads(visit, layer.output_dense, heads, units)
    visit.contracts(kernel, values, 1)
    visit.sizes(heads, "num_heads")
    visit.sizes(values, "value_dim")
    both, given = np.concatenate([units, query]), config_of(layer)["output_shape"]
    visit.sizes(
        both, "output_shape", value=lambda stay: _width(given, *np.split(stay, [len(units)]))
    )
    return _outputs(visit, units, heads)


@rule(*known("keras.layers", "GroupQueryAttention"))
def grouped_query_attention(visit: Visit) -> Sequence[View]:
    """Kernels as above; each head of keys and values goes with its several heads of queries.

    The output is as wide as the query and loses the same channels.
    """
    layer = visit.layer
    if constants_of(_given(visit)):
        return visit.fixed("attends from or to a constant")
    query, key, value = _operands(visit)
    groups = visit.issue(layer.num_key_value_heads, "heads")
    heads = np.repeat(groups, layer.num_query_heads // layer.num_key_value_heads)
    _projection(visit, layer._query_dense, query, heads)  # noqa: SLF001 # no public name
    _projection(visit, layer._key_dense, key, groups)  # noqa: SLF001 # no public name
    _projection(visit, layer._value_dense, value, groups)  # noqa: SLF001 # no public name
    if getattr(layer, "use_gate", False):
        _projection(visit, layer._gate_dense, query, heads)  # noqa: SLF001 # no public name
    _merge_heads(visit, layer._output_dense, heads, query)  # noqa: SLF001 # no public name
    visit.sizes(groups, "num_key_value_heads")
    visit.sizes(heads, "num_query_heads")
    return _outputs(visit, query, heads)


def _given(visit: Visit) -> tuple[Any, Any, Any]:
    """Return query, key and value."""
    query, value, key = (
        visit.argument(place, name) for place, name in enumerate(("query", "value", "key"))
    )
    return query, value if key is None else key, value


def _operands(visit: Visit) -> tuple[IntArray, IntArray, IntArray]:
    """Return the channels of query, key and value; pin all other inputs, which are masks."""
    operands = [visit.view(tensor) for tensor in _given(visit)]
    for view in visit.inputs:
        if view not in operands:
            visit.pin(view, "is masked by it")
    first, second, third = (visit.channels(view) for view in operands)
    if _wants_equal_widths() and first.shape == third.shape:
        visit.join(first, third)
    return first, second, third


@cache
def _wants_equal_widths() -> bool:
    """Whether this version of Keras refuses queries and values of different widths, as 3.5 does."""
    layer = keras.layers.MultiHeadAttention(1, 1, name="probe")
    try:
        layer.compute_output_shape((1, 1, 2), (1, 1, 3))
    except ValueError:
        return True
    return False


def _projection(
    visit: Visit, dense: Any, inputs: IntArray, heads: IntArray, values: IntArray | None = None
) -> None:
    """Label an inner layer with kernel (inputs, heads, size) and bias (heads, size)."""
    visit.contracts(dense.kernel, inputs, 0)
    visit.carries(dense.kernel, heads, 1)
    if values is not None:
        visit.carries(dense.kernel, values, 2)
    if dense.bias is not None:
        visit.carries(dense.bias, heads, 0)
        pin_misplaced(visit, dense.bias, heads)
        if values is not None:
            visit.carries(dense.bias, values, 1)


def _merge_heads(visit: Visit, dense: Any, heads: IntArray, units: IntArray) -> None:
    """Label the inner layer with kernel (heads, size, units), which sums over heads."""
    visit.contracts(dense.kernel, heads, 0)
    visit.carries(dense.kernel, units, 2)
    if dense.bias is not None:
        visit.carries(dense.bias, units)


def _outputs(visit: Visit, units: IntArray, heads: IntArray) -> Sequence[View]:
    """Return the views of the output and, if they are returned, of the scores (heads, ...)."""
    scores = [View.along(shape, heads, 0) for shape in visit.shapes[1:]]
    return [visit.along(units), *scores]


def _width(given: Any, units: BoolArray, query: BoolArray) -> tuple[int] | None:
    """Return an `output_shape`, None where the output may take its width from the query."""
    width, default = int(np.count_nonzero(units)), int(np.count_nonzero(query))
    return None if given is None and width == default else (width,)
