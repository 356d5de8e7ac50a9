"""The rules: what each kind of layer does with labels, one small function for each.

Importing this package registers them all; `rule` registers further ones.
"""

from pytest_paoding.graph.rules import (
    arrange,
    attention,
    contraction,
    conv,
    dense,
    einsum_dense,
    elementwise,
    merge,
    mixing,
    norm,
    pool,
    recurrent,
    reduce,
    select,
    separable,
    shape,
    wrappers,
)
from pytest_paoding.graph.rules.registry import rule, rule_for

__all__ = [
    "arrange",
    "attention",
    "contraction",
    "conv",
    "dense",
    "einsum_dense",
    "elementwise",
    "merge",
    "mixing",
    "norm",
    "pool",
    "recurrent",
    "reduce",
    "rule",
    "rule_for",
    "select",
    "separable",
    "shape",
    "wrappers",
]
