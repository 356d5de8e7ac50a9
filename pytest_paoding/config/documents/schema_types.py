"""The JSON Schemas that come with this package, as validators of Pydantic.

They are the only description of the documents: whoever writes is tested against them, and whoever
reads is held to them. What a later version may have added is left out on reading, where the
document is not to be written again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from pydantic_core import SchemaValidator, ValidationError, core_schema

from pytest_paoding.config.config_errors import faults_of
from pytest_paoding.errors import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import CoreSchema

_BOUNDS = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}


def conforming(document: Any, schema: str, *, part: str | None = None) -> Any:
    """Return a document as far as its schema describes it.

    Args:
        document: A parsed document.
        schema: Name of the schema, "report", "baseline" or "history".
        part: Name of the definition in it that is meant; None for the whole schema.

    Raises:
        ValueError: It is not as the schema says; one line that names the place.
    """
    try:
        return _validator(schema, part).validate_python(document)
    except ValidationError as error:
        raise ValueError(_line(error, document)) from None


@cache
def _validator(schema: str, part: str | None) -> SchemaValidator:
    path = files("pytest_paoding.records") / "schemas" / f"{schema}.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    translation = _Translation(unknown="forbid" if schema == "baseline" else "ignore")
    whole = content if part is None else {"$ref": f"#/$defs/{part}"}
    parts: list[Any] = [
        {**translation.of(each), "ref": f"#/$defs/{name}"}
        for name, each in content.get("$defs", {}).items()
    ]
    return SchemaValidator(core_schema.definitions_schema(translation.of(whole), parts))


@dataclass(frozen=True, slots=True)
class _Translation:
    """From JSON Schema to that of Pydantic.

    Attributes:
        unknown: What is done about keys that a closed object does not have.
    """

    unknown: Literal["ignore", "forbid"]

    def of(self, schema: Mapping[str, Any]) -> CoreSchema:
        """Return the schema of Pydantic that accepts the same values."""
        if "$ref" in schema:
            return core_schema.definition_reference_schema(schema["$ref"])
        if "const" in schema or "enum" in schema:
            return core_schema.literal_schema(schema.get("enum", [schema.get("const")]))
        kinds = schema.get("type", ())
        several = [{**schema, "type": kind} for kind in kinds] if isinstance(kinds, list) else None
        choices = schema.get("anyOf", several)
        return self._one(schema) if choices is None else self._any(choices)

    def _any(self, schemas: list[Mapping[str, Any]]) -> CoreSchema:
        choices = [self.of(each) for each in schemas if each.get("type") != "null"]
        choice = choices[0] if len(choices) == 1 else core_schema.union_schema(list(choices))
        nullable = len(choices) < len(schemas)
        return core_schema.nullable_schema(choice) if nullable else choice

    def _one(self, schema: Mapping[str, Any]) -> CoreSchema:
        builders: Mapping[str | None, Callable[[Mapping[str, Any]], CoreSchema]] = {
            None: lambda _: core_schema.any_schema(),
            "object": self._object,
            "array": self._array,
            "string": _string,
            "integer": lambda each: core_schema.int_schema(**_bounds(each), strict=True),
            "number": _number,
            "boolean": lambda _: core_schema.bool_schema(strict=True),
        }
        return builders[schema.get("type")](schema)

    def _array(self, schema: Mapping[str, Any]) -> CoreSchema:
        items, most = self.of(schema.get("items", {})), schema.get("maxItems")
        return core_schema.list_schema(items, max_length=most, strict=True)

    def _object(self, schema: Mapping[str, Any]) -> CoreSchema:
        more, required = schema.get("additionalProperties", True), schema.get("required", ())
        if "properties" not in schema:
            values = self.of({} if more is True else more)
            return core_schema.dict_schema(core_schema.str_schema(), values, strict=True)
        fields = {
            name: core_schema.typed_dict_field(
                self.of(each), required=name in required and "default" not in each
            )
            for name, each in schema["properties"].items()
        }
        extra = "allow" if more is True else self.unknown
        return core_schema.typed_dict_schema(fields, extra_behavior=extra, strict=True)


def _bounds(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {_BOUNDS[name]: schema[name] for name in _BOUNDS if name in schema}


def _string(schema: Mapping[str, Any]) -> CoreSchema:
    pattern, least = schema.get("pattern"), schema.get("minLength")
    return core_schema.str_schema(pattern=pattern, min_length=least, strict=True)


def _number(schema: Mapping[str, Any]) -> CoreSchema:
    """Return the schema of a number, which stays whole where it is."""
    bounds = _bounds(schema)
    whole = core_schema.int_schema(**bounds, strict=True)
    other = core_schema.float_schema(**bounds, allow_inf_nan=False, strict=True)
    told = "".join(f" {name} {value}" for name, value in bounds.items())
    return core_schema.union_schema(
        [whole, other],
        custom_error_type="number",
        custom_error_message=f"Input should be a number{told}",
    )


def _line(error: ValidationError, document: Any) -> str:
    """Return the fault that is furthest inside, as one line."""
    places = []
    for fault in faults_of(error):
        place = _place(document, [*fault.tables, fault.key])
        places.append((place, fault.message or "is no key of it"))
    place, message = max(places, key=lambda each: len(each[0]))
    return shortened(f"{'.'.join(place) or 'the document'}: {message}")


def _place(document: Any, names: list[str]) -> list[str]:
    """Return how far names lead into a document: the rest are of kinds that were tried."""
    place = []
    for name in names:
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            break
        place.append(name)
    return place
