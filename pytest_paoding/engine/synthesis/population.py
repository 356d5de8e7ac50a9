"""A population: candidates that come, generation by generation, to look like a model's own inputs.

Thousands of cheap candidates of many families are weighed (see `weighing`). Those that weigh
something survive; their children are warped, joined and relit, and all are weighed again. A model
is only run forward, and no input is moved by its gradients: what is left are plain drawings that
together have the statistics the model recorded, and of whose classes it is certain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.tensors import is_floating
from pytest_paoding.engine.graph.norms import has_recorded
from pytest_paoding.engine.inputs.draws import Draw, drawn, padding_of
from pytest_paoding.engine.inputs.families.mutations import SLIGHT, STRONG, mutated
from pytest_paoding.engine.inputs.inputs import most_inputs
from pytest_paoding.engine.synthesis.candidate_table import tabulate
from pytest_paoding.engine.synthesis.mixtures import Mixtures
from pytest_paoding.engine.synthesis.weighing import Aims, resampled, weigh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.graph.types import FloatArray, IntArray
    from pytest_paoding.engine.inputs.input_sources import InputSource, InputSources
    from pytest_paoding.engine.synthesis.candidate_table import CandidateTable
    from pytest_paoding.engine.synthesis.weighing import Weighed
    from pytest_paoding.records.protocol import Progress

RECORDED = Aims(balance=0.2, entropy=0.3, firing=0.1)
"""Where statistics are recorded, they lead; of sure answers alone there are many that are wrong."""
UNRECORDED = Aims(balance=1.0, entropy=1.0, firing=1.0)

_VARIED = 0.15  # effective share of the candidates while there are generations to come
_BRIEFLY = 200  # steps of a weighing that others follow
_SURVIVE = 1 / 3  # share of the candidates that stay as they are, at most
_CHILDREN = 1 / 2  # share of them that are children; the rest are slightly changed copies
_GAIN, _PATIENCE = 0.03, 3  # least improvement, as a share, in so many generations
_FIRST, _OTHERS = 12_288, 6144  # candidates to begin with, and in each generation
_BEGIN = 0.2  # share of the budget for those to begin with
_LEAST = 1024  # candidates below which there is no choice
_GENERATIONS = 24
_FEWEST, _MOST = 2048, 8192  # inputs in the end
_COLUMNS = 4  # times as many inputs as the widest layer reads columns, where there are few samples
_DISTINCT = 3  # times as many candidates
_MEMORY = 1 << 27  # numbers in all candidates: 512 MB, twice while they change
_WEIGHING = 2.5e10  # what a generation takes besides its passes, in multiplications: half a second


@dataclass(frozen=True, slots=True)
class Breeding:
    """The budget of a population.

    Attributes:
        work: Maximum number of multiplications and additions.
    """

    work: float

    def affordable(self, sources: InputSources) -> Stock | None:
        """Return how many candidates there may be; None if there are too few to choose from."""
        graph = sources.graph
        each = max(1, multiplications(graph))
        numbers = sum(prod(size or 1 for size in tensor.shape) for tensor in graph.inputs)
        room = min(_MEMORY // max(1, numbers), int(self.work / each))
        wanted = min(_wanted(sources), most_inputs(sources), room // _DISTINCT)
        most = max(_DISTINCT * wanted, int(_BEGIN * self.work / each))
        first = min(room, max(_FIRST, _DISTINCT * wanted), most)
        if first < _LEAST:
            return None
        others = min(max(_OTHERS, _DISTINCT * wanted), first)
        bred = others * (1 - _SURVIVE) * each + _WEIGHING
        generations = int((self.work - first * each) / bred) if has_recorded(graph) else 0
        generations = max(0, min(_GENERATIONS, generations))
        return Stock(first, others, generations, wanted, first * each + generations * bred)


@dataclass(frozen=True, slots=True)
class Stock:
    """The size of a population.

    Attributes:
        first: Number of candidates to begin with.
        others: Number of them in every generation.
        generations: Maximum number of generations behind the first: none where nothing is recorded,
            as of the sure answers that are left to choose by there are many that are wrong.
        survivors: Number of inputs in the end.
        cost: Multiplications and additions that it takes at most.
    """

    first: int
    others: int
    generations: int
    survivors: int
    cost: float


def _wanted(sources: InputSources) -> int:
    """Return how many inputs are wanted: more than the widest layer reads columns of one sample."""
    widths = (
        call.inputs[0].shape[-1] or 1
        for call in sources.graph.calls
        if type(call.operation) is keras.layers.Dense
    )
    return int(np.clip(_COLUMNS * max(widths, default=1), _FEWEST, _MOST))


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Inputs that look, together, like a model's own.

    Attributes:
        inputs: Values of every input.
        weighed: What they bring about together.
        spent: Multiplications and additions that it took.
    """

    inputs: dict[Tensor, Any]
    weighed: Weighed
    spent: float


def populate(
    model: Model,
    sources: InputSources,
    stock: Stock,
    generator: np.random.Generator,
    progress: Progress = lambda *_: None,
) -> Population:
    """Breed inputs until their statistics, and the model's certainty, no longer improve.

    Args:
        model: The model.
        sources: Its inputs.
        stock: How many candidates, and generations.
        generator: The random generator.
        progress: Told what is done, how much of it, and how much in all.

    Cost: a forward pass of every candidate, and some hundred steps of a weighing in each
    generation. Memory: the candidates of two generations.
    """
    inputs = drawn(sources, Draw(stock.first, 0, generator, varied=True))
    brood = Brood(inputs, tabulate(model, inputs))
    aims = RECORDED if brood.table.channels.size else UNRECORDED
    losses: list[float] = []
    for generation in range(stock.generations):
        weighed = weigh(brood.table, replace(aims, floor=_VARIED, steps=_BRIEFLY))
        losses.append(_loss(weighed, aims))
        progress("choosing inputs", generation + 1, stock.generations + 1)
        if _settled(losses):
            break
        brood = _next(model, sources, brood, weighed.weights, Draw(stock.others, 0, generator))
    weighed = weigh(brood.table, aims)
    progress("choosing inputs", stock.generations + 1, stock.generations + 1)
    chosen = generator.permutation(resampled(weighed.weights, stock.survivors, generator))
    share = len(losses) / max(1, stock.generations)
    return Population(brood.rows(chosen), weighed, stock.cost * share)


@dataclass(frozen=True, slots=True, eq=False)
class Brood:
    """The candidates of one generation.

    Attributes:
        inputs: Values of every input.
        table: What the model makes of each.
    """

    inputs: dict[Tensor, Any]
    table: CandidateTable

    def rows(self, chosen: IntArray) -> dict[Tensor, Any]:
        """Return the values of some of them."""
        return _rows(self.inputs, chosen)


def _loss(weighed: Weighed, aims: Aims) -> float:
    return (
        weighed.distance
        + aims.balance * weighed.balance
        + aims.entropy * weighed.entropy
        + aims.firing * weighed.firing
    )


def _settled(losses: list[float]) -> bool:
    """Whether some generations have brought little."""
    return len(losses) > _PATIENCE and losses[-1] > (1 - _GAIN) * losses[-1 - _PATIENCE]


def _rows(inputs: Mapping[Tensor, Any], chosen: IntArray) -> dict[Tensor, Any]:
    return {tensor: values[chosen] for tensor, values in inputs.items()}


def _next(
    model: Model,
    sources: InputSources,
    brood: Brood,
    weights: FloatArray,
    draw: Draw,
) -> Brood:
    """Return the next generation: survivors, their children, and copies that differ a little."""
    count, generator = draw.count, draw.generator
    parents = generator.permutation(resampled(weights, round(_CHILDREN * count), generator))
    stay = np.unique(resampled(weights, count // 2, generator))[: round(_SURVIVE * count)]
    copied = resampled(weights, count - len(parents) - len(stay), generator)
    born = [
        _changed(sources, brood.rows(rows), strength, generator)
        for rows, strength in ((parents, STRONG), (copied, SLIGHT))
    ]
    new = {tensor: np.concatenate([each[tensor] for each in born]) for tensor in brood.inputs}
    new = sources.screen.passed(new) if sources.screen else new
    kept = brood.rows(stay)
    joined = {tensor: np.concatenate([kept[tensor], new[tensor]]) for tensor in new}
    return Brood(joined, brood.table.rows(stay).beside(tabulate(model, new)))


def _changed(
    sources: InputSources,
    parents: dict[Tensor, Any],
    strength: float,
    generator: np.random.Generator,
) -> dict[Tensor, Any]:
    """Return a child of each input: warped where values are numbers, spliced where they are not."""
    count = len(next(iter(parents.values())))
    spliced = Mixtures(sources, parents, generator, shifted=False).draw(count)
    found = {}
    for (tensor, values), mixed in zip(parents.items(), spliced, strict=True):
        source = sources[tensor]
        known = source.known is not None and source.known.everywhere
        if source.vocabulary is not None or known:
            found[tensor] = mixed
            continue
        child = _warped(source, values, strength, generator)
        child = child if source.fixed is None else np.where(source.fixed, mixed, child)
        padding = padding_of(sources, source)
        child = child if padding is None else np.where(values == padding, values, child)
        found[tensor] = child.astype(values.dtype)
    return found


def _warped(
    source: InputSource, values: Any, strength: float, generator: np.random.Generator
) -> FloatArray:
    """Return children of values within the range of their input."""
    low, high = source.ends
    unit = np.asarray(source.layout.drawn((values.astype(np.float32) - low) / (high - low)))
    child = mutated(source.kind, unit, generator, strength=strength)
    found: FloatArray = low + (high - low) * source.layout.taken(child)
    return found if is_floating(source.tensor) else np.rint(found)
