"""The rules: the effect of each kind of layer on labels, one small function each.

Importing this package registers them all; `rule` registers further ones.
"""

from pytest_paoding.engine.graph.rules.layers import (
    attention,
    combine,
    conv,
    dense,
    einsum_dense,
    mixing,
    norm,
    pool,
    recurrent,
    separable,
    wrappers,
)
from pytest_paoding.engine.graph.rules.operations import (
    arrange,
    contraction,
    elementwise,
    reduce,
    select,
    shape,
)
from pytest_paoding.engine.graph.rules.registry import rule, rule_for

__all__ = [
    "arrange",
    "attention",
    "combine",
    "contraction",
    "conv",
    "dense",
    "einsum_dense",
    "elementwise",
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
