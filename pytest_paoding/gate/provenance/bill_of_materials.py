"""The bill of materials of a published model: a machine-learning BOM in the format of CycloneDX."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OURS = "pytest-paoding"


def bill_of_materials(manifest: Mapping[str, Any]) -> str:
    """Return the bill of materials of a manifest's model, in JSON.

    It names the model and its digests, the original as its ancestor, every file that stands beside
    it, the packages that did the work, and what was found under which limits. The same manifest
    gives the same text.

    Args:
        manifest: A manifest of this package.
    """
    # The extra is imported only where a bill is asked for.
    from cyclonedx.model.bom import Bom, BomMetaData  # noqa: PLC0415
    from cyclonedx.model.component import Component, ComponentType, Pedigree  # noqa: PLC0415
    from cyclonedx.model.tool import ToolRepository  # noqa: PLC0415
    from cyclonedx.output.json import JsonV1Dot6  # noqa: PLC0415

    gate, kind = manifest["gate"], ComponentType.MACHINE_LEARNING_MODEL
    model, *others = manifest["files"]
    original = Component(
        name=gate["model"]["source"] or gate["name"],
        type=kind,
        properties=_properties({"digest": gate["model"]["digest"]}),
    )
    pruned = Component(
        name=model["name"],
        type=kind,
        version=manifest["revision"]["commit"],
        bom_ref=model["name"],
        hashes=_hashes(model),
        pedigree=Pedigree(ancestors=[original]),
        properties=_properties(_told(gate)),
    )
    files = [
        Component(name=each["name"], type=kind, bom_ref=each["name"], hashes=_hashes(each))
        for each in others
    ]
    packages = [
        Component(
            name=name, version=version, type=ComponentType.LIBRARY, bom_ref=f"{name}@{version}"
        )
        for name, version in sorted(gate["versions"].items())
    ]
    tool = Component(name=_OURS, version=manifest["plugin"], type=ComponentType.APPLICATION)
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, f"sha256:{model['sha256']}"),
        metadata=BomMetaData(
            component=pruned,
            timestamp=datetime.fromisoformat(manifest["created"]),
            tools=ToolRepository(components=[tool]),
        ),
        components=[*files, *packages],
    )
    bom.register_dependency(pruned, [*files, *packages])
    return f"{JsonV1Dot6(bom).output_as_string(indent=2)}\n"


def _hashes(file: Mapping[str, Any]) -> list[Any]:
    from cyclonedx.model import HashAlgorithm, HashType  # noqa: PLC0415 - as above

    return [HashType(alg=HashAlgorithm.SHA_256, content=file["sha256"])]


def _properties(told: Mapping[str, Any]) -> list[Any]:
    from cyclonedx.model import Property  # noqa: PLC0415 - as above

    return [Property(name=f"{_OURS}:{name}", value=str(value)) for name, value in told.items()]


def _told(gate: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of a gate, by names that sort well."""
    found = {"digest": gate["model"]["pruned_digest"], "outcome": gate["outcome"]}
    return {**found, **dict(_limits(gate)), **dict(_settings(gate))}


def _limits(gate: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for check in gate["checks"]:
        relation = f"{check['found']} {check['operator']} {check['limit']}: {check['verdict']}"
        yield f"limit:{check['metric']}", relation


def _settings(gate: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in ("strategy", "ratio", "target", "seed"):
        value = gate["settings"].get(name, {}).get("value")
        if value is not None:
            yield f"setting:{name}", value
