"""Kinds of tensors: images or not, real numbers or not, channels first or last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.engine.graph.axes import channels_first

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph, Tensor

IMAGE_RANK = 3
"""Axes of an image: height, width and channels."""


def is_image(tensor: Tensor) -> bool:
    """Whether an input has the rank of an image."""
    return len(tensor.shape) == IMAGE_RANK


def reads_images(graph: Graph) -> bool:
    """Whether a model has an input of images."""
    return any(is_image(tensor) for tensor in graph.inputs)


def is_floating(tensor: Tensor) -> bool:
    """Whether a tensor holds real numbers."""
    return tensor.dtype.startswith(("float", "bfloat"))


def has_channels_first(graph: Graph, tensor: Tensor) -> bool:
    """Whether a layer that reads a tensor takes its first axis for the channels."""
    return any(channels_first(call.operation) for call in graph.readers(tensor))
