"""The fixtures `paoding`, `paoding_model`, `paoding_data` and `paoding_settings`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.errors import PaodingError
from pytest_paoding.plugin.attempts import ATTEMPT
from pytest_paoding.plugin.run import PaodingRun
from pytest_paoding.plugin.running import Request, effective, run_gate
from pytest_paoding.plugin.workplace import workplace

if TYPE_CHECKING:
    from pytest_paoding.config.run_settings import Settings
    from pytest_paoding.records.protocol import PrunedModel
    from pytest_paoding.records.results import GateResult


class PaodingFixture:
    """Runs gates inside a test, on models that code has built."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request
        self._item: pytest.Item = request.node
        self._ratio: float | None = getattr(request, "param", None)

    def check(
        self, model: Any, data: Any = None, *, name: str | None = None, **settings: Any
    ) -> GateResult:
        """Prune a copy of `model`, judge it, and fail the test unless every budget holds.

        If the whole test passes, the pruned model is published after its teardown. A test whose
        gate failed does not pass, even if it catches the exception; to explore, use `prune`.

        Args:
            model: A Keras model; it stays as it is.
            data: What to judge on: (x, y), or batches of that. By default what the configured model
                refers to, else the fixture `paoding_data`. The pruning never sees it.
            name: Name of the gate and its file; by default that of the test.
            **settings: Any key of [tool.paoding] that concerns one gate, such as `ratio` (in place
                of a name, `calibration` may be the inputs themselves), and any budget
                (`max_size="300 kB"`, or of an exported file `tflite_int8={"max_size": "60 kB"}`).
                They beat the marker and the configuration, the command line beats them.

        Returns:
            The record of the gate: `result.metrics["parameters"].after` and the like.
        """
        return run_gate(
            Request(
                self._item,
                name=name,
                table=self._table(),
                ratio=self._ratio,
                model=model,
                data=data,
                fallback=lambda: self._request.getfixturevalue("paoding_data"),
                call=settings,
            )
        )

    def prune(self, model: Any, **settings: Any) -> PrunedModel:
        """Return a smaller model and the plan it was cut by, without any verdict.

        Args:
            model: A Keras model; it stays as it is.
            **settings: As for `check`, without budgets.
        """
        _, gate = effective(self._item, table=self._table(), call=settings)
        gate = gate.at(self._ratio if isinstance(gate.ratio, tuple) else None)
        run = PaodingRun.of(self._item.config)
        with workplace(run, gate) as place:
            pruned = place.engine.prune(model, **place.references.calibrated(gate.pruning))
            return place.pruned_here(pruned)

    @property
    def results(self) -> list[GateResult]:
        """The records of the gates this test has run."""
        return list(self._item.stash[ATTEMPT].results)

    def _table(self) -> str | None:
        """Return the configured model that the test's `paoding_model` is, if it has one."""
        callspec = getattr(self._item, "callspec", None)
        return callspec.params.get("paoding_model") if callspec is not None else None


@pytest.fixture
def paoding(request: pytest.FixtureRequest) -> PaodingFixture:
    """Prune models and judge what that cost: `paoding.check(model, data=...)`."""
    skip_if_off(request.config)
    return PaodingFixture(request)


@pytest.fixture
def paoding_model(request: pytest.FixtureRequest) -> Any:
    """A configured model, loaded for each test; the test runs once for every one of them."""
    skip_if_off(request.config)
    run = PaodingRun.of(request.config)
    models = run.settings.table.models
    if request.param not in models:
        known = ", ".join(models) or "none"
        pytest.fail(f"there is no model {request.param!r}, configured: {known}", pytrace=False)
    try:
        return run.engine.load_model(run.file.root / models[request.param].path)
    except PaodingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def paoding_data() -> Any:
    """Data to judge on where nothing else gives any; override it in conftest.py."""
    return None


@pytest.fixture(scope="session")
def paoding_settings(request: pytest.FixtureRequest) -> Settings:
    """The settings of this run, frozen."""
    return PaodingRun.of(request.config).settings


def skip_if_off(config: pytest.Config) -> None:
    """Skip the test, with a reason that names the switch, unless gates run."""
    switch = PaodingRun.of(config).switch
    if not switch.on:
        pytest.skip(switch.reason)
