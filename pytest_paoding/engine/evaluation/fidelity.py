"""Fidelity without data: how alike two models answer to inputs that the engine draws itself."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.guard import without_warnings
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.inputs import chunked
from pytest_paoding.engine.inputs.open_lengths import settled_sources
from pytest_paoding.errors import ExecutionError
from pytest_paoding.records.evidence import Contrast, Evidence
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pytest_paoding.engine.graph.trace import Graph
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.records.protocol import AboutInputs

_NAMES = ("synthetic_agreement", "output_divergence")
_INPUTS = 512
_MOST_SOUND = 0.5  # share of them that the original must make numbers of; others are left out
_SEED = 0x5EED  # not one of those a pruning begins with: other inputs than it has learned from


@without_warnings()
def fidelity_metrics(
    original: Any, pruned: Any, **inputs: Unpack[AboutInputs]
) -> dict[str, Measurement]:
    """Return synthetic_agreement and output_divergence of two models.

    Agreement is the share of inputs on which every output has the same top class, or sign where it
    is a single number; divergence the root mean square of what the outputs differ by before their
    last activation, as a share of the original's deviation. Images are smooth fields and shapes,
    vectors correlated noise, all within the range of the inputs. They are not the data: the numbers
    tell whether pruning has broken a model, not how well it does its task.

    Args:
        original: The model before pruning.
        pruned: The model after; its inputs and outputs are the same.
        **inputs: `input_range`, `input_kind` and `input_shape`, as for a pruning.

    Cost: one pass of either model over 512 inputs, fewer where tensors are large.
    """
    sources, _ = settled_sources(original, **inputs)
    shapes = [tensor.shape for tensor in sources.graph.inputs]
    chunks = _chunks(sources)
    graphs = sources.graph, read_graph(pruned, shapes)
    try:
        before, after = (_outputs(each, chunks) for each in graphs)
    except ExecutionError as error:
        return dict.fromkeys(_NAMES, Measurement(reason=str(error)))
    sound = np.isfinite(before).all(axis=1)
    if not sound.mean() > _MOST_SOUND or not np.isfinite(after[sound]).all():
        reason = "outputs on synthetic inputs are not finite"
        return dict.fromkeys(_NAMES, Measurement(reason=reason))
    before, after = before[sound], after[sound]
    detail = f"{len(before)} synthetic inputs"
    same = _agree(sources.graph, before, after)
    agreed = int(same.sum())
    spread = float(np.sqrt(np.square(before - before.mean(axis=0)).sum(axis=1).mean()))
    moved = float(np.sqrt(np.square(after - before).sum(axis=1).mean()))
    return {
        "synthetic_agreement": Measurement(
            found=agreed / len(same),
            detail=detail,
            evidence=Evidence(Contrast.SHARE, agreed, len(same) - agreed),
        ),
        "output_divergence": Measurement(
            found=moved / spread if spread else None,
            reason=None if spread else "the original gives the same for all synthetic inputs",
            detail=detail,
        ),
    }


def _chunks(sources: InputSources) -> list[list[Any]]:
    """Return inputs in chunks, an array for each input tensor."""
    graph = sources.graph
    values = drawn(sources, Draw(_INPUTS, 0, np.random.default_rng(_SEED)))
    return [[chunk[each] for each in graph.inputs] for chunk in chunked(graph, values).chunks]


def _outputs(graph: Graph, chunks: list[list[Any]]) -> FloatArray:
    """Return a model's outputs before their activation, real numbers, shape (inputs, values)."""
    model = Model(graph, WorkingWeights())
    given = [dict(zip(graph.inputs, chunk, strict=True)) for chunk in chunks]
    found = np.concatenate([Wave(model, [each]).finish() for each in given])
    return found if found.dtype.kind == "f" else found.astype(np.float64)


def _agree(graph: Graph, before: FloatArray, after: FloatArray) -> BoolArray:
    """Return whether all outputs agree on an input, shape (inputs,)."""
    made = (tensor for call in graph.output_calls for tensor in call.outputs)
    ends = [tensor for tensor in made if tensor in graph.outputs]
    shapes = [tuple(length or 1 for length in tensor.shape) for tensor in ends]
    cuts = np.cumsum([prod(shape) for shape in shapes])[:-1]
    same = [
        _answer(old.reshape(-1, *shape)) == _answer(new.reshape(-1, *shape))
        for old, new, shape in zip(
            np.split(before, cuts, axis=1), np.split(after, cuts, axis=1), shapes, strict=True
        )
    ]
    alike: BoolArray = np.logical_and.reduce(np.concatenate(same, axis=1), axis=1)
    return alike


def _answer(values: FloatArray) -> Any:
    """Return the top class, or the sign of a single number, shape (inputs, positions)."""
    answers = values > 0 if values.shape[-1] == 1 else values.argmax(axis=-1)
    return answers.reshape(len(values), -1)
