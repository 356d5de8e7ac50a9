"""Kinds of tensors: real numbers or not, of an image or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Tensor

IMAGE_RANK = 3
"""Axes of an image: height, width and channels."""


def is_floating(tensor: Tensor) -> bool:
    """Whether a tensor holds real numbers."""
    return tensor.dtype.startswith(("float", "bfloat"))
