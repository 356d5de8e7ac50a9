"""What an output is judged as: read off the loss, the head and the labels, or said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.evaluation.tasks.task_reading import last_activation
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.errors import DataError, EvaluationError
from support.judged import tasks_of

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = np.array([0, 1, 2, 1])
BOTH = np.array([0, 1, 1, 0])
ONE_HOT = np.eye(3)[NUMBERS]
SEVERAL = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0], [1, 1, 1]])
VALUES = np.array([0.5, -1.5, 3.25, 0])
MASK = np.zeros((4, 5, 5), int)
STEPS = np.array([[0, 1, 1, 0, 0, 1]] * 4)
PICTURE = np.random.default_rng(0).random((4, 5, 5, 1))


def row(units: int, activation: str | None = None, loss: Any = None) -> Any:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(units, activation)])
    if loss is not None:
        model.compile(loss=loss)
    return model


def picture(units: int, activation: str | None = None, loss: Any = None) -> Any:
    given = keras.Input((5, 5, 1))
    model = keras.Model(
        given, layers.Conv2D(units, 3, padding="same", activation=activation)(given)
    )
    if loss is not None:
        model.compile(loss=loss)
    return model


def steps(activation: str | None = None, loss: Any = None) -> Any:
    """Return a model that gives one number for each of six steps."""
    model = keras.Sequential([keras.Input((6, 2)), layers.Dense(1, activation)])
    if loss is not None:
        model.compile(loss=loss)
    return model


CASES = (
    (row(3, "softmax", "sparse_categorical_crossentropy"), NUMBERS, "classes"),
    (row(3, None, keras.losses.CategoricalCrossentropy(from_logits=True)), ONE_HOT, "classes"),
    (row(1, "sigmoid", "binary_crossentropy"), BOTH, "binary"),
    (row(1, None, keras.losses.BinaryCrossentropy(from_logits=True)), BOTH, "binary"),
    (row(1, None, "hinge"), BOTH, "binary"),
    (row(3, "sigmoid", "binary_crossentropy"), SEVERAL, "multilabel"),
    (row(3, "sigmoid", "binary_crossentropy"), None, "multilabel"),
    (row(3, "sigmoid", "binary_crossentropy"), ONE_HOT, "classes"),
    (row(3, "sigmoid", "binary_crossentropy"), NUMBERS, "classes"),
    (row(1, None, "mse"), VALUES, "regression"),
    (row(1, None, "mse"), BOTH, "regression"),
    (row(1, None, keras.losses.Huber()), None, "regression"),
    (row(3, None, "mae"), np.ones((4, 3)), "regression"),
    (row(4, None, "mse"), None, "reconstruction"),
    (row(4, None, "mse"), np.ones((4, 4)), "regression"),
    (picture(3, "softmax", "sparse_categorical_crossentropy"), MASK, "positions"),
    (picture(1, "sigmoid", "binary_crossentropy"), MASK[..., None], "positions"),
    (picture(1, "sigmoid", "mse"), PICTURE, "regression"),
    (picture(1, "sigmoid", "mse"), None, "reconstruction"),
    (row(3, "softmax"), NUMBERS, "classes"),
    (row(3), NUMBERS, "classes"),
    (row(3), ONE_HOT, "classes"),
    (row(3), None, "classes"),
    (row(1, "sigmoid"), BOTH, "binary"),
    (row(3, "sigmoid"), SEVERAL, "multilabel"),
    (row(1), BOTH, "binary"),
    (row(1), VALUES, "regression"),
    (row(1), np.array([3, 7, 0, 1]), "regression"),
    (row(1), None, "any"),
    (row(3), np.ones((4, 3)) / 3, "regression"),
    (picture(3, "softmax"), MASK, "positions"),
    (picture(3), MASK, "positions"),
    (picture(1, "sigmoid"), MASK[..., None], "positions"),
    (picture(1), PICTURE, "regression"),
    (picture(1), None, "any"),
    (row(3), SEVERAL, "multilabel"),
    (row(3), SEVERAL.astype(float), "multilabel"),
    (row(3), np.zeros((4, 3)), "regression"),
    (picture(1), (PICTURE > 0.5).astype(float), "positions"),
    (picture(1), PICTURE[..., 0] > 0.5, "positions"),
    (picture(3), np.eye(3)[(PICTURE[..., 0] * 3).astype(int)], "positions"),
    (picture(3), np.repeat(PICTURE, 3, axis=-1), "regression"),
    (steps("sigmoid", "binary_crossentropy"), STEPS, "positions"),
    (steps("sigmoid", "binary_crossentropy"), None, "positions"),
    (steps("sigmoid"), STEPS[..., None], "positions"),
    (steps(), STEPS, "positions"),
    (steps(None, "mse"), STEPS, "regression"),
    (steps(), STEPS * 0.3, "regression"),
)


@pytest.mark.parametrize(("model", "labels", "task"), CASES)
def test_a_task_is_read_off_loss_head_and_labels(model: Any, labels: Any, task: str) -> None:
    assert tasks_of(model).of(0, labels).name == task


@pytest.mark.parametrize("ending", ("keras", "h5"))
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_file_says_how_its_model_was_compiled(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"net.{ending}"
    row(3, "sigmoid", "mse").save(path)
    loaded = load_model(path)
    assert not loaded.compiled
    assert tasks_of(loaded).of(0, SEVERAL).name == "regression"


@pytest.mark.parametrize("loss", ({"a": "mse", "b": "binary_crossentropy"}, ["mse", "hinge"]))
def test_every_output_has_the_loss_of_its_name_or_place(loss: Any) -> None:
    given = keras.Input((4,))
    heads = [layers.Dense(1, name=name)(given) for name in "ab"]
    model = keras.Model(given, dict(zip("ab", heads, strict=True)) if loss is dict else heads)
    model.compile(loss=loss)
    tasks = tasks_of(model)
    assert [tasks.of(place, BOTH).name for place in (0, 1)] == ["regression", "binary"]


def test_what_is_said_goes_before_what_is_read() -> None:
    model = row(1, None, "mse")
    assert tasks_of(model, "binary").of(0, BOTH).name == "binary"
    assert tasks_of(model, {model.layers[0].name: "any"}).of(0).name == "any"
    with pytest.raises(EvaluationError, match="task names 'other': the outputs of the model are"):
        tasks_of(model, {"other": "binary"})
    with pytest.raises(EvaluationError, match="has 3 units"):
        tasks_of(row(3), "binary").of(0, BOTH)


@pytest.mark.parametrize(
    ("model", "task", "labels", "message"),
    (
        (row(3, "sigmoid"), "multilabel", NUMBERS, "expected 0 or 1 for each of its 3 labels"),
        (row(3, "sigmoid"), "multilabel", SEVERAL / 2, "neither 0 nor 1: 0.5 in sample 0"),
        (row(3), "classes", SEVERAL, r'are not one-hot: row 0 .*task = "multilabel" takes several'),
        (row(1), "classes", VALUES, 'set task = "regression" if it predicts values'),
        (row(3), "regression", NUMBERS, r"expected values, shape \(samples, 3\)"),
        (row(1), "regression", VALUES * np.nan, "are not finite"),
        (picture(3), "positions", NUMBERS, "expected a class for every position"),
        (picture(3), "positions", MASK + 3, "hold 3: its 3 classes are numbered from 0 to 2"),
        (row(3), "classes", ["a", "b", "c", "d"], r"are no numbers \(\['a'\]\): number them"),
        (row(3), "classes", [[1, 2], [3]], "are no array"),
        (row(3), None, [[1, 2], [3]], "are no array"),
        (row(1), None, ["a", "b"], r"are no numbers \(\['a'\]\): number them"),
    ),
)
def test_labels_of_another_task_are_named_with_the_key_to_set(
    model: Any, task: Any, labels: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message) as error:
        tasks_of(model, task).of(0, labels).truth(labels)
    assert "\n" not in str(error.value)


def test_a_guess_without_loss_activation_or_labels_is_said() -> None:
    assert "judged as classes (head without activation; set task" in (
        tasks_of(row(3)).of(0).note or ""
    )
    for model, labels in ((row(3), NUMBERS), (row(3, "softmax"), None)):
        assert tasks_of(model).of(0, labels).note is None


@pytest.mark.parametrize("units", (1, 2, 3))
def test_classes_at_positions_may_be_one_hot(units: int) -> None:
    classes = max(units, 2)
    numbers = (PICTURE[..., 0] * classes).astype(int)
    task = tasks_of(picture(units), "positions").of(0)
    np.testing.assert_array_equal(task.truth(np.eye(classes)[numbers]), numbers)


@pytest.mark.parametrize("wrong", ([1, 1, 0], [0, 0, 0], [0.1, 0.8, 0.1]))
def test_several_labels_at_a_position_are_no_class(wrong: list[float]) -> None:
    labels = np.eye(3)[MASK]
    labels[1, 2, 3] = wrong
    task = tasks_of(picture(3), "positions").of(0)
    with pytest.raises(DataError, match=r"not one-hot at every position: .*give the number"):
        task.truth(labels)
    weights = np.ones(MASK.shape)
    weights[1, 2, 3] = 0
    for counts in (weights, weights[..., None]):
        np.testing.assert_array_equal(task.truth(labels, counts) * weights, MASK)


def test_labels_at_positions_without_weight_may_be_anything() -> None:
    labels = MASK.copy()
    labels[0, 0, 0] = 255
    task = tasks_of(picture(3), "positions").of(0)
    for weights in (labels != 255, (labels != 255)[..., None]):
        assert task.truth(labels, weights)[0, 0, 0] == 255
        assert task.truth(labels[..., None], weights)[0, 0, 0] == 255


@pytest.mark.parametrize(
    ("end", "activation"),
    (
        (layers.Dense(3, "softmax"), "softmax"),
        (lambda x: layers.Softmax()(layers.Dense(3)(x)), "softmax"),
        (layers.Activation("sigmoid"), "sigmoid"),
        (lambda x: layers.Reshape((2, 2))(layers.Dense(4, "sigmoid")(x)), "sigmoid"),
        (keras.ops.sigmoid, "sigmoid"),
        (layers.Dense(3), None),
        (lambda x: x + 1.0, None),
    ),
)
def test_the_last_activation_is_seen_behind_movements(end: Any, activation: str | None) -> None:
    given = keras.Input((4,))
    graph = read_graph(keras.Model(given, end(given)))
    assert last_activation(graph, graph.outputs[0]) == activation
