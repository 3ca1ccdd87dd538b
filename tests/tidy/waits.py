"""tests/tidy/waits.py - which functions can wait, from the text of the sources.

The promise that makes fibers safe to read: a function that takes no ctx never waits. So whatever reaches the
one wait primitive, wait_park, through calls takes a `struct ctx *`, or a pointer to a struct that holds one.
A fiber's first function takes a `void *`: there the ctx is made.

Calls are found by their names: a static function's in its own file first, all others' in the whole tree.
Through a pointer anything may be called, so a call through one that hands a ctx on counts as a wait. That is
coarse on the safe side, and was never wrong by more than a name.
"""
import re

LEAVES = {"wait_park"}
KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof", "defined", "_Alignof", "static_assert", "assert"}
ATTRIBUTES = {"__attribute__", "PRINTF_LIKE", "SCOPED", "_Alignas"}

OPENING = re.compile(r"^\{[ \t]*$", re.M)
WORD_CALL = re.compile(r"(?<![\w.>])(\w+)\s*\(")
POINTER_CALL = re.compile(r"(?:->|\.)(\w+)\s*\(\s*&?(\w+(?:(?:->|\.)\w+)*)")
CTX = re.compile(r"\bstruct ctx \*?\s*(\w+)")
CTX_MEMBER = re.compile(r"^\s+(?:const )?struct ctx \*?\w+[;,]", re.M)
MEMBER = re.compile(r"^\s+struct (\w+) \w+;", re.M)
STRUCT = re.compile(r"\bstruct (\w+)\s*\{")
OWN_SCOPE = re.compile(r"\bNO_WAIT\(\);")


class Function:
    def __init__(self, path, line, name, static, parameters, body):
        self.path, self.line, self.name, self.static = path, line, name, static
        self.parameters, self.body = parameters, body

    def calls(self):
        """(name, or None through a pointer that is handed a ctx, and the place in the body)."""
        contexts = set(CTX.findall(self.parameters)) | set(CTX.findall(self.body))
        for match in WORD_CALL.finditer(self.body):
            if match[1] not in KEYWORDS:
                yield match[1], match.start()
        for match in POINTER_CALL.finditer(self.body):
            if match[2] in contexts or re.search(r"(?:->|\.)c$", match[2]):
                yield None, match.start()

    def holds_ctx(self, holders):
        structs = set(re.findall(r"\bstruct (\w+)", self.parameters))
        return ("ctx" in structs or any((None, s) in holders or (self.path, s) in holders for s in structs)
                or bool(re.fullmatch(r"\s*void \*\w+\s*", self.parameters)))


def closing(text, at, pair="()"):
    """Behind the bracket that closes the one at `at`."""
    depth = 0
    for match in re.compile("[" + re.escape(pair) + "]").finditer(text, at):
        depth += 1 if match[0] == pair[0] else -1
        if depth == 0:
            return match.end()
    return len(text)


def functions_of(path, code):
    """Linux braces: a function's braces, and nothing else's, stand alone in the first column."""
    for match in OPENING.finditer(code):
        end = code.find("\n}", match.end())
        head = re.split(r"\n[ \t]*\n|;\s*\n|\n\}[^\n]*\n|(?:^|\n)#[^\n]*\n", code[:match.start()])[-1]
        for name in re.finditer(r"(\w+)\s*\(", head):
            if name[1] not in ATTRIBUTES:
                parameters = head[name.end():closing(head, name.end() - 1) - 1]
                line = code.count("\n", 0, match.start())
                yield Function(path, line, name[1], bool(re.search(r"\bstatic\b", head)), parameters,
                               code[match.end():end if end >= 0 else len(code)])
                break


def holders_of(codes):
    """Who holds a ctx, or in itself a struct that does: (the file whose own it is, or None, and its name)."""
    bodies = {}
    for path, code in codes.items():
        for match in STRUCT.finditer(code):
            key = (path if path.endswith(".c") else None, match[1])
            bodies[key] = code[match.end():closing(code, match.end() - 1, "{}")]
    holders = {key for key, body in bodies.items() if CTX_MEMBER.search(body)}
    while True:
        more = {key for key, body in bodies.items() if key not in holders
                and any((None, name) in holders or (key[0], name) in holders for name in MEMBER.findall(body))}
        if not more:
            return holders
        holders |= more


class Waits:
    """Of one tree: `functions`, and those of them that can wait."""

    def __init__(self, codes):
        self.functions = [f for path, code in codes.items() for f in functions_of(path, code)]
        self.holders = holders_of(codes)
        self.of_file = {(f.path, f.name): f for f in self.functions}
        self.of_all = {f.name: f for f in self.functions if not f.static}
        self.waiting = set()
        self.close()

    def find(self, path, name):
        return self.of_file.get((path, name)) or self.of_all.get(name)

    def is_wait(self, path, name):
        return name is None or name in LEAVES or self.find(path, name) in self.waiting

    def close(self):
        callers = {}
        todo = []
        for f in self.functions:
            for name, _ in f.calls():
                if name is None or name in LEAVES:
                    todo.append(f)
                else:
                    callers.setdefault(self.find(f.path, name), []).append(f)
        while todo:
            f = todo.pop()
            if f not in self.waiting:
                self.waiting.add(f)
                todo += callers.get(f, [])

    def without_ctx(self):
        """Those that can wait and whose callers cannot see it."""
        for f in self.functions:
            if f in self.waiting and f.name not in LEAVES and not f.holds_ctx(self.holders):
                yield f

    def under_no_wait(self):
        """(function, what it calls) where a NO_WAIT() of the same scope forbids it."""
        for f in self.functions:
            for match in OWN_SCOPE.finditer(f.body):
                end = scope_end(f.body, match.end())
                for name, at in f.calls():
                    if match.end() <= at < end and self.is_wait(f.path, name):
                        yield f, name or "a function through a pointer"


def scope_end(text, at):
    depth = 0
    for match in re.compile("[{}]").finditer(text, at):
        depth += 1 if match[0] == "{" else -1
        if depth < 0:
            return match.start()
    return len(text)
