"""Gates on models whose calls only their own code knows."""

from __future__ import annotations

import html
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.projects import Project

NET = """
import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable("ours")
class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = layers.Dense(8, activation="relu")
        self.last = layers.Dense(1, activation="sigmoid")

    def call(self, x):
        return self.last(self.hidden(x))


class Branching(Net):
    def call(self, x):
        x = self.hidden(x)
        return self.last(x if ops.mean(x) > 0 else -x)


def holdout():
    x = np.random.default_rng(0).uniform(size=(64, 8)).astype("float32")
    return x, (x.sum(axis=1) > 4).astype("int32")


def trained(kind=Net):
    model = kind(name="net")
    model(holdout()[0])
    model.hidden.set_weights([np.ones((8, 8)), np.zeros(8)])
    model.last.set_weights([np.full((8, 1), 0.25), np.array([-8.0])])
    return model
"""
SETTINGS = """
[tool.paoding]
strategy = "saliency"
[tool.paoding.budget]
max_accuracy_decay = "1%"
min_parameters_removed = "40%"
"""
FILE = '[tool.paoding.models.net]\npath = "net.keras"\ndata = "our_net:holdout"\n'


@pytest.fixture
def real(single: Project) -> Project:
    single.write("conftest.py", "import our_net")
    single.write("our_net.py", NET)
    single.write("pyproject.toml", SETTINGS)
    return single


def test_a_model_of_a_test_is_judged_and_published_without_its_class(real: Project) -> None:
    real.tests(
        """
import our_net

def test_net(paoding):
    model = our_net.trained()
    result = paoding.check(model, data=our_net.holdout(), name="net")
    assert result.metrics["accuracy"].before == 1
    assert type(model) is our_net.Net
"""
    )
    ran = real.run("test_it.py", "--paoding-ratio=0.5", "--paoding-json=run.json", "-W", "error")
    assert ran.ret == 0
    gate = real.gates["net"]
    assert "Functional model without the class Net" in gate["notes"][0]
    assert (
        gate["metrics"]["parameters"] | {"before": 81, "after": 41} == gate["metrics"]["parameters"]
    )
    code = "import sys, keras; print(keras.models.load_model(sys.argv[1]).count_params())"
    command = [sys.executable, "-c", code, str(real.artifacts / "net.keras")]
    assert subprocess.run(command, capture_output=True, check=True).stdout.split() == [b"41"]


def test_the_data_tells_the_shape_of_a_model_that_was_never_called(real: Project) -> None:
    real.tests(
        """
import our_net

def test_net(paoding):
    paoding.check(our_net.Net(), data=our_net.holdout())
"""
    )
    real.write("pyproject.toml", SETTINGS.replace('max_accuracy_decay = "1%"', ""))
    assert real.run("test_it.py", "--paoding-ratio=0.5").ret == 0


def test_a_model_that_no_graph_can_stand_for_is_unjudged_in_one_line(real: Project) -> None:
    real.tests(
        """
import our_net

def test_net(paoding):
    paoding.check(our_net.trained(our_net.Branching), data=our_net.holdout(), name="net")
"""
    )
    ran = real.run("test_it.py", "--paoding-ratio=0.5")
    assert ran.ret == 1
    line = 1 + NET.splitlines().index("        return self.last(x if ops.mean(x) > 0 else -x)")
    message = f"*cannot be opened into a graph: layer 'net' at our_net.py:{line}: Python cannot *"
    ran.stdout.fnmatch_lines([f"net UNJUDGED: model 'net' is a subclassed Branching{message}"])
    assert not real.published


def test_a_file_of_a_registered_class_is_opened(real: Project) -> None:
    real.write("pyproject.toml", SETTINGS + FILE)
    code = "import our_net; our_net.trained().save('net.keras')"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=real.path)
    ran = real.run("--paoding-ratio=0.5", "--paoding-json=run.json")
    assert ran.ret == 0
    assert "Functional model without the class Net" in real.gates["net"]["notes"][0]


OWN_LAYER = """
import keras
import our_net


class Halved(keras.layers.Dense):
    def call(self, inputs):
        return super().call(inputs) / 2


def net(kind):
    before = [keras.Input((8,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(4, "relu")]
    return keras.Sequential([*before, kind(6, name="own"), keras.layers.Dense(1, "sigmoid")])


def test_own(paoding):
    paoding.check(net(Halved), our_net.holdout(), ratio=0.5, max_flops=10**9)


def test_heir(paoding):
    heir = type("Heir", (keras.layers.Dense,), {})
    paoding.check(net(heir), our_net.holdout(), ratio=0.5, max_flops=10**9)
"""


def test_budgets_on_flops_are_unjudged_where_own_code_has_an_unknown_share(real: Project) -> None:
    real.write("pyproject.toml", '[tool.paoding]\nstrategy = "magnitude"\n')
    real.tests(OWN_LAYER)
    ran = real.gate("--paoding-html=run.html")
    ran.assert_outcomes(passed=1, failed=1)
    why = "Halved 'own' is of a kind whose work is not known: FLOPs of a sample are undefined"
    ran.stdout.fnmatch_lines([f"test_own UNJUDGED: flops: {why}"])
    metrics = real.gates["test_own"]["metrics"]
    for name in ("flops", "flops_reduction"):
        assert (metrics[name]["found"], metrics[name]["reason"]) == (None, why)
    assert real.gates["test_heir"]["metrics"]["flops"]["before"] == 2 * (64 + 32 + 24 + 6)
    assert html.escape(why) in (real.path / "run.html").read_text()
    assert len(real.published) == 2
