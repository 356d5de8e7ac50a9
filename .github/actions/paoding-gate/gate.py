"""Runs pytest with the gates on, and tells GitHub Actions what came of them.

Needs nothing but the standard library: pytest and pytest-paoding are those of the project.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

_PASSED, _FAILED = 0, 1


def main() -> int:
    """Run pytest and write the outputs; return the exit code of the step."""
    reports = Path(os.environ["PAODING_REPORTS"]).absolute()
    reports.mkdir(parents=True, exist_ok=True)
    report = reports / "paoding.json"
    report.unlink(missing_ok=True)
    status = subprocess.run(_command(report), check=False).returncode  # noqa: S603 - the user's
    document = _read(report)
    _write_outputs(_outputs(document, status, report))
    wanted = os.environ.get("PAODING_FAIL", "true") != "false"
    return status if wanted else _PASSED


def _command(report: Path) -> list[str]:
    ratio, baseline = os.environ.get("PAODING_RATIO"), os.environ.get("PAODING_BASELINE")
    return [
        sys.executable,
        "-m",
        "pytest",
        f"--paoding-ratio={ratio}" if ratio else "--paoding",
        *([f"--paoding-baseline={baseline}"] if baseline else []),
        f"--paoding-json={report}",
        f"--paoding-html={report.with_suffix('.html')}",
        *shlex.split(os.environ.get("PAODING_ARGS", "")),
    ]


def _read(report: Path) -> dict[str, Any]:
    """Return the report; an empty one where pytest did not come to write it."""
    try:
        found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"gates": []}
    return found


def _outputs(document: dict[str, Any], status: int, report: Path) -> dict[str, str]:
    gates = document["gates"]
    published = [gate["artifact"]["path"] for gate in gates if _is_published(gate)]
    files = [each for path in published for each in _beside(_folder(document) / path)]
    return {
        "outcome": _outcome({gate["outcome"] for gate in gates}, status),
        "passed": ",".join(_named(gates, {"within-budget", "forced"})),
        "failed": ",".join(_named(gates, {"over-budget", "unjudged", "crashed"})),
        "json": str(report) if report.exists() else "",
        "html": str(report.with_suffix(".html")) if report.exists() else "",
        "artifact": _artifact(),
        "artifacts": "\n".join(str(file.absolute()) for file in files),
    }


def _artifact() -> str:
    """Return the name of what is uploaded, which no other job of the workflow has by default."""
    name = os.environ.get("PAODING_ARTIFACT", "auto")
    if name != "auto":
        return name
    parts = ["paoding", os.environ.get("PAODING_JOB", "")]
    if int(os.environ.get("PAODING_JOB_TOTAL") or 1) > 1:
        parts.append(os.environ["PAODING_JOB_INDEX"])
    return "-".join(filter(None, parts))


def _beside(model: Path) -> list[Path]:
    """Return a published model, and what stands beside it."""
    always = [model.with_suffix(ending) for ending in (".keras", ".json")]
    more = [model.with_suffix(ending) for ending in (".cdx.json", ".sig")]
    return [*always, *(path for path in more if path.is_file())]


def _is_published(gate: dict[str, Any]) -> bool:
    return bool(gate["artifact"]) and gate["artifact"]["published"]


def _named(gates: list[dict[str, Any]], outcomes: set[str]) -> list[str]:
    return [gate["name"] for gate in gates if gate["outcome"] in outcomes]


def _folder(document: dict[str, Any]) -> Path:
    """Return the folder that paths of artifacts start from."""
    return Path(document.get("session", {}).get("root", "."))


def _outcome(found: set[str], status: int) -> str:
    """Return one word; a run that failed for another reason than its gates is an error."""
    for outcome in ("crashed", "unjudged", "over-budget"):
        if outcome in found:
            return "error" if outcome == "crashed" else outcome
    return "passed" if status == _PASSED else "error"


def _write_outputs(outputs: dict[str, str]) -> None:
    target = os.environ.get("GITHUB_OUTPUT")
    if target is None:
        return
    end = f"end-{uuid.uuid4()}"  # a value cannot hold it, so none can add outputs of its own
    with Path(target).open("a", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{name}<<{end}\n{value}\n{end}\n" for name, value in outputs.items())


if __name__ == "__main__":
    sys.exit(main())
