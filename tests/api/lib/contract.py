"""docs/openapi.yaml as the judge of every answer that a story gets.

An answer passes when its path and method are in the document, its status is one that the document
foretells there, its content type is listed, its body fits the schema, its error code (x-codes) is one
of those named, and the headers said to be there are there.
"""
import json
import re

import jsonschema
import yaml

from .check import Failure, show

# What may come from any place of the server before or instead of an endpoint; described once, at the top
# of the document (x-everywhere), and not repeated under each operation.
EVERYWHERE = "x-everywhere"
METHODS = ("get", "post", "put", "patch", "delete")


class Contract:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.document = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.resolver = jsonschema.RefResolver.from_schema(self.document)
        self.validators = {}
        self.paths = [(self._pattern(template), template) for template in self.document["paths"]]
        self.seen = set()  # (template, method, status) that some story saw

    @staticmethod
    def _pattern(template):
        return re.compile(re.sub(r"\\?\{[^}]*\\?\}", "[^/]+", re.escape(template).replace(r"\{", "{").replace(r"\}", "}")))

    def operations(self):
        """(METHOD, template, operation) of all that is documented."""
        for template, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), template, item[method]

    def example_path(self, template):
        """The path with the document's example of each of its parameters."""
        described = [self.resolve(p) for p in self.document["paths"][template].get("parameters", [])]
        examples = {p["name"]: str(p["example"]) for p in described if p["in"] == "path"}
        return re.sub(r"\{(\w+)\}", lambda name: examples[name[1]], template)

    def body_types(self, operation):
        """The content types of the bodies that it takes."""
        return list(self.resolve(operation["requestBody"])["content"]) if "requestBody" in operation else []

    def query_names(self, template, operation):
        every = self.document["paths"][template].get("parameters", []) + operation.get("parameters", [])
        return {p["name"] for p in map(self.resolve, every) if p["in"] == "query"}

    def resolve(self, node):
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def template_of(self, path):
        plain = path.split("?")[0]
        plain = plain if plain.endswith("/") or not plain.startswith("/api/") else plain + "/"
        return next((template for pattern, template in self.paths if pattern.fullmatch(plain)), None)

    def judge(self, method, path, response):
        try:
            self._judge(method, path, response)
        except Failure as failure:
            raise Failure(f"{method} {path} answered {response.status} "
                          f"{response.body[:400].decode(errors='replace')}, but docs/openapi.yaml: {failure}") from None

    def _judge(self, method, path, response):
        template = self.template_of(path)
        spec = self._foretold(template, method.lower(), str(response.status))
        if spec is None:
            raise Failure("nothing of the kind is described"
                          if template else "no such path, and this is not one of the answers found everywhere")
        self.seen.add((template, method, response.status))
        self._judge_headers(spec, response)
        if method != "HEAD":
            self._judge_body(spec, template, method, response)

    def _foretold(self, template, method, status):
        if method == "options":
            return self.document["x-preflight"].get(status)
        item = self.document["paths"].get(template, {})
        operation = item.get("get" if method == "head" else method, {})
        spec = operation.get("responses", {}).get(status)
        if spec is None:
            spec = self.document[EVERYWHERE].get(status)
        return self.resolve(spec) if spec is not None else None

    def _judge_headers(self, spec, response):
        for name, header in spec.get("headers", {}).items():
            header = self.resolve(header)
            value = response.header(name)
            if value is None and header.get("required"):
                raise Failure(f"the header {name} is missing")
            if value is not None and "schema" in header:
                number = self.resolve(header["schema"]).get("type") == "integer"
                self._validate(("header", name), header["schema"], int(value) if number else value)

    def _judge_body(self, spec, template, method, response):
        content = spec.get("content")
        if content is None:
            if response.body:
                raise Failure("a body is not foreseen")
            return
        kind = (response.header("Content-Type") or "").split(";")[0].strip()
        if kind not in content:
            raise Failure(f"the content type {kind!r} is not one of {list(content)}")
        if kind != "application/json":
            return
        try:
            body = json.loads(response.body, object_pairs_hook=_without_twins)
        except ValueError as error:
            raise Failure("the body is not JSON") from error
        self._validate((template, method, response.status), content[kind]["schema"], body)
        codes = spec.get("x-codes")
        if codes is not None and isinstance(body.get("code"), str) and body["code"] not in codes:
            raise Failure(f"the code {body.get('code')!r} is not one of {codes}")

    def _validate(self, key, schema, value):
        if key not in self.validators:
            self.validators[key] = jsonschema.Draft202012Validator(
                schema, resolver=self.resolver, format_checker=jsonschema.draft202012_format_checker)
        errors = list(self.validators[key].iter_errors(value))
        if errors:
            worst = jsonschema.exceptions.best_match(errors)
            raise Failure(f"at {'/'.join(map(str, worst.absolute_path)) or 'the top'}: {show(worst.message)}")

    def unseen(self):
        """(METHOD, template, status) of answers that no story has got."""
        for method, template, operation in self.operations():
            for status in operation["responses"]:
                if (template, method, int(status)) not in self.seen:
                    yield method, template, status

    def all_codes(self):
        """Every error code that some answer of the document names."""
        codes = set()

        def walk(node):
            if isinstance(node, dict):
                codes.update(node.get("x-codes", ()))
                for child in node.values():
                    walk(child)
            elif isinstance(node, list):
                for child in node:
                    walk(child)

        walk(self.document)
        return codes


def _without_twins(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise Failure(f"an object has a member twice: {names}")
    return dict(pairs)
