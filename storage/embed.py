#!/usr/bin/env python3
"""Turns SQL, Lua and the schema into one C file and one header (called by meson).

sql/<area>/<name>.sql               -> const struct pg_statement SQL_<AREA>_<NAME>   (comments stripped)
redis/<name>.lua                    -> const struct redis_script LUA_<NAME>
schema/NN_x.sql, functions, changes -> const struct schema SCHEMA (storage/migrate.h)
The file's own name carries the area once: sql/bookings/cancel.sql -> SQL_BOOKINGS_CANCEL.

The rules that schema/README.md gives for functions are kept here: what breaks one does not build.
"""
import hashlib
import re
import sys
from pathlib import Path


def c_text(text):
    """A C string literal, one source line per text line."""
    out = []
    for line in text.splitlines(keepends=True):
        raw = line.encode()
        body = "".join(
            {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}.get(chr(b))
            or (chr(b) if 32 <= b < 127 else f"\\{b:03o}")
            for b in raw
        )
        out.append(f'    "{body}"')
    return "\n".join(out) or '    ""'


def strip_comments(sql):
    """Whole-line comments tell the reader of the file; the server need not parse them."""
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    return "\n".join(line for line in lines if line.strip()).rstrip().rstrip(";") + "\n"


def statements(root, c, h):
    paths = sorted(root.glob("sql/*/*.sql"))
    for index, path in enumerate(paths):
        name = f"{path.parent.name}_{path.stem}"
        sql = strip_comments(path.read_text())
        params = max([int(n) for n in re.findall(r"\$(\d+)", sql)] or [0])
        h.append(f"extern const struct pg_statement SQL_{name.upper()};")
        c.append(f"const struct pg_statement SQL_{name.upper()} = {{\n    .name = \"{name}\",\n"
                 f"    .params = {params},\n    .index = {index},\n    .sql =\n{c_text(sql)}}};")
    h.append(f"enum {{ SQL_STATEMENTS = {len(paths)} }};")


def scripts(root, c, h):
    for path in sorted(root.glob("redis/*.lua")):
        source = path.read_text()
        sha = hashlib.sha1(source.encode()).hexdigest()
        h.append(f"extern const struct redis_script LUA_{path.stem.upper()};")
        c.append(f"const struct redis_script LUA_{path.stem.upper()} = {{\n    .name = \"{path.stem}\",\n"
                 f"    .sha1 = \"{sha}\",\n    .source =\n{c_text(source)}}};")


# --- the schema -------------------------------------------------------------------------------------

class Function:
    def __init__(self, path):
        self.name, self.text = path.stem, path.read_text()
        code = re.sub(r"--[^\n]*", "", self.text)
        heads = re.findall(r"\bCREATE\b.*?\bFUNCTION\s+(\w+)", code)
        head = re.search(rf"\bCREATE OR REPLACE FUNCTION {self.name}(\(.*?)\sLANGUAGE (\w+)", code, re.S)
        if heads != [self.name] or not head:
            sys.exit(f"{path}: is to have one CREATE OR REPLACE FUNCTION {self.name}, with its LANGUAGE behind "
                     "what it returns")
        self.signature = " ".join(head[1].split())
        self.early = bool(re.search(r"\bRETURNS trigger$", self.signature) or re.search(r"^RETURN\b", code, re.M))
        # PL/pgSQL looks for what it calls when it is called; SQL when it is made.
        self.calls = set() if head[2] == "plpgsql" else set(re.findall(r"\b(\w+)\s*\(", code[head.end():]))
        self.checksum = hashlib.sha256(self.text.encode()).hexdigest()


def in_order(functions):
    """By name, each behind what it needs, those that tables may need first."""
    by_name = {f.name: f for f in functions}
    if len(by_name) != len(functions):
        sys.exit("two files of schema/functions have the same name")
    done, under_way = [], set()

    def visit(f):
        if f in done:
            return
        if f in under_way:
            sys.exit(f"schema/functions: {f.name} calls itself, by a detour")
        under_way.add(f)
        for name in sorted(f.calls & by_name.keys() - {f.name}):
            if f.early and not by_name[name].early:
                sys.exit(f"{f.name} is made before the tables, {name}, which it calls, after them")
            visit(by_name[name])
        done.append(f)

    for f in sorted(functions, key=lambda f: (not f.early, f.name)):
        visit(f)
    return sorted(done, key=lambda f: not f.early)


def numbered(paths, digits):
    """(number, path), in order."""
    found = []
    for path in sorted(paths):
        match = re.fullmatch(rf"(\d{{{digits}}})_\w+", path.stem)
        if not match or (found and found[-1][0] == int(match[1])):
            sys.exit(f"{path}: is to be named by a number of {digits} digits of its own and a word")
        found.append((int(match[1]), path))
    return found


def schema(root, version, c):
    if not re.fullmatch(r"\d+(\.\d+)*", version):
        sys.exit(f"version {version}: is to be numbers and dots, as programs are compared by it")
    folder = root / "schema"
    for what, files in (("parts", numbered(folder.glob("*.sql"), 2)), ("changes", numbered(folder.glob("changes/*.sql"), 4))):
        c.append(f"static const struct schema_file {what}[] = {{")
        c += [f"    {{.number = {number}, .name = \"{path.stem}\", .sql =\n{c_text(path.read_text())}}},"
              for number, path in files]
        c.append("    {0},\n};")
    functions = in_order([Function(path) for path in sorted(folder.glob("functions/*/*.sql"))])
    c.append("static const struct schema_function functions[] = {")
    c += [f"    {{.name = \"{f.name}\", .checksum = \"{f.checksum}\", .early = {str(f.early).lower()}, .signature =\n"
          f"{c_text(f.signature)}, .sql =\n{c_text(f.text)}}}," for f in functions]
    c.append("    {0},\n};")
    c.append("const struct schema SCHEMA = {\n    .parts = parts, .parts_len = ARRAY_LEN(parts) - 1,\n"
             "    .functions = functions, .functions_len = ARRAY_LEN(functions) - 1,\n"
             "    .changes = changes, .changes_len = ARRAY_LEN(changes) - 1,\n"
             f"    .version = \"{version}\",\n}};")


def main():
    root, version, out_c, out_h = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
    h = ["/* Generated by storage/embed.py; do not edit. */", "#pragma once",
         '#include "runtime/pg.h"', '#include "runtime/redis.h"', '#include "storage/migrate.h"']
    c = ["/* Generated by storage/embed.py; do not edit. */", f'#include "{out_h.name}"']
    statements(root, c, h)
    scripts(root, c, h)
    schema(root, version, c)
    out_h.write_text("\n".join(h) + "\n")
    out_c.write_text("\n".join(c) + "\n")


main()
