#!/usr/bin/python3
"""tests/tidy/embed_test.py EMBED [CASE] - what storage/embed.py makes of a schema, and what it refuses to build."""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PLAIN = "-- {0}: x.\nCREATE OR REPLACE FUNCTION {0}() RETURNS int LANGUAGE sql AS $$ {1} $$;\n"


def value(name, calls="1"):
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS int\n    LANGUAGE sql IMMUTABLE\nRETURN {calls};\n"


def embed(files, version="1.2.3"):
    """(C file, ""), or (None, the complaint)."""
    with tempfile.TemporaryDirectory() as name:
        for path, text in files.items():
            (Path(name) / "schema" / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(name) / "schema" / path).write_text(text)
        done = subprocess.run([sys.executable, sys.argv[1], name, version, f"{name}/a.c", f"{name}/a.h"],
                              stderr=subprocess.PIPE, text=True, check=False)
        return (Path(name, "a.c").read_text(), "") if done.returncode == 0 else (None, done.stderr)


def order(files):
    """Names of functions as they are made, a "!" before those that are made early."""
    made, why = embed(files)
    assert made, why
    return ["!" * (early == "true") + name for name, early in re.findall(r'\{\.name = "(\w+)", .checksum = "\w+", \.early = (\w+)', made)]


def refuses(words, files, **options):
    made, why = embed(files, **options)
    assert made is None, "it was built"
    assert words in why and why.count("\n") == 1, why


def sql_behind_what_it_calls_and_values_before_all():
    files = {"functions/a/one.sql": PLAIN.format("one", "SELECT two()"), "functions/b/two.sql": PLAIN.format("two", "SELECT v()"),
             "functions/b/v.sql": value("v", "w()"), "functions/c/w.sql": value("w"),
             "functions/a/t.sql": "CREATE OR REPLACE FUNCTION t() RETURNS trigger\n    LANGUAGE plpgsql AS $$ BEGIN END $$;\n"}
    assert order(files) == ["!t", "!w", "!v", "two", "one"], order(files)


def plpgsql_waits_for_nobody():
    body = "CREATE OR REPLACE FUNCTION {}() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN {}(); END $$;\n"
    assert order({"functions/a/a.sql": body.format("a", "b"), "functions/a/b.sql": body.format("b", "a")}) == ["a", "b"]


def a_function_may_call_itself():
    assert order({"functions/a/a.sql": PLAIN.format("a", "SELECT a()")}) == ["a"]


def the_signature_is_all_before_the_language():
    made, _ = embed({"functions/a/a.sql": "-- a: x.\nCREATE OR REPLACE FUNCTION a(n int, -- how many\n    OUT m int)\n    LANGUAGE sql AS $$ SELECT 1 $$;\n"})
    assert '.signature =\n    "(n int, OUT m int)", .sql' in made, made


def a_circle_is_refused():
    refuses("calls itself, by a detour", {"functions/a/a.sql": PLAIN.format("a", "SELECT b()"), "functions/a/b.sql": PLAIN.format("b", "SELECT a()")})


def a_value_that_needs_a_later_function_is_refused():
    refuses("v is made before the tables, a, which it calls, after them",
            {"functions/a/a.sql": PLAIN.format("a", "SELECT 1"), "functions/a/v.sql": value("v", "a()")})


def a_file_has_one_function_of_its_name():
    one = PLAIN.format("a", "SELECT 1")
    for text in (one + PLAIN.format("b", "SELECT 1"), PLAIN.format("b", "SELECT 1"), one.replace("OR REPLACE ", ""), "-- nothing\n",
                 "CREATE OR REPLACE FUNCTION a() LANGUAGE sql RETURNS int AS $$ SELECT 1 $$;\n".replace("LANGUAGE sql ", "")):
        refuses("a.sql: is to have one CREATE OR REPLACE FUNCTION a", {"functions/a/a.sql": text})


def no_two_files_share_a_name():
    refuses("have the same name", {"functions/a/a.sql": PLAIN.format("a", "SELECT 1"), "functions/b/a.sql": PLAIN.format("a", "SELECT 1")})


def numbers_are_of_their_own():
    refuses("named by a number of 2 digits", {"10_a.sql": "", "10_b.sql": ""})
    refuses("named by a number of 2 digits", {"a.sql": ""})
    refuses("named by a number of 4 digits", {"changes/12_a.sql": ""})
    refuses("named by a number of 4 digits", {"changes/0001_a.sql": "", "changes/0001_b.sql": ""})
    made, _ = embed({"10_a.sql": "", "20_b.sql": "", "changes/0002_b.sql": "", "changes/0001_a.sql": ""})
    assert re.findall(r'\.number = (\d+), \.name = "(\w+)"', made) == [("10", "10_a"), ("20", "20_b"), ("1", "0001_a"), ("2", "0002_b")]


def versions_are_numbers():
    refuses("version 1.0-rc1", {}, version="1.0-rc1")


def main():
    tests = {name: test for name, test in globals().items() if callable(test) and name not in ("main", "value", "embed", "order", "refuses", "Path")}
    passed = failed = 0
    for name, test in tests.items():
        if len(sys.argv) > 2 and sys.argv[2] not in name:
            continue
        try:
            test()
            passed += 1
            print(f"ok {name}")
        except AssertionError as failure:
            failed += 1
            print(f"not ok {name}: {str(failure)[-300:]}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
