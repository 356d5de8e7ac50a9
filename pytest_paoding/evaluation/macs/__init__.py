"""Multiply-adds of every operation that has any."""

from pytest_paoding.evaluation.macs import attention, feedforward, recurrent
from pytest_paoding.evaluation.macs.registry import UnknownLengthError, multiply_adds

__all__ = ["UnknownLengthError", "attention", "feedforward", "multiply_adds", "recurrent"]
