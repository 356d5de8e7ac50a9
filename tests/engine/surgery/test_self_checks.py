"""Self-checks: they pass sound models and catch deliberate damage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.inputs.input_settings import input_names
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.surgery.cut import Cut, cut
from pytest_paoding.engine.surgery.self_checks import Verification, proof_inputs, verify
from pytest_paoding.engine.surgery.transform import Transform
from pytest_paoding.errors import SurgeryError
from support.oracles import randomise, removal
from support.patterns import PATTERNS, head

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.structure import Structure

CHECKED = (
    *("constant_for_the_whole_batch", "einsum_dense", "encoder_used_twice", "reductions"),
    *("nested_model_in_a_sequential", "positions_are_a_constant", "recurrent_stack", "residual"),
    *("slices", "tokens_folded_into_the_batch", "transformer_block", "two_inputs_two_outputs"),
)


def pruned(model: Any, **options: Any) -> tuple[Structure, Cut]:
    structure = walk(model, rule_for, **options)
    return structure, cut(structure, Transform(removal(structure)))


@pytest.mark.parametrize("name", CHECKED)
def test_a_right_cut_passes_in_full(name: str) -> None:
    found = verify(*pruned(randomise(PATTERNS[name].build())), full=True)
    assert found.precision == "float64"
    assert found.error is not None
    assert found.error <= 1e-12


def test_the_cheap_check_does_not_ask_the_oracle() -> None:
    assert verify(*pruned(PATTERNS["residual"].build())) == Verification()


@pytest.mark.parametrize("policy", ("float32", "mixed_float16", "mixed_bfloat16"))
def test_a_model_of_low_precision_is_checked_in_float64(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    structure, outcome = pruned(randomise(PATTERNS["squeeze_and_excite"].build()))
    keras.config.set_dtype_policy("float64")
    found = verify(structure, outcome, full=True)
    assert found.precision == "float64"
    assert outcome.model.layers[1].dtype_policy.name == policy


def test_casts_to_a_low_precision_are_lifted_too() -> None:
    x = keras.Input((4,))
    y = keras.ops.cast(layers.Dense(6, "tanh")(x), "float16")
    found = verify(*pruned(randomise(keras.Model(x, head(y)))), full=True)
    assert found.precision == "float64"


class Stubborn(layers.Layer):
    """A layer that computes in float32 whatever its policy."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "dtype": "float32"})

    def call(self, x: Any) -> Any:
        return keras.ops.tanh(x)


def test_the_tolerance_is_that_of_the_least_precision() -> None:
    x = keras.Input((4,))
    y = layers.Dense(6)(Stubborn()(layers.Dense(5)(x)))
    found = verify(*pruned(randomise(keras.Model(x, head(y)))), full=True)
    assert found.precision == "float32"


ONLY_FLOAT32 = {
    "max": ((4, 4, 4, 2), lambda: layers.MaxPooling3D(2)),
    "average": ((4, 4, 4, 2), lambda: layers.AveragePooling3D(2)),
    "spectrogram": (
        (256,),
        lambda: layers.MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=8),
    ),
}


def in_float32(name: str) -> Any:
    """Return a model with a layer for which TensorFlow has no float64 on a CPU."""
    keras.config.set_dtype_policy("float32")
    shape, build = ONLY_FLOAT32[name]
    x = keras.Input(shape)
    y = layers.Dense(9, "relu")(layers.Flatten()(build()(x)))
    model = randomise(keras.Model(x, layers.Dense(3)(y)))
    keras.config.set_dtype_policy("float64")
    return model


@pytest.mark.parametrize("name", ONLY_FLOAT32)
def test_what_tensorflow_cannot_do_in_float64_is_proved_in_its_own_precision(name: str) -> None:
    structure, outcome = pruned(in_float32(name))
    found = verify(structure, outcome, full=True)
    assert found.precision == "float32"
    assert found.note is not None
    assert found.note.endswith("in float32, as not every layer can be run in float64")
    assert found.error is not None
    assert found.error <= 1e-4
    kernel = outcome.model.layers[-1].kernel
    kernel.assign(kernel[::-1])
    with pytest.raises(SurgeryError, match=r"self-check: outputs are off by .* in float32"):
        verify(structure, outcome, full=True)


def test_weights_that_delegates_took_over_are_part_of_the_oracle() -> None:
    model = randomise(PATTERNS["siamese"].build())
    structure = walk(model, rule_for)
    layer = model.layers[3]
    outcome = cut(
        structure, Transform(removal(structure), fitted={(layer, 0): np.ones(layer.kernel.shape)})
    )
    assert verify(structure, outcome, full=True).error is not None


def test_a_weight_that_was_damaged_is_caught_by_the_oracle_only() -> None:
    structure, outcome = pruned(randomise(PATTERNS["residual"].build()))
    layer = outcome.model.layers[1]
    layer.kernel.assign(layer.kernel[..., ::-1])
    verify(structure, outcome)
    with pytest.raises(SurgeryError, match=r"self-check: outputs are off by .* in float64"):
        verify(structure, outcome, full=True)


def test_outputs_that_are_not_finite_are_caught() -> None:
    structure, outcome = pruned(randomise(PATTERNS["residual"].build()))
    bias = outcome.model.layers[1].bias
    bias.assign(np.full(bias.shape, np.nan))
    with pytest.raises(SurgeryError, match="self-check: output 0 is not finite"):
        verify(structure, outcome)


def test_a_width_that_was_not_meant_is_caught() -> None:
    structure, outcome = pruned(randomise(PATTERNS["residual"].build()))
    nothing = np.ones_like(outcome.stay)
    with pytest.raises(SurgeryError, match=r"self-check: layer .* has the shape"):
        verify(structure, replace(outcome, stay=nothing))


def test_another_model_in_its_place_is_caught() -> None:
    structure, outcome = pruned(PATTERNS["dead_branch"].build())
    _, other = pruned(PATTERNS["dead_branch"].build())
    with pytest.raises(SurgeryError, match=r"self-check: layer .* stands in the place of"):
        verify(structure, replace(outcome, model=other.model))


def test_an_output_of_another_batch_is_caught() -> None:
    """Change the batch, as a reshape that folds units into it would."""
    structure, outcome = pruned(PATTERNS["dead_branch"].build())
    x = np.zeros((2, 4))
    model = outcome.model
    model.call = lambda *_args, **_options: keras.ops.zeros((1, 3))
    with pytest.raises(SurgeryError, match="self-check: output 0 has the shape"):
        verify(structure, outcome, inputs=[x])


def test_statistics_computed_anew_have_no_oracle() -> None:
    model = PATTERNS["layer_norm_keeps_its_units"].build()
    structure, outcome = pruned(randomise(model), mixing="recompute")
    found = verify(structure, outcome, full=True)
    assert found.error is None
    assert found.note is not None
    assert "layer_normalization" in found.note


def test_states_of_recurrent_layers_are_as_before() -> None:
    x = keras.Input((5, 3), batch_size=2)
    model = randomise(keras.Model(x, head(layers.LSTM(4, stateful=True)(layers.Dense(6)(x)))))
    structure, outcome = pruned(model)
    states = [*model.layers[2].states, *outcome.model.layers[2].states]
    before = [values_of(state) for state in states]
    assert verify(structure, outcome, full=True).error is not None
    for state, values in zip(states, before, strict=True):
        np.testing.assert_array_equal(values_of(state), values)


def test_inputs_are_drawn_from_their_ranges() -> None:
    seen: list[Any] = []
    structure, outcome = pruned(PATTERNS["two_inputs_two_outputs"].build())
    original = structure.graph.model
    call = original.call
    original.call = lambda inputs, **options: seen.append(inputs) or call(inputs, **options)
    first, second = input_names(original)
    sources = sources_of(structure.graph, {first: (5.0, 6.0), second: (-3.0, -2.0)})
    verify(structure, outcome, inputs=proof_inputs(sources, 0))
    one, two = keras.tree.flatten(seen[0])
    assert 5 <= np.min(one) <= np.max(one) <= 6
    assert -3 <= np.min(two) <= np.max(two) <= -2


@pytest.mark.parametrize(("batch", "samples"), ((5, 5), (10**9, 2)))
def test_a_fixed_batch_is_filled_unless_that_costs_gigabytes(batch: int, samples: int) -> None:
    x = keras.Input(batch_shape=(batch, 6))
    structure = walk(keras.Model(x, layers.Dense(3)(layers.Dense(16)(x))), rule_for)
    (values,) = proof_inputs(sources_of(structure.graph), 0)
    assert values.shape == (samples, 6)


def test_a_model_that_inputs_do_not_fit_is_told_of() -> None:
    x = keras.Input((None,), dtype="int32")
    y = layers.Conv1D(4, 90)(layers.Embedding(9, 5)(x))
    structure, outcome = pruned(keras.Model(x, head(layers.GlobalMaxPooling1D()(y))))
    short = [np.zeros((2, 32), "int32")]
    found = verify(structure, outcome, inputs=short)
    assert found.note is not None
    assert found.note.startswith("not run on random inputs: ")
    assert "\n" not in found.note
    with pytest.raises(SurgeryError, match="self-check: not run on random inputs: "):
        verify(structure, outcome, full=True, inputs=short)
    assert verify(structure, outcome) == Verification()


def test_whole_numbers_and_open_lengths_are_given_inputs() -> None:
    x = keras.Input((None,), dtype="int32")
    y = layers.GlobalMaxPooling1D()(layers.Conv1D(4, 3)(layers.Embedding(2, 5)(x)))
    assert verify(*pruned(randomise(keras.Model(x, head(y)))), full=True).error is not None


def test_a_step_that_rounding_passes_is_proved_call_by_call() -> None:
    """Sums in another order differ by rounding; its sign is another output altogether."""
    x = keras.Input((40,))
    y = layers.Dense(700, "tanh")(x)
    sums = layers.Dense(60, use_bias=False, name="sums")(y)
    again = layers.Dense(60, use_bias=False, name="again")(keras.ops.flip(y, axis=-1))
    model = randomise(keras.Model(x, keras.ops.sign(sums - again)))
    model.get_layer("again").kernel.assign(values_of(model.get_layer("sums").kernel)[::-1])
    structure, outcome = pruned(model)
    found = verify(structure, outcome, full=True)
    assert found.note is not None
    assert found.note.startswith("proved call by call: off by")
    kernel = outcome.model.get_layer("again").kernel
    kernel.assign(kernel + 1e-6)
    with pytest.raises(SurgeryError, match="self-check: outputs are off by"):
        verify(structure, outcome, full=True)


def test_outputs_of_any_kind_are_compared() -> None:
    x = keras.Input((4,))
    scores = head(layers.Dense(6, "tanh")(x))
    ends = [keras.ops.argmax(scores, axis=-1), scores > 0, keras.ops.cast(scores > 0, "uint8")]
    structure, outcome = pruned(randomise(keras.Model(x, ends)))
    assert verify(structure, outcome, full=True).error == 0
    kernel = outcome.model.get_layer("head").kernel
    kernel.assign(-kernel)
    with pytest.raises(SurgeryError, match="self-check: outputs are off by"):
        verify(structure, outcome, full=True)


def test_values_that_are_not_finite_prove_nothing() -> None:
    x = keras.Input((4,))
    y = layers.Lambda(lambda x: x / 0.0, name="broken")(layers.Dense(6, "relu")(x))
    found = verify(*pruned(randomise(keras.Model(x, head(layers.Dense(5)(y))))), full=True)
    assert found == Verification(note="not proved: layer 'broken' gives values that are not finite")


def test_cells_within_cells_are_checked_in_float64() -> None:
    keras.config.set_dtype_policy("float32")
    x = keras.Input((4, 2))
    cells = layers.StackedRNNCells([layers.GRUCell(5), layers.SimpleRNNCell(4)])
    y = layers.RNN(cells)(layers.Dense(6)(x))
    structure, outcome = pruned(randomise(keras.Model(x, head(y))))
    error = verify(structure, outcome, full=True).error
    assert error is not None
    assert error <= 1e-12
