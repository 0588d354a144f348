"""Holds envelopes, one JSON text a line, against docs/envelope.schema.json by the package `jsonschema`.

Prints a line for each: `ok`, or the first error's place and words. Members that the schema does not name are an error
here, so that nothing is sent which no page describes.
"""

import json
import pathlib
import sys

import jsonschema

schema = json.loads((pathlib.Path(__file__).parents[2] / "docs/envelope.schema.json").read_text())


def close(part):
    """Allows no other members anywhere but in `raw`, which is not ours."""
    if isinstance(part, dict):
        if "properties" in part and "type" in part:
            part["additionalProperties"] = False
        for name, value in part.items():
            close(value)
    elif isinstance(part, list):
        for value in part:
            close(value)


close(schema)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for line in sys.stdin:
    error = next(iter(validator.iter_errors(json.loads(line))), None)
    print("ok" if error is None else f"{error.json_path}: {error.message[:200]}")
