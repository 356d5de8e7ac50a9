"""The receptive field: the length of an input that one value of the convolutional part depends on.

Where a model leaves lengths open, it is the least length at which its layers see what they were
trained to see: shorter inputs are mostly padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.inputs.kinds import is_a

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph, Tensor

_UNBOUNDED = (
    *("RNN", "Bidirectional", "MultiHeadAttention", "GroupedQueryAttention", "Attention"),
    "AdditiveAttention",
)
_UPSAMPLING = ("UpSampling1D", "UpSampling2D", "UpSampling3D")


@dataclass(frozen=True, slots=True)
class _Field:
    """Length of the input that one value depends on, and the distance of its neighbour's."""

    length: float = 1.0
    step: float = 1.0

    def behind(self, window: int, stride: float) -> _Field:
        """Return the field behind a layer with a window."""
        return _Field(self.length + (window - 1) * self.step, self.step * stride)


def receptive_field(graph: Graph) -> int | None:
    """Return the length of the receptive field, along its longest axis.

    None where no layer has a window, or one reads whole sequences.
    """
    if any(is_a(call.operation, *_UNBOUNDED) for call in graph.calls):
        return None
    fields: dict[Tensor, _Field] = dict.fromkeys(graph.inputs, _Field())
    for call in graph.calls:
        before = [fields[tensor] for tensor in call.inputs if tensor in fields]
        if before:
            widest = max(before, key=lambda each: each.length)
            fields.update(dict.fromkeys(call.outputs, _behind(call.operation, widest)))
    longest = max(field.length for field in fields.values())
    return round(longest) if longest > 1 else None


def _behind(layer: Any, field: _Field) -> _Field:
    window = _largest(layer, "kernel_size", "pool_size")
    if window is None:
        scale = _largest(layer, "size") if is_a(layer, *_UPSAMPLING) else None
        return _Field(field.length, field.step / (scale or 1))
    reach = (window - 1) * (_largest(layer, "dilation_rate") or 1) + 1
    stride = _largest(layer, "strides") or 1
    if is_a(layer, "BaseConvTranspose"):
        return _Field(field.length, field.step / stride).behind(reach, 1)
    return field.behind(reach, stride)


def _largest(layer: Any, *names: str) -> int | None:
    found = (getattr(layer, name, None) for name in names)
    given = next((each for each in found if each is not None), None)
    if given is None:
        return None
    return max(map(int, given)) if isinstance(given, (tuple, list)) else int(given)
