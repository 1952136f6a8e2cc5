# SPDX-License-Identifier: MIT
"""Whether a document is as its JSON schema promises, for the schemas in docs/."""

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def is_of_type(value, name: str) -> bool:
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, TYPES[name])


def violations(value, schema: dict, where: str = "document", root: dict | None = None):
    """What of a JSON schema does not hold; knows the words that our schemas use, and no others."""
    root = root or schema
    if "$ref" in schema:
        definition = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        yield from violations(value, definition, where, root)
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(is_of_type(value, name) for name in names):
        yield f"{where}: {value!r} is no {' or '.join(names)}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "minimum" in schema and value is not None and value < schema["minimum"]:
        yield f"{where}: {value} < {schema['minimum']}"
    if isinstance(value, dict):
        for key in schema.get("required", []):
            if key not in value:
                yield f"{where}: no {key}"
        for key, part in schema.get("properties", {}).items():
            if key in value:
                yield from violations(value[key], part, f"{where}.{key}", root)
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{where}: {len(value)} items"
        for index, item in enumerate(value):
            yield from violations(item, schema.get("items", {}), f"{where}[{index}]", root)
