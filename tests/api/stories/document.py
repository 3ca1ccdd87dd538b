"""docs/openapi.yaml against the sources: nothing missing, nothing invented."""
import os
import re

import jsonschema

from lib.check import check, equal
from lib.database import SOURCE_ROOT

ROUTE = re.compile(r"\{\s*HTTP_(\w+),\s*\"(/[^\"]+)\"")
REASON = re.compile(r'REASON\((\w+),\s*(ERR_\w+),\s*"([^"]+)",\s*((?:"[^"]*"\s*)+),\s*((?:"[^"]*"\s*)+)\)', re.DOTALL)
STATUS = {"ERR_INVALID": 400, "ERR_UNAUTHORIZED": 401, "ERR_FORBIDDEN": 403, "ERR_NOT_FOUND": 404, "ERR_METHOD": 405,
          "ERR_SLOW_CLIENT": 408, "ERR_CONFLICT": 409, "ERR_GONE": 410, "ERR_TOO_LARGE": 413, "ERR_MEDIA_TYPE": 415,
          "ERR_UNPROCESSABLE": 422, "ERR_TOO_MANY": 429, "ERR_INTERNAL": 500, "ERR_NOT_CONFIGURED": 501, "ERR_UNAVAILABLE": 503,
          "ERR_TIMEOUT": 503}
FINER = {"URI_TOO_LONG": 414, "EXPECTATION": 417, "HEAD_TOO_LARGE": 431, "HTTP_VERSION": 505}


def _source(*path):
    with open(os.path.join(SOURCE_ROOT, *path), encoding="utf-8") as file:
        return file.read()


def _reasons():
    """{code: {status, en, ar}} of domain/reasons.def."""
    def text(literals):
        return "".join(re.findall(r'"([^"]*)"', literals))
    return {code: {"status": FINER.get(name, STATUS[kind]), "en": text(en), "ar": text(ar)}
            for name, kind, code, en, ar in REASON.findall(_source("domain", "reasons.def"))}


def every_route_is_documented_and_every_documented_path_is_a_route(w):
    public = _source("server", "routes.c").split("admin_routes[]")[0]
    routes = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in ROUTE.findall(public) if path.startswith("/api/")}
    documented = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path, _ in w.contract.operations()
                  if path.startswith("/api/")}
    equal(sorted(routes - documented), [], "routes without a description")
    equal(sorted(documented - routes), [], "descriptions without a route")


def every_reason_is_in_the_table_of_codes_with_both_texts(w):
    documented = w.contract.document["x-error-codes"]
    reasons = _reasons()
    check(len(reasons) >= len(re.findall(r"^REASON\(", _source("domain", "reasons.def"), re.MULTILINE)), "not all reasons were read")
    for code in sorted(reasons.keys() | documented.keys()):
        equal(documented.get(code), reasons.get(code), f"x-error-codes of {code}")


def every_code_of_the_table_is_an_answer_somewhere(w):
    equal(sorted(set(w.contract.document["x-error-codes"]) - w.contract.all_codes()), [], "codes that no answer names")
    equal(sorted(w.contract.all_codes() - set(w.contract.document["x-error-codes"])), [], "codes that the table does not have")


def the_document_is_whole(w):
    document = w.contract.document
    check(document["openapi"].startswith("3.1."), "not OpenAPI 3.1")
    references = re.findall(r"\$ref: ?['\"]?#(/[^'\"\s}]+)", _source("docs", "openapi.yaml"))
    for reference in references:
        w.contract.resolver.resolve("#" + reference)
    used = set(references)
    for kind in ("schemas", "responses", "parameters", "headers"):
        for name in document["components"][kind]:
            check(f"/components/{kind}/{name}" in used, f"components/{kind}/{name} is used by nobody")
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
    ids = [operation["operationId"] for _, _, operation in w.contract.operations()]
    equal(len(ids), len(set(ids)), "operation ids")


def no_comma_has_cut_a_description_short(w):
    """{description: this, that} has a member "that" without a value."""
    def walk(node, place):
        if isinstance(node, dict):
            for name, value in node.items():
                check(value is not None or {"example", "examples"} & set(place), f"{'/'.join(place)}: {name!r} has no value")
                walk(value, (*place, str(name)))
        elif isinstance(node, list):
            for item in node:
                walk(item, place)
    walk(w.contract.document, ())


def every_operation_says_who_may_call_it_and_shows_an_example(w):
    for method, path, operation in w.contract.operations():
        what = f"{method} {path}"
        check("security" in operation, f"{what}: no security")
        check(operation.get("summary"), f"{what}: no summary")
        if method in ("POST", "PATCH") and "requestBody" in operation:
            content = w.contract.resolve(operation["requestBody"])["content"].get("application/json")
            check(content is None or "example" in content or "examples" in content, f"{what}: no example body")


def examples_fit_their_schemas(w):
    for method, path, operation in w.contract.operations():
        bodies = [w.contract.resolve(operation["requestBody"])] if "requestBody" in operation else []
        bodies += [w.contract.resolve(response) for response in operation["responses"].values()]
        for body in bodies:
            content = body.get("content", {}).get("application/json", {})
            examples = [content["example"]] if "example" in content else [e["value"] for e in content.get("examples", {}).values()]
            for example in examples:
                jsonschema.Draft202012Validator(content["schema"], resolver=w.contract.resolver).validate(example)


def parameters_of_a_path_are_described(w):
    for method, path, operation in w.contract.operations():
        item = w.contract.document["paths"][path]
        described = {w.contract.resolve(p)["name"] for p in item.get("parameters", []) + operation.get("parameters", [])
                     if w.contract.resolve(p)["in"] == "path"}
        equal(described, set(re.findall(r"\{(\w+)\}", path)), f"path parameters of {method} {path}")


def examples_of_schemas_fit(w):
    shown = 0
    for name, schema in w.contract.document["components"]["schemas"].items():
        for example in schema.get("examples", []):
            shown += 1
            jsonschema.Draft202012Validator(schema, resolver=w.contract.resolver).validate(example)
    check(shown >= 5, f"only {shown} examples")
