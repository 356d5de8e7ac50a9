"""The work of a call: the products that kernels and matrix products sum up.

Importing this package registers the multiply-adds of every operation that has any.
"""

from pytest_paoding.engine.execution.work import attention_macs, feedforward_macs, recurrent_macs
from pytest_paoding.engine.execution.work.macs import (
    PER_MULTIPLY_ADD,
    flops,
    multiply_adds,
    products_of,
)
from pytest_paoding.engine.execution.work.products import Length, Product, UnknownLengthError

__all__ = [
    "PER_MULTIPLY_ADD",
    "Length",
    "Product",
    "UnknownLengthError",
    "attention_macs",
    "feedforward_macs",
    "flops",
    "multiply_adds",
    "products_of",
    "recurrent_macs",
]
