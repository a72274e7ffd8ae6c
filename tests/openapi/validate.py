"""Validates an OpenAPI document, which comes on standard input, and shows that it would find mistakes.

The validator knows the rules of OpenAPI 3.1 and of JSON Schema 2020-12; it does not know byok.
"""

import copy
import json
import sys

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing.exceptions import Unresolvable


def schemas(node):
    """All schemas in a part of the document."""
    if isinstance(node, dict):
        if isinstance(node.get("schema"), dict):
            yield node["schema"]
        for value in node.values():
            yield from schemas(value)
    elif isinstance(node, list):
        for value in node:
            yield from schemas(value)


def mistakes(document):
    """What the validator finds; and, which it does not look at, schemas that are none."""
    for schema in schemas(document["paths"]):
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            return [f"a schema: {error.message[:200]}"]
    try:
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in OpenAPIV31SpecValidator(document).iter_errors()
        ]
    except Unresolvable:
        return ["a reference leads nowhere"]


def broken(document):
    """Documents that are wrong in one way each, with a word for it."""
    def without_version(wrong):
        del wrong["info"]["version"]

    def parameter_nowhere(wrong):
        wrong["paths"]["/health"]["get"]["parameters"].append({"name": "x", "in": "nowhere"})

    def schema_of_no_type(wrong):
        fields = wrong["paths"]["/tickets"]["post"]["requestBody"]["content"]["application/json"]
        fields["schema"]["properties"]["uses"]["type"] = "whole number"

    def reference_to_nothing(wrong):
        answer = wrong["paths"]["/health"]["get"]["responses"]["default"]["content"]
        answer["application/json"]["schema"] = {"$ref": "#/components/schemas/Nothing"}

    def same_operation_twice(wrong):
        wrong["paths"]["/models"]["get"]["operationId"] = wrong["paths"]["/health"]["get"]["operationId"]

    def path_without_parameter(wrong):
        wrong["paths"]["/relay/{provider}/{path}"]["get"]["parameters"] = []

    for break_it in (
        without_version,
        parameter_nowhere,
        schema_of_no_type,
        reference_to_nothing,
        same_operation_twice,
        path_without_parameter,
    ):
        wrong = copy.deepcopy(document)
        break_it(wrong)
        yield break_it.__name__, wrong


def main():
    document = json.load(sys.stdin)
    found = mistakes(document)
    for mistake in found:
        print(mistake, file=sys.stderr)
    unseen = [word for word, wrong in broken(document) if mistakes(wrong) == []]
    for word in unseen:
        print(f"not found: {word}", file=sys.stderr)
    operations = sum(len(path) for path in document["paths"].values())
    print(f"{len(document['paths'])} paths, {operations} operations, {len(found)} mistakes")
    return 1 if found or unseen or operations < 30 else 0


if __name__ == "__main__":
    sys.exit(main())
