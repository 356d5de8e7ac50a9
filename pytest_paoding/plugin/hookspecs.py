"""Hooks for a project's conftest.py. Each example is a conftest.py that works as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.gate.stages import GateSpec
    from pytest_paoding.records.budgets import Limit
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.metrics import Metric
    from pytest_paoding.records.protocol import Engine
    from pytest_paoding.records.results import GateResult


@pytest.hookspec(firstresult=True)
def pytest_paoding_engine(config: pytest.Config) -> Engine | None:
    """Return the engine that loads, prunes, evaluates and saves models.

    The default is the Keras engine of this package. It is made once per process, and only when a
    gate runs. Any object with the methods of `pytest_paoding.Engine` may take its place::

        import os

        def pytest_paoding_engine(config):
            if os.environ.get("PRUNE_WITH") == "ours":
                from our_package.pruning import Engine
                return Engine()
    """


@pytest.hookspec(firstresult=True)
def pytest_paoding_load_model(config: pytest.Config, spec: GateSpec) -> Any:
    """Return the model of a configured gate, or None to have its file loaded as usual.

    `spec.path` is the model's file, `spec.name` the gate's name::

        import shutil

        def pytest_paoding_load_model(config, spec):
            archive = spec.path.with_suffix(".orig")
            if archive.exists():
                shutil.copy(archive, spec.path)
            return None
    """


@pytest.hookspec(firstresult=True)
def pytest_paoding_load_data(config: pytest.Config, spec: GateSpec) -> Any:
    """Return the data a gate is judged on, or None to have it found as usual.

    Called where a test's own call hands in no data. The data never reaches the pruning::

        def pytest_paoding_load_data(config, spec):
            if spec.name.startswith("digits"):
                return [[0.0, 1.0], [1.0, 0.0]], [0, 1]
    """


@pytest.hookspec
def pytest_paoding_metrics(
    config: pytest.Config, spec: GateSpec, original: Any, pruned: Any, data: Any
) -> dict[Metric, Measurement] | None:
    """Return further metrics of the original and the pruned model.

    They appear in all reports and in baselines. To limit one, add a budget in
    `pytest_paoding_modify_budget`, or `max_metric_drop` in `[tool.paoding.regression]`::

        from pytest_paoding import Direction, Measurement, Metric

        LAYERS = Metric("layers_kept", Direction.HIGHER)

        def pytest_paoding_metrics(config, spec, original, pruned, data):
            before, after = len(original.layers), len(pruned.layers)
            return {LAYERS: Measurement(before, after, after / before)}
    """


@pytest.hookspec
def pytest_paoding_modify_budget(
    config: pytest.Config, item: pytest.Item, spec: GateSpec, budget: dict[str, Limit]
) -> None:
    """Change a gate's budget, a dict of limits by key, before it is judged.

    What a hook adds should name itself as the source, which the reports show::

        from pytest_paoding import METRICS, Limit

        def pytest_paoding_modify_budget(config, item, spec, budget):
            if "slow" in item.keywords:
                budget.pop("max_flops", None)
            budget["min_agreement"] = Limit(METRICS["agreement"], 0.9, source="conftest.py")
    """


@pytest.hookspec
def pytest_paoding_gate_finished(config: pytest.Config, result: GateResult) -> None:
    """Receive the record of a gate, after its test's teardown and the publication.

    Called in the process that ran the gate and, under xdist, in the controller as well::

        def pytest_paoding_gate_finished(config, result):
            if not hasattr(config, "workerinput"):
                with open(config.rootpath / "gates.txt", "a") as file:
                    print(result.name, result.outcome.value, file=file)
    """


@pytest.hookspec(firstresult=True)
def pytest_paoding_publish(
    config: pytest.Config, result: GateResult, staged: Path, target: Path
) -> Path | None:
    """Put a model that passed where it belongs and return that path.

    `staged` is its file, with the manifest beside it under the same name and the ending .json, and
    the files of further formats under the names in `result.artifact.files`; all are removed
    afterwards. The default moves them to the folder of `target`::

        import shutil

        def pytest_paoding_publish(config, result, staged, target):
            shelf = config.rootpath / "shelf"
            shelf.mkdir(exist_ok=True)
            return shutil.copy(staged, shelf / f"{result.name}.keras")
    """


@pytest.hookspec
def pytest_paoding_update_json(config: pytest.Config, document: dict[str, Any]) -> None:
    """Add to the JSON document before it is written.

    Values must be ones that JSON can hold::

        import os

        def pytest_paoding_update_json(config, document):
            document["environment"]["build"] = os.environ.get("BUILD_NUMBER", "local")
    """
