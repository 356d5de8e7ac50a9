from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.gate.merging import merged
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.runs.run_record import RunRecord
from support.random_results import results

if TYPE_CHECKING:
    from collections.abc import Sequence


def gate(name: str, outcome: Outcome = Outcome.WITHIN_BUDGET, nodeid: str = "") -> GateResult:
    return GateResult(name=name, outcome=outcome, nodeid=nodeid or f"test_it.py::{name}")


def shard(*gates: GateResult, **more: Any) -> RunRecord:
    failed = sum(each.failed for each in gates)
    usual = {"exit": 1 if failed else 0, "complete": True, "failed": failed, "results": gates}
    return RunRecord(**{**usual, **more})


def merge(*runs: RunRecord) -> RunRecord:
    return merged({f"{place}.json": run for place, run in enumerate(runs)})


def test_gates_of_all_shards_stand_in_one_order() -> None:
    whole = merge(shard(gate("b"), workers=2), shard(gate("a"), gate("c"), workers=1))
    assert [result.name for result in whole.results] == ["a", "b", "c"]
    assert (whole.exit, whole.complete, whole.workers, whole.partial) == (0, True, 3, None)


def test_a_shard_that_skipped_a_gate_gives_way_to_one_that_ran_it() -> None:
    for pair in ((Outcome.SKIPPED, Outcome.OVER_BUDGET), (Outcome.OVER_BUDGET, Outcome.SKIPPED)):
        whole = merge(*(shard(gate("a", outcome)) for outcome in pair))
        assert [result.outcome for result in whole.results] == [Outcome.OVER_BUDGET]
        assert (whole.exit, whole.faults) == (1, [])


def test_what_each_shard_lacked_is_asked_of_all_together() -> None:
    one = shard(gate("a"), required=["a", "b"], exit=1)
    two = shard(gate("b"), required=["a", "b"], exit=1)
    assert (one.required_missing, two.required_missing) == (["b"], ["a"])
    whole = merge(one, two)
    assert (whole.exit, whole.required_missing) == (0, [])
    assert merge(one).required_missing == ["b"]
    assert merge(one).exit == 1


def test_entries_are_stale_only_where_no_shard_has_their_gate() -> None:
    shards = [shard(gate(name), baseline=["a", "b", "old"], partial="-k") for name in "ab"]
    assert [each.stale for each in shards] == [[], []]
    assert merge(*shards).stale == ["old"]


@pytest.mark.parametrize(
    ("shards", "exit_status"),
    (
        ([shard(), shard()], 0),
        ([shard(exit=5), shard(exit=5)], 5),
        ([shard(exit=5), shard(gate("a"))], 0),
        ([shard(gate("a", Outcome.UNJUDGED)), shard()], 1),
        ([shard(gate("a"), exit=1, failed=1), shard()], 1),
        ([shard(gate("a"), exit=1), shard()], 1),
        ([shard(gate("a")), shard(exit=2, complete=False)], 2),
        ([shard(gate("a", Outcome.OVER_BUDGET)), shard(exit=3)], 3),
        ([shard(faults=["cannot write x"])], 1),
        ([shard(gate("a", Outcome.FORCED)), shard(gate("b", Outcome.REJECTED))], 0),
    ),
)
def test_the_exit_status_is_that_of_one_run(shards: Sequence[RunRecord], exit_status: int) -> None:
    assert merge(*shards).exit == exit_status


def test_an_interrupted_shard_leaves_the_whole_incomplete() -> None:
    assert not merge(shard(), shard(exit=2, complete=False)).complete


def test_two_tests_of_one_name_are_named() -> None:
    whole = merge(shard(gate("net", nodeid="a.py::x")), shard(gate("NET", nodeid="b.py::y")))
    assert whole.exit == 1
    (line,) = whole.faults
    assert line.startswith("gate net was judged by several tests")
    assert "a.py::x, b.py::y" in line


def test_a_gate_that_ran_in_two_shards_is_no_verdict() -> None:
    whole = merge(shard(gate("a")), shard(gate("a")))
    assert (whole.exit, whole.faults) == (1, ["gate a ran in several shards: 0.json, 1.json"])


def test_shards_of_different_commits_do_not_belong_together() -> None:
    commits = [shard(environment={"commit": letter * 40}) for letter in "ab"]
    whole = merge(*commits)
    assert whole.faults == [
        "shards are of different commits: 0.json of aaaaaaaaaaaa, 1.json of bbbbbbbbbbbb"
    ]
    assert merge(commits[0], shard(environment={"commit": None})).exit == 0


@settings(max_examples=30)
@given(st.lists(results(), max_size=4, unique_by=lambda result: result.name.casefold()))
def test_sharding_changes_no_verdict(found: list[GateResult]) -> None:
    whole = shard(*found)
    parts = merge(*(shard(each) for each in found), shard())
    assert parts.exit == whole.exit
    assert [r.to_dict() for r in parts.results] == [
        r.to_dict() for r in sorted(found, key=lambda r: (r.name, r.nodeid))
    ]
    assert RunRecord.from_dict(parts.to_dict()).to_dict()["gates"] == parts.to_dict()["gates"]
