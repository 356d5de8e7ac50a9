"""Reconstruction: which units go, and what the others take over, without data.

Four passes over synthetic inputs (see `wave`): one calibrates the twin, one surveys the inputs and
results of every reader in the original model, one measures the cost of shrinking each group alone,
and one rewrites the readers, each on the results of the pruned model before it. By default that is
first done for three plans of the same size, on a part of the inputs, of which one is taken (see
`fits`).

Units are chosen by the original model's moments, so that the rewriting goes over every call once,
and the cost of all but the measuring is linear in the number of layers. The errors of these fits
are left to distillation after the cut (see `distillation`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.graph.norms import has_recorded
from pytest_paoding.engine.pruning.reconstruct.fits import Fits
from pytest_paoding.engine.pruning.reconstruct.readers import find_readers, readers_of
from pytest_paoding.engine.pruning.reconstruct.survey import Survey
from pytest_paoding.engine.pruning.reconstruct.twin import calibrate
from pytest_paoding.engine.pruning.reconstruct.units import Units
from pytest_paoding.engine.pruning.reconstruct.widths.plans import plans_of

if TYPE_CHECKING:
    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray
    from pytest_paoding.engine.inputs.inputs import Inputs
    from pytest_paoding.engine.pruning.gradients.lessons import Lesson
    from pytest_paoding.engine.pruning.reconstruct.widths.curves import Points
    from pytest_paoding.engine.pruning.task import Task


@dataclass(frozen=True, slots=True)
class Reconstructed:
    """The outcome of a reconstruction.

    Attributes:
        stay: Mask of the classes that stay, shape (classes,).
        weights: The weights that have changed, of uncut shapes.
        changes: Change of the outputs when the units of one group alone are removed, before a
            refit, as a share of their deviation; empty where that was not measured.
        plain: Names of the groups whose units nothing takes over from.
    """

    stay: BoolArray
    weights: dict[tuple[Any, int], FloatArray]
    changes: dict[str, float]
    plain: frozenset[str]


def reconstruct(
    task: Task, model: Model, inputs: Inputs, lesson: Lesson, known: Points
) -> Reconstructed:
    """Choose units to remove, and rewrite the working weights of their readers.

    Args:
        task: The task.
        model: The model, whose working weights are rewritten.
        inputs: Inputs to learn from.
        lesson: Tells which of several plans is the best, and draws samples.
        known: What was measured of the model before, from these inputs; it is added to.

    Cost: three passes over all inputs, and two or three over a few for each group (see `curves`);
    O(columns^3) for each reader; where three plans are tried, a pass or two more, and O(columns^3)
    three times more. Memory beside the model's: tensors of all inputs that are live between two
    calls, about a gigabyte (see `inputs.most_inputs`); 512 MB of sampled outputs, half of them
    twice while plans are tried; a covariance in float64 of the columns of each reader; and 256 MB
    of patches, three times while a reader is refitted.

    Raises:
        NotFiniteError: The model makes no numbers of some inputs, and they were not screened.
    """
    structure = task.structure
    recorded = has_recorded(structure.graph)
    if any(inputs.twins):
        chunks = list(compress(inputs.chunks, inputs.twins))
        calibrate(Wave(model, chunks, [True] * len(chunks)))
    readers = () if inputs.doubtful else find_readers(structure)
    survey = Survey(structure, inputs, model, lesson.generator, not (recorded or inputs.typical))
    survey.strict = task.sources.screen is None
    readers = survey.take(readers, Wave(model, inputs.chunks, inputs.twins))
    if any(readers_of(group, readers) is None for group in task.groups):
        survey.take_readings()
    units = [Units.of(group, readers, survey) for group in task.groups]
    plans = plans_of(task, units, survey, known)
    survey.moments.clear()  # of the original, and half a gigabyte where layers are wide
    stay = Fits(task, survey, readers, units).nearest(plans.stays, lesson)
    plain = frozenset(each.name for each in units if each.alone)
    return Reconstructed(stay, model.weights.changed(), plans.changes(stay), plain)
