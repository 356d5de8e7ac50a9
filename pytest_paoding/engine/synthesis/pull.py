"""The pull on inputs that are moved: towards recorded statistics, and to classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.normalisation import norm_axis, recorded
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.graph.norms import is_norm
from pytest_paoding.engine.synthesis.class_targets import classifying, cross_entropy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Call, Tensor
    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.engine.inputs.input_sources import InputSources

    Bound: TypeAlias = "float | FloatArray"
    Span: TypeAlias = "tuple[Bound, Bound]"


@dataclass(frozen=True, slots=True)
class Pull:
    """What moves inputs, and how hard.

    Attributes:
        statistics: Weight of the recorded statistics.
        roughness: Weight of the total variation of images.
        temperature: Divides the logits that a class is asked of: above 1 it takes more of a
            class to satisfy, and the logits spread as widely as those of real inputs do.
        joint: Whether the statistics are those of all inputs together, rather than of each batch:
            then no batch has to hold the variety of all.
        slows: Whether steps get smaller to the end.
    """

    statistics: float = 2.0
    roughness: float = 0.5
    temperature: float = 1.0
    joint: bool = False
    slows: bool = False


SOFT = Pull()
HARD = Pull(statistics=20.0, roughness=0.1, temperature=3.0, joint=True, slows=True)


def objective(
    model: Model, values: Mapping[Tensor, Any], targets: list[Any], others: list[Any], pull: Pull
) -> tuple[Any, list[Any]]:
    """Return the distance of a batch from the recorded statistics and its classes; its moments."""
    wave = Wave(model, [values])
    moments: list[Any] = []
    distances: list[Any] = []
    classes: list[Any] = []
    heads = dict(zip(classifying(model.graph), targets, strict=True))
    for call in model.graph.calls:
        if is_norm(call):
            own = _moments(call, wave.values[call.inputs[0]][0])
            rest = others[1 + len(moments) : 3 + len(moments)]
            joined = _joined(own, others[0], rest) if rest else own
            distances.append(_distance(call, *joined))
            moments += own
        logits = wave.final(call)[0] if call in heads else None
        wave.advance()
        if call in heads:
            classes.append(cross_entropy(call, logits, heads[call], pull.temperature))
    statistics = pull.statistics * tf.add_n(distances) / len(distances) if distances else 0.0
    return statistics + sum(classes), moments


def _moments(norm: Call, values: Any) -> list[Any]:
    """Return the mean and the mean square of each channel of a batch."""
    channel = norm_axis(norm.operation) % len(values.shape)
    others = [each for each in range(len(values.shape)) if each != channel]
    mean, variance = tf.nn.moments(tf.cast(values, tf.float32), others)
    return [mean, variance + tf.square(mean)]


def _joined(own: list[Any], share: Any, others: list[Any]) -> list[Any]:
    """Return the moments of all batches; their slope is that of the batch's own."""
    return [
        mine + tf.stop_gradient(share * mine + other - mine)
        for mine, other in zip(own, others, strict=True)
    ]


def _distance(norm: Call, present: Any, square: Any) -> Any:
    """Return the squared distance of a mean and deviation from the recorded ones."""
    mean, deviation = (each.astype(np.float32) for each in recorded(norm.operation))
    spread = tf.sqrt(tf.maximum(square - tf.square(present), 0.0) + 1e-6)
    scale = deviation + 1e-3
    distance = tf.square((present - mean) / scale) + tf.square((spread - deviation) / scale)
    return tf.reduce_mean(distance)


def roughness(
    sources: InputSources, values: Mapping[Tensor, Any], spans: Mapping[Tensor, Span]
) -> Any:
    """Return the total variation of images, as a share of their range."""
    total: Any = 0.0
    for tensor, (low, high) in spans.items():
        if sources[tensor].kind == "picture":
            image = tf.cast(values[tensor], tf.float32) / (high - low)
            image = sources[tensor].layout.drawn(image)
            for axis in (1, 2):
                length = image.shape[axis]
                ahead = tf.gather(image, range(1, length), axis=axis)
                total += tf.reduce_mean(
                    tf.abs(ahead - tf.gather(image, range(length - 1), axis=axis))
                )
    return total
