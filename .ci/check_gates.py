#!/usr/bin/env python3
"""Check what the example's gates left behind: check_gates.py [--all] DOCUMENT ARTIFACTS [LOG].

DOCUMENT is the file of --paoding-json, ARTIFACTS the folder of published models, LOG what pytest
printed. Every model within budget must be published and load in a process that cannot import this
package, its LiteRT files in one that cannot import TensorFlow either; no other may be there. With
--all every gate must have passed, else at least one has not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = {"tflite-float16": 0.5, "tflite-int8": 0.65}
"""The least share by which a file must be smaller, by format."""
RIGHT_OR_WRONG = {"accuracy_decay": 0.03, "robustness_retention": 0.5}
COSTS = {
    "cancer_mlp": RIGHT_OR_WRONG,
    "digits_cnn": RIGHT_OR_WRONG,
    "digits_mlp": RIGHT_OR_WRONG,
    "forms_unet": {"score_decay@mean_iou": 0.03},
    "glucose_gru": {"score_decay@mae": 0.03},
}
"""What every gate limits of what pruning costs, in the model and in each of its files."""
WITHOUT = {"glucose_gru": {"tflite-int8"}}
"""Formats that a model is not published in."""
LOAD = """
import sys
sys.modules["pytest_paoding"] = None
import keras
for path in sys.argv[1:]:
    print(keras.models.load_model(path).count_params())
"""
"""Prints the parameters of each model that is named."""
RUN = """
import sys
sys.modules["pytest_paoding"] = sys.modules["tensorflow"] = None
from ai_edge_litert.interpreter import Interpreter
import numpy as np
for path, samples in zip(sys.argv[1::2], sys.argv[2::2]):
    runner = Interpreter(path).get_signature_runner("serving_default")
    inputs = {name: np.zeros((int(samples), *each["shape"][1:]), each["dtype"])
              for name, each in runner.get_input_details().items()}
    print(*(len(each) for each in runner(**inputs).values()))
"""
"""Prints the lengths of what each LiteRT file gives for as many samples as are named behind it."""
SAMPLES = {"glucose_gru": 1}
"""How many samples a LiteRT file is given at once: 7, but one where there is a recurrent layer."""


def main() -> None:
    """Check the run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("document", type=Path)
    parser.add_argument("artifacts", type=Path)
    parser.add_argument("log", type=Path, nargs="?")
    parser.add_argument("--all", action="store_true", help="every gate must have passed")
    options = parser.parse_args()
    document = json.loads(options.document.read_text(encoding="utf-8"))
    gates = {gate["name"]: gate for gate in document["gates"]}
    require(gates.keys() == COSTS.keys(), f"gates {sorted(gates)}")
    passed = {name for name in gates if gates[name]["outcome"] == "within-budget"}
    failed = {name for name in gates if gates[name]["outcome"] == "over-budget"}
    require(passed | failed == COSTS.keys(), "a gate was not judged")
    require((passed == COSTS.keys()) == options.all, f"within budget: {sorted(passed)}")
    require(document["session"]["exit"] == (0 if options.all else 1), "exit status in the document")
    found = {path.stem for path in options.artifacts.glob("*.keras")}
    require(found == passed, f"published {sorted(found)}, within budget {sorted(passed)}")
    check_published([gates[name] for name in sorted(passed)], options.artifacts)
    for name, gate in sorted(gates.items()):
        check_budgets(gate)
        if options.log:
            check_log(gate, options.log.read_text(encoding="utf-8"), failed=name in failed)


def formats_of(name: str) -> dict[str, float]:
    """Return the formats of a model's files beside the `.keras` one, with the least reduction."""
    return {each: least for each, least in FORMATS.items() if each not in WITHOUT.get(name, ())}


def budgets_of(name: str) -> dict[str, float]:
    """Return all limits of a gate, by metric."""
    formats, costs = formats_of(name), COSTS[name]
    return {
        **costs,
        "parameters_removed": 0.1,
        **{f"{metric}@{each}": limit for each in formats for metric, limit in costs.items()},
        **{f"size_reduction@{each}": least for each, least in formats.items()},
    }


def check_budgets(gate: dict[str, Any]) -> None:
    """Require that every budget was judged at the limit the example set first."""
    limits = {check["metric"]: check["limit"] for check in gate["checks"]}
    require(limits == budgets_of(gate["name"]), f"{gate['name']}: budgets {limits}")


def check_published(gates: Sequence[dict[str, Any]], artifacts: Path) -> None:
    """Require that every published model is the one judged, and usable by others."""
    models = [artifacts / f"{gate['name']}.keras" for gate in gates]
    counts = [gate["metrics"]["parameters"] for gate in gates]
    loaded = printed(LOAD, *models)
    require(loaded == [str(each["after"]) for each in counts], f"parameters {loaded}")
    files: list[tuple[Path, int]] = []
    for gate, path, count in zip(gates, models, counts, strict=True):
        manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        written = {file["format"] for file in manifest["files"]}
        require(written == {"keras", *formats_of(gate["name"])}, f"{gate['name']}: files {written}")
        require(manifest["file"]["name"] == path.name, f"{path.name}: manifest of another file")
        for file in (manifest["file"], *manifest["files"]):
            digest = hashlib.sha256(path.with_name(file["name"]).read_bytes()).hexdigest()
            require(file["sha256"] == digest, f"{file['name']}: manifest of another file")
            if file.get("format", "keras") != "keras":
                files.append((path.with_name(file["name"]), SAMPLES.get(gate["name"], 7)))
        report(f"{gate['name']}: published, {count['before']} -> {count['after']} parameters")
    ran = printed(RUN, *chain.from_iterable(files))
    require(ran == [str(samples) for _, samples in files], f"numbers of outputs {ran}")


def printed(code: str, *arguments: object) -> list[str]:
    """Return the lines that code prints in a process of its own, which must succeed."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - own
    return ran.stdout.splitlines()


def check_log(gate: dict[str, Any], log: str, *, failed: bool) -> None:
    """Require that the failure shows a row for every budget."""
    if not failed:
        return
    _, found, text = log.partition(f"{gate['name']} OVER BUDGET")
    require(bool(found), f"{gate['name']}: no failure in the log")
    text = text.partition("not published")[0]
    for check in gate["checks"]:
        metric, *parts = check["metric"].split("@")
        strength = gate["metrics"][check["metric"]]["epsilon"]
        worst = [] if strength is None else [f"{strength:g}"]
        name = " @".join((metric.replace("_", " "), *worst, *parts))
        row = rf"^ +{name} .*[<>]= .*(ok|OVER|UNDER)"
        require(bool(re.search(row, text, re.MULTILINE)), f"{gate['name']}: no row {row}")
    report(f"{gate['name']}: over budget, nothing published")


def require(condition: bool, complaint: str) -> None:  # noqa: FBT001 - reads like assert
    """End the process with a complaint unless the condition holds."""
    if not condition:
        sys.exit(f"check_gates: {complaint}")


def report(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"        {line}\n")


if __name__ == "__main__":
    main()
