"""Plans that were damaged or forged, and files that no plan may be saved over."""

from __future__ import annotations

import io
import json
import random
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_paoding import Plan, prune
from pytest_paoding.__main__ import main
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.surgery.apply import apply
from pytest_paoding.errors import PaodingError, SurgeryError
from support.saved_plans import assert_done_again, fresh, renewed, rewritten

if TYPE_CHECKING:
    from pathlib import Path


def foreign(folder: Path) -> dict[str, Any]:
    """Return files that a plan could be saved over, by name."""
    np.savez(folder / "inputs.npz", x=np.ones((4, 10)))
    return {
        "inputs.npz": (folder / "inputs.npz").read_bytes(),
        "empty.npz": b"",
        "settings.json": b'{"format": 2}',
        "list.json": b"[" * 100_000,
        "broken.json": b"\xff",
    }


@pytest.mark.parametrize("number", range(5))
def test_a_plan_is_saved_over_no_file_that_is_not_a_plans(number: int, tmp_path: Path) -> None:
    name, content = list(foreign(tmp_path).items())[number]
    (tmp_path / name).write_bytes(content)
    before = sorted(each.name for each in tmp_path.iterdir())
    plan = prune(fresh(), ratio=0.5).plan
    with pytest.raises(SurgeryError, match=rf"{name}: is a file that .*move it away"):
        plan.save((tmp_path / name).with_suffix(".json"))
    assert (tmp_path / name).read_bytes() == content
    assert sorted(each.name for each in tmp_path.iterdir()) == before


def test_weights_of_another_plan_are_kept(saved: Path, tmp_path: Path) -> None:
    """They were moved, or another plan was put in the place of theirs."""
    weights = saved.with_suffix(".npz").read_bytes()
    plan = Plan.load(saved)
    saved.rename(tmp_path / "elsewhere.json")
    prune(fresh(), ratio=0.5, strategy="magnitude").plan.save(saved)
    with pytest.raises(SurgeryError, match=r"plan\.npz: is a file that is not of the plan"):
        plan.save(saved)
    assert saved.with_suffix(".npz").read_bytes() == weights


def test_a_plan_is_saved_over_an_earlier_one(saved: Path) -> None:
    first = saved.read_bytes()
    prune(fresh(), ratio=0.25).plan.save(saved)
    assert saved.read_bytes() != first
    assert apply(fresh(), Plan.load(saved)).count_params() > 0
    prune(fresh(), ratio=0.5, strategy="magnitude").plan.save(saved)
    assert not saved.with_suffix(".npz").exists()
    prune(fresh(), ratio=0.5).plan.save(saved)
    assert saved.read_bytes() == first


@pytest.mark.parametrize("value", (np.nan, np.inf, -np.inf))
def test_weights_that_are_not_finite_are_refused(saved: Path, value: float) -> None:
    with np.load(saved.with_suffix(".npz")) as found:
        arrays = dict(found)
    for name in arrays:
        broken = {key: each.copy() for key, each in arrays.items()}
        broken[name].flat[0] = value
        rewritten(saved, broken)
        with pytest.raises(SurgeryError, match="has 1 values that are not finite"):
            apply(fresh(), Plan.load(saved))


def test_weights_that_let_a_layer_overflow_are_refused(saved: Path) -> None:
    with np.load(saved.with_suffix(".npz")) as found:
        rewritten(saved, {name: np.full_like(each, 3e38) for name, each in found.items()})
    with pytest.raises(SurgeryError, match="self-check: output 0 is not finite"):
        apply(fresh(), Plan.load(saved))


def test_minus_infinity_in_a_bias_rules_a_class_out_and_stays(tmp_path: Path) -> None:
    model = fresh()
    bias = values_of(model.layers[-1].bias).copy()
    bias[0] = -np.inf
    model.layers[-1].bias.assign(bias)
    assert_done_again(model, prune(model, ratio=0.5), tmp_path)


@pytest.mark.parametrize("shape", ((10**15,), (2**62, 2**62), (10**9,)))
def test_a_header_that_declares_any_shape_is_refused(saved: Path, shape: Any) -> None:
    with zipfile.ZipFile(saved.with_suffix(".npz")) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    header = io.BytesIO()
    described = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, described)
    parts["0.npy"] = header.getvalue() + bytes(16)
    with zipfile.ZipFile(saved.with_suffix(".npz"), "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    renewed(saved)
    with pytest.raises(SurgeryError, match="cannot be read"):
        apply(fresh(), Plan.load(saved))


def test_weights_that_are_unpacked_to_more_than_they_say_are_refused(saved: Path) -> None:
    """Some readers of archives unpack a gigabyte at once, before they see that it is too much."""
    weights = saved.with_suffix(".npz")
    with zipfile.ZipFile(weights) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(weights, "w", compression) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        renewed(saved)
        with pytest.raises(SurgeryError, match=r"plan\.npz: .* by another method than deflate"):
            apply(fresh(), Plan.load(saved))


@pytest.mark.parametrize("text", ('{"layers": [], "layers": []}', "[NaN]", "[1e999]", "\ud800"))
def test_a_plan_is_json_that_others_can_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(SurgeryError, match=r"plan\.json: not a plan in JSON: "):
        Plan.load(tmp_path / "plan.json")
    with pytest.raises(SurgeryError, match="not a plan in JSON: "):
        Plan.from_json(text)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path to everything in a document."""
    if not isinstance(node, (dict, list)):
        return [path]
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    found = [each for key, below in inner for each in places(below, (*path, key))]
    return [path, *found] if path else found


VALUES = (None, True, False, 0, 1, -1, 2.5, 8.0, 1e999, 10**30, "", "dense", [], {}, [[0, 1]], [1])


def test_a_plan_changed_anywhere_is_refused_or_still_means_something(saved: Path) -> None:
    """Every place of a plan takes every value, is left out, and is said twice."""
    document, model = json.loads(saved.read_text(encoding="utf-8")), fresh()
    draw = np.random.default_rng(0)
    every = places(document)
    refusals, applied = 0, 0
    for number in draw.permutation(len(every))[:60]:
        *parents, key = every[number]
        change = [*VALUES, "left out", "twice"][draw.integers(len(VALUES) + 2)]
        changed = json.loads(json.dumps(document))
        at = changed
        for each in parents:
            at = at[each]
        if change == "left out":
            del at[key]
        elif change == "twice" and isinstance(at, list):
            at.append(at[key])
        else:
            at[key] = change
        saved.write_text(json.dumps(changed), encoding="utf-8")
        try:
            smaller = apply(model, Plan.load(saved))
        except PaodingError:
            refusals += 1
        else:
            applied += 1
            assert all(np.isfinite(values_of(each)).all() for each in smaller.weights)
    assert refusals > 30
    assert applied < 20


@pytest.mark.parametrize("units", (0, -4))
def test_a_plan_of_no_units_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], units: int
) -> None:
    path, layer = tmp_path / "plan.json", {"name": "a", "units": units, "kept": [], "delegates": []}
    path.write_text(json.dumps({"format": 2, "layers": [layer], "fitted": None}))
    here = [str(tmp_path / each) for each in ("gone.keras", "out.keras")]
    assert main(["prune", here[0], "--output", here[1], "--plan", str(path)]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "error: " in told


def test_what_is_said_twice_is_refused(saved: Path) -> None:
    document = json.loads(saved.read_text(encoding="utf-8"))
    for part, message in (("layers", "tells of layer 'dense' 2 times"), ("names", "weight 0 of")):
        changed = json.loads(json.dumps(document))
        where = changed["layers"] if part == "layers" else changed["fitted"]["names"]
        where.append(where[0])
        saved.write_text(json.dumps(changed), encoding="utf-8")
        with pytest.raises(SurgeryError, match=message):
            apply(fresh(), Plan.load(saved))


def test_applying_leaves_the_model_and_the_random_state_as_they_were(saved: Path) -> None:
    model = fresh()
    before = [values_of(each).copy() for each in model.weights], random.getstate()
    apply(model, Plan.load(saved))
    assert random.getstate() == before[1]
    for one, two in zip(before[0], model.weights, strict=True):
        np.testing.assert_array_equal(one, values_of(two))
