"""What importing TensorFlow must not do; each in a process of its own."""

from __future__ import annotations

import gc
import importlib
import os
import subprocess
import sys

import pytest

from pytest_paoding.engine.silence import silenced, start_tensorflow
from pytest_paoding.errors import EvaluationError, ExportError

NOISELESS = {
    key: value
    for key, value in os.environ.items()
    if key not in ("TF_CPP_MIN_LOG_LEVEL", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT")
}


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**NOISELESS, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_nothing_is_written_and_nothing_is_changed():
    code = """
import gc, logging, os, random, sys, warnings
from pytest_paoding.engine.silence import start_tensorflow

def state():
    return [os.getcwd(), list(warnings.filters), logging.root.level, list(logging.root.handlers),
            random.getstate(), gc.isenabled(), sorted(os.listdir('/dev/fd'))]

before, environment = state(), dict(os.environ)
start_tensorflow()
assert state() == before
assert environment.items() <= os.environ.items()  # TensorFlow adds some of its own
assert 'TF_CPP_MIN_LOG_LEVEL' not in os.environ
import keras, tensorflow as tf
assert tf.config.threading.get_intra_op_parallelism_threads() == 0
keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
list(tf.data.Dataset.range(2))
start_tensorflow()
"""
    done = run(code)
    assert done.stdout == ""
    assert done.stderr == ""


def test_a_worker_takes_its_share_of_the_processors():
    code = """
import os
os.cpu_count = lambda: 8
from pytest_paoding.engine.silence import start_tensorflow
start_tensorflow()
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads(),
      tf.config.threading.get_inter_op_parallelism_threads())
"""
    worker = {"PYTEST_XDIST_WORKER": "gw0", "PYTEST_XDIST_WORKER_COUNT": "3"}
    assert run(code, **worker).stdout == "2 2\n"


@pytest.fixture
def stand_ins(tmp_path, monkeypatch):
    """Put modules in the place of TensorFlow and Keras until the test ends."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "TF_CPP_MIN_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)

    def write(keras="", backend="tensorflow", tensorflow="zeros = tuple"):
        (tmp_path / "tensorflow.py").write_text(tensorflow)
        keras += f"\nclass backend:\n    backend = staticmethod(lambda: {backend!r})\n"
        (tmp_path / "keras.py").write_text(keras)
        for name in ("tensorflow", "keras"):
            monkeypatch.delitem(sys.modules, name, raising=False)

    return write


THREADS = """
import types
taken = []
config = types.SimpleNamespace(threading=types.SimpleNamespace(
    set_intra_op_parallelism_threads=taken.append,
    set_inter_op_parallelism_threads=taken.append,
))
zeros = tuple
"""


@pytest.mark.parametrize(
    ("workers", "imported", "threads"),
    (("3", False, [2, 2]), ("99", False, [1, 1]), (None, False, []), ("3", True, [])),
)
def test_only_a_worker_that_imports_tensorflow_itself_takes_a_share(
    stand_ins, monkeypatch, workers, imported, threads
):
    stand_ins(tensorflow=THREADS)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    if workers is not None:
        monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
        monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", workers)
    if imported:
        importlib.import_module("tensorflow")
    start_tensorflow()
    assert sys.modules["tensorflow"].taken == threads


@pytest.mark.parametrize("collects", (True, False))
def test_garbage_is_collected_again_where_it_was(stand_ins, collects):
    stand_ins(tensorflow="import gc\nassert not gc.isenabled()\nzeros = tuple")
    enabled = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        start_tensorflow()
        assert gc.isenabled() is collects
    finally:
        (gc.enable if enabled else gc.disable)()


def test_what_tensorflow_says_of_a_failing_import_is_shown(stand_ins, capfd):
    stand_ins(tensorflow="import os\nos.write(2, b'no libcuda')\nraise ImportError('broken')")
    with pytest.raises(ImportError, match="broken"):
        start_tensorflow()
    assert capfd.readouterr().err == "no libcuda"
    assert "TF_CPP_MIN_LOG_LEVEL" not in os.environ


def test_another_backend_is_refused_in_one_line(stand_ins):
    stand_ins(backend="jax")
    with pytest.raises(EvaluationError) as caught:
        start_tensorflow()
    assert str(caught.value) == (
        "Keras runs on the backend 'jax': set KERAS_BACKEND=tensorflow to judge models"
    )


@pytest.mark.parametrize("given", (None, "1"))
def test_a_log_level_that_is_set_stays(stand_ins, monkeypatch, given):
    if given:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", given)
    stand_ins(keras="import os\nlevel = os.environ['TF_CPP_MIN_LOG_LEVEL']")
    start_tensorflow()
    assert sys.modules["keras"].level == (given or "3")
    assert os.environ.get("TF_CPP_MIN_LOG_LEVEL") == given


def test_what_is_kept_back_is_shown_after_an_error(capfd):
    def fail():
        with silenced():
            os.write(2, b"shown")
            raise ValueError("bad")

    with silenced():
        os.write(2, b"hidden")
    assert capfd.readouterr().err == ""
    with pytest.raises(ValueError, match="bad"):
        fail()
    assert capfd.readouterr().err == "shown"


def test_what_is_kept_back_is_not_shown_where_a_line_says_what_is_wrong(capfd):
    def refuse():
        with silenced(1, 2):
            os.write(1, b"hidden")
            os.write(2, b"hidden")
            raise ExportError("bad")

    with pytest.raises(ExportError, match="bad"):
        refuse()
    assert capfd.readouterr() == ("", "")


def test_without_standard_error_nothing_is_silenced(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with silenced():
        pass
    code = """
import os
from pytest_paoding.engine.silence import silenced
os.close(2)
with silenced():
    print('ran')
"""
    assert run(code).stdout == "ran\n"
