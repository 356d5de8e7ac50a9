"""Targets are met by the model that comes out, with as little pruning as can be."""

from __future__ import annotations

import re
from math import floor

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from pytest_paoding import prune
from pytest_paoding.engine.execution.work import flops
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.engine.pruning.targets.aiming import STEPS
from pytest_paoding.engine.pruning.targets.counts import Counts
from pytest_paoding.errors import PruningError
from pytest_paoding.records.strategy_names import NAMES
from support.counted_work import work
from support.nightly import nightly
from support.oracles import randomise
from support.patterns import PATTERNS
from support.random_graphs import random_model
from support.small_models import BUILDERS, cnn, mlp, residual

quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
SMALL = 60_000
"""Bytes of a file that holds more than weights."""


def figure(kind, model, folder=None):
    """Return what a target counts, measured on the model or on its file."""
    if kind == "parameters":
        return model.count_params()
    return work(model) if kind == "flops" else save_model(model, folder / "model.keras")


def met_or_refused(model, target):
    """Return what pruning to a target gives, None where it is refused for a reason that it may."""
    try:
        return prune(model, target=target, strategy="magnitude")
    except PruningError as error:
        if "\n" in str(error) or not re.search("out of reach: the least is|to prune:", str(error)):
            raise
        return None


@settings(max_examples=20, suppress_health_check=quiet, derandomize=True, deadline=None)
@given(st.data(), st.sampled_from(["parameters", "flops"]), st.floats(0.1, 0.95))
def test_a_random_model_is_pruned_to_its_target_and_not_further(data, kind, share):
    model = randomise(random_model(data.draw), 0)
    note(str([(layer.name, type(layer).__name__) for layer in model.operations]))
    whole = figure(kind, model)
    assume(whole is not None)
    found = met_or_refused(model, {kind: share})
    assume(found is not None)
    most = floor(share * whole + 1e-6)
    assert figure(kind, found.model) <= most
    if found.ratio:
        less = prune(model, ratio=found.ratio - 1 / STEPS, strategy="magnitude")
        assert figure(kind, less.model) > most


@pytest.mark.parametrize("kind", ("flops", *nightly("parameters")))
@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_meets_its_target_or_says_what_could_be_met(name, kind):
    model = randomise(PATTERNS[name].build(), 0)
    whole = figure(kind, model)
    if whole is None:
        with pytest.raises(PruningError, match="FLOPs of a sample are undefined: choose a target"):
            prune(model, target={kind: 0.7}, strategy="magnitude")
        return
    found = met_or_refused(model, {kind: 0.7})
    if found is not None:
        assert figure(kind, found.model) <= 0.7 * whole
        assert any(text.startswith(f"target 70% of the {kind}: ") for text in found.notes)


@pytest.mark.parametrize("kind", ("flops", "size", *nightly("parameters")))
@pytest.mark.parametrize("build", (*BUILDERS, lambda: mlp(90, 80, 70)))
def test_a_reconstruction_comes_as_near_to_its_target_as_one_unit(build, kind, tmp_path):
    model = build()
    whole = figure(kind, model, tmp_path)
    if kind == "size" and whole < SMALL:
        with pytest.raises(PruningError, match=r"of the size is out of reach: the least is .* kB"):
            prune(model, target={kind: 0.5})
        return
    found = prune(model, target={kind: 0.5})
    reached, most = figure(kind, found.model, tmp_path), 0.5 * whole
    structure = walk(model, rule_for)
    groups = find_groups(structure)
    counts = Counts.of_flops if kind == "flops" else Counts.of_parameters
    full, ones = np.array([group.width for group in groups]), np.ones(len(groups), int)
    unit = counts(structure, groups).saved(full, ones).max()
    room = 4 * unit + 4096 if kind == "size" else unit  # a file grows by blocks, too
    assert most - room < reached <= most


@pytest.mark.parametrize("strategy", NAMES)
@pytest.mark.parametrize("target", ("flops:40%", "parameters:2000", "size:30 kB"))
def test_every_strategy_meets_every_kind_of_target(strategy, target, tmp_path):
    model = mlp(60, 50, 40)
    found = prune(model, target=target, strategy=strategy)
    kind = target.partition(":")[0]
    most = {"flops": 0.4 * work(model), "parameters": 2000, "size": 30_000}[kind]
    assert 0.8 * most < figure(kind, found.model, tmp_path) <= most
    assert 0 < found.ratio < 1


@pytest.mark.parametrize("allocation", ("global", "balanced", "uniform"))
@pytest.mark.parametrize("round_to", (1, 8))
def test_allocations_and_multiples_meet_it_too(allocation, round_to):
    model = mlp(64, 48, 32)
    own = {model.layers[1].name: 0.25}
    options = {"allocation": allocation, "round_to": round_to, "ratios": own}
    found = prune(model, target={"parameters": 0.6}, **options)
    assert 0.4 * model.count_params() < found.model.count_params() <= 0.6 * model.count_params()
    widths = [layer.units for layer in found.model.layers[:-1]]
    assert all(width % round_to == 0 for width in widths)
    assert widths[1] == (36 if round_to == 1 else 40)


def test_of_all_prunings_of_convolutions_that_of_operations_shrinks_where_they_are():
    by_work = prune(cnn(), target={"flops": 0.5})
    by_weights = prune(cnn(), target={"parameters": 0.5})
    assert work(by_work.model) < work(by_weights.model)


def test_what_meets_it_already_stays_as_it_is():
    model = residual()
    found = prune(model, target={"parameters": model.count_params()})
    assert found.model.count_params() == model.count_params()
    assert found.ratio == 0
    for before, after in zip(model.weights, found.model.weights, strict=True):
        np.testing.assert_array_equal(before, after)
    count = f"{model.count_params():,}"
    assert f"target {count} parameters: the model meets it unpruned" in found.notes


def test_what_meets_a_size_already_says_so_as_of_parameters():
    found = prune(mlp(60, 50), target="size:900 kB", strategy="magnitude")
    assert "target a size of 900.0 kB: the model meets it unpruned" in found.notes
    assert found.ratio == 0


def with_a_layer(layer):
    before = [keras.Input((64,)), keras.layers.Dense(32), keras.layers.Dense(16)]
    return keras.Sequential([*before, layer, keras.layers.Dense(10)])


class Twice(keras.layers.Dense):
    def call(self, inputs):
        return 2 * super().call(inputs)


def test_a_layer_whose_work_is_not_known_refuses_a_target_of_operations_by_name():
    model = with_a_layer(Twice(512, name="own"))
    with pytest.raises(PruningError) as caught:
        prune(model, target="flops:50%", strategy="magnitude")
    assert str(caught.value) == (
        "target flops: Twice 'own' is of a kind whose work is not known: FLOPs of a sample are "
        "undefined: choose a target of parameters or of size"
    )


def test_a_subclass_that_adds_nothing_counts_as_much_as_its_base():
    dense = type("Plain", (keras.layers.Dense,), {})
    models = [with_a_layer(kind(512)) for kind in (keras.layers.Dense, dense)]
    assert [work(model) for model in models] == [2 * (2048 + 512 + 8192 + 5120)] * 2
    with pytest.raises(PruningError, match=r"out of reach: the least is 26,\d\d\d flops"):
        prune(models[1], target="flops:50%", strategy="magnitude")
    found = prune(models[1], target="flops:90%", strategy="magnitude")
    assert work(found.model) <= 0.9 * work(models[1])


def open_pictures(**more):
    picture = keras.Input((None, None, 3), name="picture")
    hidden = keras.layers.Conv2D(8, 3, name="first")(picture)
    hidden = keras.layers.Conv2D(6, 3)(hidden)
    parts = [keras.layers.GlobalAveragePooling2D()(hidden)]
    words = keras.Input((None, 4), name="words")
    if more.get("words"):
        parts.append(keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(5, 3)(words)))
        parts = [keras.layers.Concatenate()(parts)]
    inputs = [picture, words] if more.get("words") else picture
    return keras.Model(inputs, keras.layers.Dense(4)(parts[0]))


@pytest.mark.parametrize("strategy", ("magnitude", *nightly("reconstruct")))
def test_operations_of_open_lengths_are_those_of_the_shape_that_is_given(strategy):
    model, shape = open_pictures(), (20, 20, 3)
    found = prune(model, target="flops:50%", strategy=strategy, input_shape=shape, effort="quick")

    def at_shape(each):
        return flops(read_graph(each, [shape]))

    assert at_shape(model) == 2 * (18 * 18 * 9 * 3 * 8 + 16 * 16 * 9 * 8 * 6 + 6 * 4)
    assert 0.3 * at_shape(model) < at_shape(found.model) <= 0.5 * at_shape(model)
    assert found.model.inputs[0].shape == (None, None, None, 3)


def test_shapes_that_are_given_for_some_inputs_only_leave_operations_undefined():
    model = open_pictures(words=True)
    shapes = {"picture": (20, 20, 3), "words": (9, 4)}
    found = prune(model, target="flops:50%", strategy="magnitude", input_shape=shapes)
    graphs = [read_graph(each, list(shapes.values())) for each in (model, found.model)]
    assert flops(graphs[1]) <= 0.5 * flops(graphs[0])
    del shapes["words"]
    with pytest.raises(PruningError, match=r"or of size, or give the input_shape") as caught:
        prune(model, target="flops:50%", strategy="magnitude", input_shape=shapes)
    assert str(caught.value).startswith("target flops: Conv1D ")


@pytest.mark.parametrize("name", ("unequal_split", "slices", "gathered", "heads_by_hand"))
@pytest.mark.parametrize("kind", ("flops", *nightly("parameters")))
def test_units_that_are_read_unequally_often_are_counted_as_they_are(name, kind):
    model = randomise(PATTERNS[name].build(), 0)
    found = prune(model, target={kind: 0.8})
    assert figure(kind, found.model) <= 0.8 * figure(kind, model)


def test_a_file_that_cannot_be_measured_is_refused_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(PruningError, match=r"missing to be measured: No such file .*; make room"):
        prune(mlp(6), target="size:50%", strategy="magnitude")


def test_jumps_that_keep_units_are_made_up_for():
    model = mlp(60, 50, 40)
    found = prune(model, target={"parameters": 0.6}, strategy="magnitude", jump=1.2)
    assert found.model.count_params() <= 0.6 * model.count_params()


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        ({}, "a pruning needs a ratio or a target: neither is given"),
        ({"ratio": 0.5, "target": "flops:50%"}, "a ratio or a target: both are given"),
        ({"target": "speed:50%"}, "target: 'speed:50%' is not one target: unknown kind 'speed'"),
        (
            {"target": {"flops": 0.5, "size": 100000}},
            "is not one target: of flops and size only one may be given",
        ),
        ({"target": {"flops": 50}}, 'target: flops: 50 is very little: did you mean "50%"?'),
        (
            {"target": {"parameters": 0.01}},
            r"1% of the parameters is out of reach: the least is 16 parameters \(1.5%\); raise",
        ),
        ({"target": {"flops": 0.5}, "exclude": "*"}, "nothing to prune: layer"),
    ),
)
def test_what_makes_no_sense_or_cannot_be_met_is_one_line(arguments, message):
    with pytest.raises(PruningError, match=message) as caught:
        prune(mlp(30, 25), strategy="magnitude", **arguments)
    assert "\n" not in str(caught.value)
