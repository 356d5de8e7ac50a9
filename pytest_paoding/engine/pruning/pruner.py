"""Pruning a model: the public function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import keras

from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.rules.quantized import REMEDY, quantized_layers
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.guard import state_kept, undisturbed, within_memory
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.inputs import lengths_of
from pytest_paoding.engine.inputs.open_lengths import given_shapes, settled_shapes
from pytest_paoding.engine.pruning.constraints import Constraints
from pytest_paoding.engine.pruning.sound_weights import require_sound_weights
from pytest_paoding.engine.pruning.sparsity import sparsify
from pytest_paoding.engine.pruning.strategies.named import STRATEGIES
from pytest_paoding.engine.pruning.targets.aiming import MOST, aimed, solved
from pytest_paoding.engine.pruning.targets.goals import Goal
from pytest_paoding.engine.pruning.task import Options, Task
from pytest_paoding.engine.pruning.validation import (
    check_choice,
    check_effort,
    check_jump,
    check_seed,
    check_share,
    check_target,
    listed,
)
from pytest_paoding.engine.surgery.apply import plan_of
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.engine.surgery.opening.own_code import whole_noted
from pytest_paoding.engine.surgery.self_checks import proof_inputs
from pytest_paoding.engine.surgery.self_checks import verify as check_cut
from pytest_paoding.errors import PruningError
from pytest_paoding.records.protocol import Allocation
from pytest_paoding.records.strategy_names import known_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.engine.pruning.constraints import Quota
    from pytest_paoding.engine.pruning.strategies.strategy import Strategy
    from pytest_paoding.records.plan import Plan
    from pytest_paoding.records.protocol import InputKinds, InputRange, InputShape, Progress
    from pytest_paoding.records.text.targets import Target

_SHOWN = 3
"""Reasons that are told where nothing may be removed; of more, how many others there are."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """A pruned model and what was done to it.

    Attributes:
        model: A new `keras.Model`, really smaller, every layer as trainable as before.
        plan: Units of each layer before, those kept, and the reason why others were not removed.
        notes: Further lines for the user: parts of the old model that could not be kept, such as an
            unserialisable loss, the precision of the proof, the inputs learned from.
        ratio: The ratio it was pruned by: the one given, or the least uniform one that meets the
            target; None where a plan was applied.
    """

    model: Any
    plan: Plan
    notes: tuple[str, ...] = ()
    ratio: float | None = None


@within_memory
def prune(  # noqa: PLR0913 # keyword-only, each with a default
    model: Any,
    *,
    ratio: float | str | None = None,
    target: Target | str | None = None,
    strategy: str = "reconstruct",
    input_range: InputRange | None = None,
    input_kind: InputKinds | None = None,
    input_shape: InputShape | None = None,
    seed: int = 0,
    step: float | str = 0.025,
    allocation: str = "global",
    effort: str | float = "standard",
    calibration: Any = None,
    ratios: Mapping[str, float | str] | None = None,
    include: str | Iterable[str] = "*",
    exclude: str | Iterable[str] = (),
    round_to: int = 1,
    jump: float | None = None,
    mixing: str = "exact",
    sparsity: float | str = 0.0,
    verify: bool = False,
    progress: Progress | None = None,
) -> Pruned:
    """Return a smaller model without `ratio` of the units of every layer, or down to a `target`.

    Outputs never shrink, at least one unit of every layer stays, and layers that are added together
    lose the same units. No labels are read, and without `calibration` no data at all. The model
    given is not changed, and the global random state is left alone. Both models are run once on two
    random inputs; shapes and finiteness are checked.

    The strategies of PAODING, and `magnitude`, remove exactly `round(ratio * n)` of the n units of
    every layer. `reconstruct` removes as many parameters as that would where it hurts least, unless
    `allocation` says otherwise, and lets the units that stay take over. With a `target` in place of
    a ratio, they remove the least that meets it.

    Args:
        model: A built model: Sequential, Functional, or a subclassed one whose `call` is made of
            layers and `keras.ops`, of which a Functional model is made; see the notes.
        ratio: Share of the units to remove, in [0, 1), or a text such as "50%", as every share.
        target: What may stay, in place of a ratio: `{"flops": "50%"}` of the model's own,
            `{"parameters": 40000}` or `{"size": "300 kB"}` of the file, or a text `size:300kB`.
        strategy: `magnitude`, `saliency`, `impact`, `stochastic` or `reconstruct`.
        input_range: Low and high of legal inputs, or such a pair for some inputs by their names; it
            bounds the values of units and of synthetic inputs. By default it is read off the first
            layers, and [0, 1] where they do not tell.
        input_kind: What inputs hold, or that for some by their names: `picture`, `sequence`,
            `tokens`, `features`, `audio`, `video` or `volume`. By default it is read off the first
            layer that tells.
        input_shape: For inputs that leave lengths open, the shape without the batch to draw
            synthetic inputs of, and to count the operations of a target for, or such a shape for
            each input by its name.
        seed: Seed of the private random generator.
        step: Share of the units to remove in one round, in [0.001, 1]; not for `reconstruct`.
        allocation: `uniform` (every layer by `ratio`), `balanced` half way, or `global`, where it
            hurts least, unless one of the others is found to be better; `reconstruct` only.
        effort: How long inputs are looked for, and the new model is distilled on them: seconds on a
            common machine of two cores, `quick` for 10, `standard` for 60 or `thorough` for 600.
            Work is counted, not timed; small models take less. `quick/5` is the part of one of five
            prunings that share it. `reconstruct` only.
        calibration: Unlabelled inputs to learn from instead of synthetic ones, an array or one for
            each input in a list or by its name, never the data for judging; `reconstruct` only.
        ratios: Shares by name pattern (`fnmatch`) that replace `ratio`.
        include: Pattern, or several, of the layers that may shrink.
        exclude: Pattern, or several, of layers among them that may not.
        round_to: Widths are kept multiples of this where possible.
        jump: A layer loses no more units once the next score (a scale or saliency) is more than
            `jump` times the highest before; above 1, None for no such limit. Not for `reconstruct`,
            which weighs the change of the outputs.
        mixing: `exact`, or `recompute` to prune through layers whose statistics over units change.
        sparsity: Share of the weights of every kernel that become zero in the end, those of least
            magnitude, in [0, 1): the file then compresses better.
        verify: Whether to prove the cut: before it is distilled, the new model has to compute in
            float64 what the given one does with its weights on removed units at zero.
        progress: Called as `progress(what, done, total)`.

    Cost: for each dense layer of n units and m inputs O(m n^2) once, and O(n^2) in each round;
    elsewhere linear in the weights; for `reconstruct` see `reconstruct.reconstruct`. Memory: twice
    the weights, and a few matrices (n, n).

    Raises:
        PruningError: An argument makes no sense or takes more memory than there is, nothing in the
            model can be pruned, or a target is out of reach.
        ModelFileError: A target of bytes is given, and the model cannot be saved.
        DataError: `calibration` does not fit the model.
        SurgeryError: A layer cannot be rebuilt, or the new model fails a check.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)]
        ... )
        >>> pruned = prune(model, ratio=0.5, strategy="magnitude")
        >>> [layer.units for layer in pruned.model.layers]
        [4, 2]
    """
    goal_asked = check_target(ratio, target)
    constraints = Constraints(
        ratio=MOST if ratio is None else check_share("ratio", ratio, zero=True),
        ratios={
            name: check_share(f"{name}:", share, zero=True)
            for name, share in (ratios or {}).items()
        },
        include=listed(include),
        exclude=listed(exclude),
        round_to=round_to,
    )
    zeros = check_share("sparsity", sparsity, zero=True)
    options = Options(
        strategy=known_name(strategy),
        seed=check_seed(seed),
        step=check_share("step", step, zero=False),
        allocation=check_choice("allocation", allocation, get_args(Allocation)),
        effort=check_effort(effort),
        calibration=calibration,
        mixing=mixing,
        jump=check_jump(jump),
    )
    with undisturbed():
        shown = None if calibration is None else lambda: (calibration,)
        found = opened(model, input_shape=input_shape, data=shown)
    with undisturbed(), state_kept(found.model):
        if input_shape is None and calibration is not None:
            input_shape = lengths_of(found.model, calibration)
        shapes, assumed = settled_shapes(found.model, input_shape)
        structure = walk(found.model, rule_for, mixing=options.mixing, shapes=shapes)
        constraints.check(producer.name for producer in structure.producers)
        sources = sources_of(structure.graph, input_range, input_kind)
        task = _task(structure, constraints, sources, options, progress or _silent)
        require_sound_weights(structure)
        if goal_asked is not None:
            known = given_shapes(found.model, input_shape)
            task = aimed(task, Goal.of(goal_asked, structure, task.groups, known))
        way = STRATEGIES[options.strategy]()
        task, transform = solved(way, task)
        smaller = cut(structure, transform)
        proof = check_cut(
            structure,
            smaller,
            full=verify,
            inputs=proof_inputs(sources, options.seed),
            unsaid=_unsaid(sources, assumed),
        )
        refined = way.refine(smaller.model, task)
        sparse = sparsify(smaller.model, zeros) if zeros else None
        plan = plan_of(structure, transform, smaller)
        met = None if task.goal is None else task.goal.met(smaller.model, task.constraints.ratio)
    asked = _options_noted(options, way)
    whole = whole_noted(model) if found.model is model else None
    about = (*found.notes, whole, smaller.note, assumed)
    told = (*about, way.inputs_noted(task), *asked, *transform.notes)
    notes = tuple(note for note in (*told, proof.note, refined, sparse, met) if note is not None)
    return Pruned(smaller.model, plan, notes, task.constraints.ratio)


def _task(
    structure: Structure,
    constraints: Constraints,
    sources: InputSources,
    options: Options,
    progress: Progress,
) -> Task:
    groups = find_groups(structure)
    if not groups:
        raise PruningError(_nothing_to_prune(structure))
    quotas = tuple(constraints.quota(group) for group in groups)
    if whys := _nothing_may_go(quotas):
        raise PruningError(f"model {structure.graph.model.name!r} has nothing to prune: {whys}")
    return Task(structure, groups, constraints, quotas, sources, options, progress)


def _nothing_may_go(quotas: Sequence[Quota]) -> str:
    """Return the exceptions that keep every group whole, if they do."""
    if any(quota.count for quota in quotas):
        return ""
    return "; ".join(dict.fromkeys(quota.reason for quota in quotas[:3] if quota.reason))


def _unsaid(sources: InputSources, assumed: str | None) -> list[str]:
    """Return the settings of the inputs that the user may give, as they are not known otherwise."""
    of_range = ["input_range"] if any(not source.given for source in sources) else []
    return [*(["input_shape"] if assumed else []), *of_range]


def _options_noted(options: Options, strategy: Strategy) -> list[str]:
    """Return notes on inputs the user gave, and on options the strategy does not use."""
    given = {"calibration": options.calibration, "jump": options.jump}
    notes = [
        f"{name} was not used: strategy {strategy.name!r} {strategy.ignores[name]}"
        for name, value in given.items()
        if value is not None and name in strategy.ignores
    ]
    if options.calibration is not None and "calibration" not in strategy.ignores:
        count = len(keras.tree.flatten(options.calibration)[0])
        notes.insert(0, f"calibrated on {count} inputs: not data-free")
    return notes


def _silent(what: str, done: int, total: int) -> None:
    """Report no progress."""


def _nothing_to_prune(structure: Structure) -> str:
    model, quantized = structure.graph.model, quantized_layers(structure.graph)
    whys = [f"{name!r} is quantized ({mode})" for name, (mode, _) in quantized.items()]
    whys += [
        f"{producer.name!r}: {structure.classes.reasons[producer.classes[0]]}"
        for producer in structure.producers
    ]
    if not whys:
        return f"model {model.name!r} has nothing to prune: no layer with units and a pruning rule"
    more = len(whys) - _SHOWN
    tail = (f" (and {more} more)" if more > 0 else "") + (f": {REMEDY}" if quantized else "")
    return (
        f"model {model.name!r} has nothing to prune: layer {'; layer '.join(whys[:_SHOWN])}{tail}"
    )
