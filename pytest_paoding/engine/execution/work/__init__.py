"""The work of a call: the products that kernels and matrix products sum up.

Importing this package registers the multiply-adds of every operation that has any.
"""

from pytest_paoding.engine.execution.work import (
    attention_macs,
    feedforward_macs,
    operation_macs,
    recurrent_macs,
)
from pytest_paoding.engine.execution.work.layer_work import (
    LayerCost,
    UnknownWorkError,
    flops,
    layer_costs,
)
from pytest_paoding.engine.execution.work.macs import (
    PER_MULTIPLY_ADD,
    multiply_adds,
    products_of,
)
from pytest_paoding.engine.execution.work.products import Length, Product

__all__ = [
    "PER_MULTIPLY_ADD",
    "LayerCost",
    "Length",
    "Product",
    "UnknownWorkError",
    "attention_macs",
    "feedforward_macs",
    "flops",
    "layer_costs",
    "multiply_adds",
    "operation_macs",
    "products_of",
    "recurrent_macs",
]
