"""What a model costs: multiply-adds, memory, latency.

Importing this package registers the multiply-adds of every operation that has any.
"""

from pytest_paoding.engine.evaluation.costs import attention_macs, feedforward_macs, recurrent_macs
from pytest_paoding.engine.evaluation.costs.macs import UnknownLengthError, multiply_adds

__all__ = [
    "UnknownLengthError",
    "attention_macs",
    "feedforward_macs",
    "multiply_adds",
    "recurrent_macs",
]
