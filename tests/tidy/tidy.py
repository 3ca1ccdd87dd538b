#!/usr/bin/python3
"""tests/tidy/tidy.py SOURCE_ROOT [--list] - the rules of this project that a script can check.

Each rule is one test: "ok NAME", or "not ok NAME: ..." with a line per place. Before that, every rule
proves on small examples that it can fail and that it lets good code pass (SELF TESTS below): a rule that
nothing can break is no rule. When reviews say the same thing twice, it becomes a line here.

The tables come first; what they allow is a decision, and changing it is one too. Files looked at are
those that git tracks or would (not ignored); without git, everything but build trees.
"""
import concurrent.futures
import fnmatch
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import waits

# --- the tables -------------------------------------------------------------------------------------

# Who may include whom. `runtime/base` is a room of its own, below all others.
ARROWS = {
    "server": {"server", "storage", "providers", "domain", "runtime", "runtime/base"},
    "storage": {"storage", "domain", "runtime", "runtime/base"},
    "providers": {"providers", "domain", "runtime", "runtime/base"},
    "domain": {"domain", "runtime/base"},
    "runtime": {"runtime", "runtime/base"},
    "runtime/base": {"runtime/base"},
}
# Inside server/: the rooms below know only these (files, or folders with their "/"). What stands at the top, the
# areas and the tables, wires, and so does server/process/: they know all.
SERVER_ROOMS = {
    "server/http/": ["server/http/", "server/api.h", "domain/reason.h", "runtime/"],
    "server/api/": ["server/api/", "server/api.h", "server/http/cidr.h", "runtime/no_wait.h", "domain/", "runtime/base/"],
    "server/work/": ["server/work/", "server/api/*_of.h", "domain/", "runtime/"],
}
# Project headers that an endpoint's file sees, however deep: who adds one to a header adds it to all above.
ENDPOINT_HEADERS_MAX = 30
ENDPOINT_HEADERS_MEDIAN_MAX = 25
# What some files must not see, however deep.
NOT_SEEN = {
    "server/http/exchange*.c": ("server/http/conn.h", "server/http/h1.h", "server/http/http1.h", "runtime/sock.h", "runtime/tls.h"),
}
FREE_ROOMS = ("tests", "bench")  # may include and call what they like, unless a table names them

# Foreign headers (by how their name begins), and the only files that may know them: each library has one
# driver of ours in front of it. A place in these tables is a file, a folder (with its "/"), or a "*" pattern.
FOREIGN = {
    "libpq": ["runtime/pg*", "storage/blocking.*"],
    "postgres": ["runtime/pg*", "storage/blocking.*"],
    "hiredis/": ["runtime/redis*"],
    "curl/": ["runtime/http_client.c", "runtime/url.c"],
    "openssl/": ["runtime/tls.c", "runtime/base/crypto.c"],
    "liburing": ["runtime/io_uring.c"],
    "linux/io_uring": ["runtime/io_uring.c"],
    "phonenumbers/": ["providers/phone_plan.cc"],
    "cctz/": ["runtime/base/tz.cc"],
    "netdb.h": ["runtime/"],
    "sys/epoll.h": ["runtime/"],
    "sys/socket.h": ["runtime/", "server/"],
    "sys/un.h": ["runtime/", "server/"],
    "netinet/": ["runtime/", "server/"],
    "arpa/": ["runtime/", "server/"],
    "pthread.h": ["runtime/", "server/"],
}

HEAP = "the request's arena (runtime/base/arena.h); only what lives as long as a loop or the process is on the heap"
HEAP_FILES = ["runtime/", "server/app.c", "server/http/listener.c", "server/process/", "storage/migrate.c",
              "tests/", "bench/"]
CLOCK = "the ctx's clock (ctx_now, ctx_mono), so that tests can set it"
CLOCK_FILES = ["runtime/", "server/process/main.c", "server/process/serve.c", "server/process/command.c", "tests/", "bench/"]
WAIT = "a wait with a deadline (fiber or timer): it would stop the whole core"
BOUNDED = "a struct str, or snprintf with the size of the target"
ZONES = "runtime/base/tz.h: the C library's zone is the process's, ours is the salon's"

# call -> (what to use instead, files where it is right)
BANNED = {
    **{name: (BOUNDED, ["tests/"]) for name in ("strcpy", "strcat", "strncpy", "strncat", "stpcpy", "sprintf", "vsprintf", "gets")},
    "strtok": ("str_split and its like: strtok writes into its input and keeps state", []),
    **{name: ("a parser that refuses what is no number: this one cannot fail", ["bench/"])
       for name in ("atoi", "atol", "atoll", "atof")},
    "alloca": ("a buffer with a fixed size, or the arena: a fiber's stack is small", []),
    **{name: ("the loop's random source (runtime/io.h): this one can be guessed and cannot be replayed", ["tests/", "bench/"])
       for name in ("rand", "srand", "random", "srandom", "drand48", "rand_r")},
    **{name: ("the loop's random source (runtime/io.h): a test could not replay it", ["runtime/"])
       for name in ("getrandom", "getentropy", "arc4random", "RAND_bytes")},
    **{name: (ZONES, ["runtime/base/clock.c", "runtime/base/log.c", "tests/"])
       for name in ("gmtime", "localtime", "gmtime_r", "localtime_r", "mktime", "timegm", "strftime")},
    **{name: (ZONES, ["tests/"]) for name in ("asctime", "ctime", "tzset")},
    **{name: (CLOCK, CLOCK_FILES) for name in ("time", "clock_gettime", "gettimeofday")},
    **{name: (WAIT, ["tests/", "bench/"]) for name in ("sleep", "usleep", "nanosleep", "clock_nanosleep")},
    **{name: (WAIT, ["runtime/io_uring.c", "runtime/foreign.c", "runtime/base/log.c", "tests/", "bench/"])
       for name in ("poll", "select", "epoll_wait")},
    **{name: ("offload(): looking a name up blocks",
              ["runtime/sock.c", "runtime/offload.c", "runtime/redis*", "runtime/pg*", "server/http/listener.c", "tests/", "bench/"])
       for name in ("getaddrinfo", "gethostbyname")},
    **{name: (HEAP, HEAP_FILES)
       for name in ("malloc", "calloc", "realloc", "reallocarray", "aligned_alloc", "posix_memalign", "free")},
    **{name: ("arena_strdup and its like", ["tests/", "bench/"]) for name in ("strdup", "strndup", "asprintf", "vasprintf")},
    "getenv": ("the configuration table (server/process/config.def): read once, checked at the start",
               ["server/process/config.c", "tests/", "bench/"]),
    **{name: ("nothing: it is not safe with threads", ["tests/", "bench/"]) for name in ("setenv", "putenv", "setlocale")},
    **{name: ("offload() and a library: no shell is started", ["tests/"]) for name in ("system", "popen")},
    "signal": ("sigaction or signalfd: signal() means something else everywhere", ["tests/", "bench/"]),
    **{name: ("fail() with a reason; only main ends the process", ["server/process/main.c", "server/process/command.c", "tests/", "bench/"])
       for name in ("exit", "_exit", "quick_exit")},
}

FUNCTION_LINES_MAX = 70
LONG_IS_MEANT = "/* tidy: long because"  # beside or in the function, with the reason: a table, a state machine

SQL_COLUMNS_MAX = 100
SQL_ANSWERS = {"ok", "replay", "rotated", "repeated", "reused", "ended"}  # of SQL, that refuse nothing

TITLE = re.compile(r"[a-z0-9_/.-]+(,? [a-z0-9_/.-]+)?: \S.*")  # one area, or two
TITLE_COLUMNS_MAX = 60

TEXT = (".c", ".h", ".cc", ".S", ".def", ".py", ".sh", ".sql", ".lua", ".build", ".txt", ".md", ".yaml", ".yml",
        ".json", ".toml", ".conf", ".service", ".socket", ".html", ".css", ".js")
CODE = (".c", ".h", ".cc")
LEFT_OUT = ("tests/fuzz/corpus/", "web/")  # bytes as they were found; not ours to lay out

# Markers of unfinished work, and places of one machine. Spelled so that this file passes its own rule.
UNFINISHED = re.compile(r"\b(FIX[M]E|TO[D]O|X[X]X)\b")
MACHINE = re.compile(r"(?<![\w.$}~-])/(?:root|home/\w+|wo[r]k|worksp[a]ce)/")

# Hosts of registries: a machine's own settings say where packages come from.
REGISTRY = re.compile(r"\b(?:\w+\.debia[n]\.org|pypi\.or[g]|registry\.npmj[s]\.org|(?:ghcr|docker|quay|crates)\.i[o]|proxy\.golan[g]\.org)\b")


# --- the tree ---------------------------------------------------------------------------------------

class Tree:
    """The files of a checkout (or of an example): path -> text, and the code without comments."""

    def __init__(self, files, root=None, titles=None):
        self.files = files
        self.root = root
        self.titles = titles or []  # (hash, title)
        self._code = {}
        self.waits = None

    def paths(self, *suffixes, but=LEFT_OUT):
        return [p for p in sorted(self.files) if p.endswith(suffixes) and not p.startswith(but)]

    def lines(self, path):
        return enumerate(self.files[path].split("\n"), 1)

    def code(self, path):
        if path not in self._code:
            self._code[path] = without_comments(self.files[path])
        return self._code[path]

    def code_lines(self, path):
        return enumerate(self.code(path).split("\n"), 1)


def git(root, *arguments):
    """Git's answer, or None where there is no repository. A checkout of another user is fine with us."""
    try:
        done = subprocess.run(["git", "-c", f"safe.directory={root}", "-C", str(root), *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.decode(errors="replace")


def walk(root):
    for folder, names, files in os.walk(root):
        names[:] = [n for n in names if not n.startswith("build") and n not in (".git", ".local", "__pycache__")]
        for name in files:
            yield os.path.relpath(os.path.join(folder, name), root)


def read_tree(root):
    top = git(root, "rev-parse", "--show-toplevel")
    listed = git(root, "ls-files", "-co", "--exclude-standard", "-z")
    if top is None or listed is None or Path(top.strip()).resolve() != root:
        paths, log = walk(root), None  # an unpacked archive, perhaps below somebody else's repository
    else:
        paths, log = listed.split("\0"), git(root, "log", "--no-merges", "--format=%H %s")
    files = {}
    for path in filter(None, paths):
        try:
            files[path] = (root / path).read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            continue  # deleted and not yet committed, or no text
    return Tree(files, root, [tuple(line.split(" ", 1)) for line in (log or "").splitlines()])


def blank(match):
    """Spaces for a comment or a string, so that lines and columns stay what they were."""
    text = match.group()
    if text.startswith(("/*", "//")):
        return re.sub(r"[^\n]", " ", text)
    return text[0] + re.sub(r"[^\n]", " ", text[1:-1]) + text[-1]


COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def without_comments(text):
    return COMMENT_OR_STRING.sub(blank, text)


def without_strings(text):
    return COMMENT_OR_STRING.sub(lambda m: m[0] if m[0].startswith("/") else blank(m), text)


def room(path):
    return "runtime/base" if path.startswith("runtime/base/") else path.split("/")[0]


def allowed(path, places):
    return any(fnmatch.fnmatchcase(path, place + "*" if place.endswith("/") else place) for place in places)


# --- the rules --------------------------------------------------------------------------------------

RULES = []  # (name, function, examples)


def rule(name, bad, good):
    """Registers a rule: a function from a Tree to complaints. `bad` and `good` are its self test: file
    texts by path (or, for commits, titles); of the bad ones each has to give at least one complaint."""
    def register(function):
        RULES.append((name, function, bad, good))
        return function
    return register


INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def includes(tree, path):
    for number, line in tree.lines(path):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == "<", match[2]


@rule("arrows between the rooms",
      bad=[{"domain/otp/otp.c": '#include "storage/otp_store.h"\n'},
           {"domain/otp/otp.c": '#include "runtime/pg.h"\n'},
           {"runtime/base/str.c": '#include "runtime/loop.h"\n'},
           {"runtime/loop.c": '#include "domain/reason.h"\n'},
           {"storage/otp_store.c": '#include "server/app.h"\n'},
           {"providers/smtp.c": '#include "storage/otp_store.h"\n'},
           {"server/app.c": '#include "tests/test.h"\n'},
           {"server/api/x.c": '#include "../app.h"\n'}],
      good=[{"domain/otp/otp.c": '#include "domain/reason.h"\n#include "runtime/base/str.h"\n#include <stdio.h>\n'},
            {"tests/unit/a_test.c": '#include "storage/otp_store.c"\n'},
            {"server/process/main.c": '#include "providers/console.h"\n/* #include "tests/test.h" */\n'},
            {"storage/otp_store.c": '#include "embedded.h"\n'}])
def arrows(tree):
    for path in tree.paths(*CODE):
        here = room(path)
        if here in FREE_ROOMS:
            continue
        for number, system, target in includes(tree, path):
            if ".." in target.split("/"):
                yield f'{path}:{number}: include "{target}" from the top of the source tree'
            there = room(target) if "/" in target else here  # a generated header beside it
            if not system and there in {*ARROWS, *FREE_ROOMS} and there not in ARROWS.get(here, ()):
                yield f"{path}:{number}: {here} must not know {there} (see ARCHITECTURE.md)"


@rule("arrows inside the server",
      bad=[{"server/http/exchange.c": '#include "server/api/catalogue_of.h"\n'},
           {"server/http/exchange.c": '#include "server/app.h"\n'},
           {"server/http/errors.c": '#include "domain/otp/otp.h"\n'},
           {"server/api/otp_api.c": '#include "server/services.h"\n'},
           {"server/api/otp_api.c": '#include "server/http/exchange.h"\n'},
           {"server/api/otp_api.c": '#include "storage/otp_store.h"\n'},
           {"server/work/otp_work.c": '#include "server/api/otp_api.h"\n'}],
      good=[{"server/http/conn.c": '#include "server/http/conn.h"\n#include "runtime/tls.h"\n'},
            {"server/api/otp_api.c": '#include "server/api/login_of.h"\n#include "domain/otp/otp.h"\n'},
            {"server/work/otp_work.c": '#include "server/api/login_of.h"\n'},
            {"server/services.c": '#include "server/api/login_of.h"\n#include "storage/otp_store.h"\n'},
            {"server/process/worker.c": '#include "server/services.h"\n'}])
def arrows_in_server(tree):
    for path in tree.paths(*CODE):
        for here, places in SERVER_ROOMS.items():
            if not path.startswith(here):
                continue
            for number, system, target in includes(tree, path):
                if not system and "/" in target and not allowed(target, places):
                    yield f"{path}:{number}: {here} knows only {', '.join(places)}"


def headers_seen(tree, path, seen=None):
    """The project headers that a file includes, directly or through others."""
    seen = set() if seen is None else seen
    for _, system, target in includes(tree, path):
        if not system and target.endswith(".h") and target in tree.files and target not in seen:
            seen.add(target)
            headers_seen(tree, target, seen)
    return seen


def header_chain(length):
    """An example: an endpoint that sees that many headers."""
    files = {f"domain/h{i}.h": f'#include "domain/h{i + 1}.h"\n' for i in range(1, length)}
    return {**files, f"domain/h{length}.h": "", "server/api/a_api.c": '#include "domain/h1.h"\n'}


@rule("endpoints see few headers",
      bad=[header_chain(ENDPOINT_HEADERS_MAX + 1), header_chain(ENDPOINT_HEADERS_MEDIAN_MAX + 1)],
      good=[header_chain(ENDPOINT_HEADERS_MEDIAN_MAX),
            {**header_chain(ENDPOINT_HEADERS_MAX), "server/api/b_api.c": "", "server/api/c_api.c": ""}])
def endpoint_headers(tree):
    counts = []
    for path in tree.paths(".c"):
        if path.startswith("server/api/"):
            counts.append(len(headers_seen(tree, path)))
            if counts[-1] > ENDPOINT_HEADERS_MAX:
                yield f"{path}:1: sees {counts[-1]} headers of the project, at most {ENDPOINT_HEADERS_MAX}: split one"
    if counts and statistics.median(counts) > ENDPOINT_HEADERS_MEDIAN_MAX:
        yield (f"server/api/: in the median a file sees {statistics.median(counts)} headers of the project, "
               f"at most {ENDPOINT_HEADERS_MEDIAN_MAX}: split what many include")


@rule("what must not be seen",
      bad=[{"server/http/exchange.c": '#include "server/http/conn.h"\n', "server/http/conn.h": ""},
           {"server/http/exchange_stream.c": '#include "server/a.h"\n', "server/a.h": '#include "runtime/sock.h"\n',
            "runtime/sock.h": ""}],
      good=[{"server/http/exchange.c": '#include "server/http/carrier.h"\n', "server/http/carrier.h": ""},
            {"server/http/conn.c": '#include "runtime/sock.h"\n', "runtime/sock.h": ""}])
def not_seen(tree):
    for path in tree.paths(".c"):
        for pattern, headers in NOT_SEEN.items():
            if allowed(path, [pattern]):
                for header in sorted(headers_seen(tree, path).intersection(headers)):
                    yield f"{path}:1: sees {header}, whatever it includes it through"


@rule("foreign headers behind one file each",
      bad=[{"domain/otp/otp.c": "#include <sys/socket.h>\n"}, {"domain/a.h": "#include <curl/curl.h>\n"},
           {"server/app.c": "#include <libpq-fe.h>\n"}, {"storage/x.c": "#include <hiredis/hiredis.h>\n"},
           {"runtime/loop.c": "#include <openssl/ssl.h>\n"}, {"runtime/base/log.c": '#include "liburing.h"\n'}],
      good=[{"runtime/pg.c": "#include <libpq-fe.h>\n"}, {"runtime/sock.c": "#include <sys/socket.h>\n"},
            {"tests/x.c": "#include <curl/curl.h>\n"}, {"domain/a.c": "#include <string.h>\n"}])
def foreign_headers(tree):
    for path in tree.paths(*CODE):
        if room(path) in FREE_ROOMS:
            continue
        for number, _, target in includes(tree, path):
            for begins, places in FOREIGN.items():
                if target.startswith(begins) and not allowed(path, places):
                    yield f"{path}:{number}: <{target}> belongs behind {' or '.join(places)}"


CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")


@rule("banned calls",
      bad=[{"server/a.c": "    x = strcpy(a, b);\n"}, {"domain/a.c": "p = malloc(3);\n"}, {"domain/a.c": "free (p);\n"},
           {"storage/a.c": "t = time(NULL);\n"}, {"runtime/a.c": "sleep(1);\n"}, {"server/a.c": "if (!atoi(x))\n"},
           {"server/http/http1.c": "getaddrinfo(a, b, c, d);\n"}, {"domain/a.h": "return strdup(x);\n"}],
      good=[{"domain/a.c": '/* strcpy(a) */ log("free(p)"); io->free(x); a.free(y); arena_free(z); my_time(1);\n'},
            {"runtime/loop.c": "free(loop);\n"}, {"tests/a.c": "sleep(1);\n"},
            {"runtime/a.h": "void (*free)(void *ptr);\n"}])
def banned_calls(tree):
    for path in tree.paths(*CODE):
        for number, line in tree.code_lines(path):
            for match in CALL.finditer(line):
                instead, places = BANNED[match[1]]
                if not allowed(path, places):
                    yield f"{path}:{number}: {match[1]}(): use {instead}"


def compile_alone(tree, path, flags):
    """A file of its own that includes the header twice: it must bring what it needs, and `#pragma once`."""
    source = f'#include "{path}"\n#include "{path}"\n'
    done = subprocess.run(["gcc", "-x", "c", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Werror",
                           f"-I{tree.root}", *flags, "-"],
                          input=source.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        return None
    lines = done.stdout.decode(errors="replace").splitlines()
    first = next((line for line in lines if "error:" in line), lines[0] if lines else "does not compile")
    return f"{path}:1: does not compile alone: {first.replace(str(tree.root) + '/', '')}"


def compile_flags(root):
    """Generated headers are wherever the build tree that runs us put them."""
    flags = shlex.split(os.environ.get("TIDY_CFLAGS", ""))
    packages = ["liburing", "libpq", "hiredis", "libcurl"]
    done = subprocess.run(["pkg-config", "--cflags", *packages], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    flags += shlex.split(done.stdout.decode()) if done.returncode == 0 else []
    for place in (root / "build" / "storage", Path.cwd() / "storage"):
        flags.append(f"-I{place}")
    boringssl = os.environ.get("MAWID_BORINGSSL", root / ".local" / "boringssl")
    return [*flags, "-isystem", f"{boringssl}/include"]


@rule("headers compile alone",
      bad=[{"a/a.h": "#pragma once\nsize_t f(void);\n"}, {"a/a.h": "struct a { int x; };\n"}],
      good=[{"a/a.h": "#pragma once\n#include <stddef.h>\nsize_t f(void);\n"}])
def headers_alone(tree):
    flags = compile_flags(tree.root)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        yield from filter(None, pool.map(lambda path: compile_alone(tree, path, flags), tree.paths(".h")))


PARAMETERS = re.compile(r"\(([^(){};]*\bstruct ctx \*(?!\*)[^(){};]*(?:\([^(){};]*\)[^(){};]*)*)\)", re.S)


@rule("the ctx comes first",
      bad=[{"domain/a.h": "enum err f(struct otp *otp, struct ctx *c);\n"},
           {"domain/a.c": "enum err f(int a,\n           const struct ctx *c)\n{\n}\n"}],
      good=[{"domain/a.h": "enum err f(struct ctx *c, struct otp *otp);\nint g(const struct ctx *c);\n"},
            {"domain/a.c": "x = (struct ctx *)p;\nfor (struct ctx *c = a; c; c = c->next)\n    f(1, c);\n"},
            {"domain/a.h": "int ctx_find(struct ctx **out);\nvoid within(struct ctx *c, int d, struct ctx *inner);\n"}])
def ctx_first(tree):
    for path in tree.paths(*CODE):
        code = tree.code(path)
        for match in PARAMETERS.finditer(code):
            inside = match[1].strip()
            if "," in inside and not re.match(r"(const )?struct ctx \*", inside):
                number = code.count("\n", 0, match.start()) + 1
                yield f"{path}:{number}: a `struct ctx *` is the first parameter: who takes one may wait"


def waits_of(tree):
    """Of everything that is no test and no bench."""
    if tree.waits is None:
        tree.waits = waits.Waits({p: tree.code(p) for p in tree.paths(".c", ".h") if room(p) not in FREE_ROOMS})
    return tree.waits


A_WAIT = "enum err f(struct ctx *c)\n{\n    return wait_park(c, &w);\n}\n"


@rule("who can wait takes a ctx",
      bad=[{"a/a.c": "static void f(struct a *a)\n{\n    wait_park(a->ctx, &w);\n}\n"},
           {"a/a.c": A_WAIT, "b/b.c": "void g(int n)\n{\n    if (n)\n        TRY(f(x));\n}\n"},
           {"a/a.c": "struct a {\n    int n;\n};\nvoid f(struct a *a)\n{\n    a->ops->send(a->c, 1);\n}\n"},
           {"a/a.c": A_WAIT + "\nstatic void f2(void)\n{\n    struct ctx c;\n    f(&c);\n}\n"},
           {"a/a.c": "struct a {\n    struct ctx c;\n};\n", "b/b.c": "void f(struct a *a)\n{\n    wait_park(&c, &w);\n}\n"}],
      good=[{"a/a.c": A_WAIT + "\nenum err g(struct ctx *c, int n)\n{\n    return f(c);\n}\n"},
            {"a/a.h": "struct a {\n    struct ctx c;\n};\n", "b/b.c": A_WAIT + "\nstruct b {\n    struct a a;\n};\n\nvoid g(struct b *b)\n{\n    f(&b->a.c);\n}\n"},
            {"a/a.c": A_WAIT + "\nstatic void fiber(void *arg)\n{\n    struct ctx c;\n    f(&c);\n}\n"},
            {"a/a.c": A_WAIT, "b/b.c": "static void f(void)\n{\n}\n\nvoid g(void)\n{\n    f();\n    /* wait_park(x) */\n}\n"}])
def ctx_if_waiting(tree):
    for f in waits_of(tree).without_ctx():
        yield f"{f.path}:{f.line}: {f.name}() can wait, and takes neither a `struct ctx *` nor a struct that holds one"


@rule("nothing waits after NO_WAIT()",
      bad=[{"a/a.c": A_WAIT + "\nvoid g(struct ctx *c)\n{\n    NO_WAIT();\n    f(c);\n}\n"},
           {"a/a.c": "void g(struct ctx *c)\n{\n    if (x) {\n        NO_WAIT();\n        x->fn(c);\n    }\n}\n"}],
      good=[{"a/a.c": A_WAIT + "\nvoid g(struct ctx *c)\n{\n    f(c);\n    {\n        NO_WAIT();\n        h(c);\n    }\n    f(c);\n}\n"}])
def no_wait(tree):
    for f, callee in waits_of(tree).under_no_wait():
        yield f"{f.path}:{f.line}: {f.name}() promises NO_WAIT(), and then calls {callee}"


@rule("headers say what waits",
      bad=[{"a/a.h": "/* a/a.h - things. */\n#pragma once\n"}, {"a/a.h": "/* a/a.h - things. */\n#pragma once\n/* Waits: never. */\n"},
           {"a/a.h": "/* Waits: never. */\n#pragma once\nNODISCARD enum err f(struct ctx *c);\n", "a/a.c": A_WAIT},
           {"a/a.h": "/* Waits: never, but g. */\n#pragma once\nenum err f(struct ctx *c);\n", "a/a.c": A_WAIT}],
      good=[{"a/a.h": "/* Waits: f. */\n#pragma once\nenum err f(struct ctx *c);\n", "a/a.c": A_WAIT},
            {"a/a.h": "/* Waits: never, but f.   Threads: any. */\n#pragma once\nenum err f(struct ctx *c);\n", "a/a.c": A_WAIT},
            {"a/a.h": "/* Waits: never. */\n#pragma once\nstruct f;\nint g(void);\n", "a/a.c": A_WAIT}, {"tests/a.h": "#pragma once\n"}])
def waits_line(tree):
    known = waits_of(tree)
    for path in tree.paths(".h"):
        if room(path) in FREE_ROOMS:
            continue
        said = re.search(r"\bWaits:(.*?)(?:\.\s|\*/|   |$)", tree.files[path].split("#pragma once")[0], re.S)
        if not said:
            yield f"{path}:1: the comment at the top says what waits: `Waits: never.`, or which calls"
            continue
        if not said[1].strip().startswith("never"):
            continue
        for name in waits.WORD_CALL.findall(tree.code(path)):
            if not re.search(rf"\b{name}\b", said[1]) and known.find(path, name) in known.waiting:
                yield f"{path}:1: says `Waits: never`, but {name}() can"


def functions(tree, path):
    """(line of the opening brace, its signature's last line, the body's lines). Linux braces: a function's
    braces, and nothing else's, stand alone in the first column."""
    lines = tree.files[path].split("\n")
    code = tree.code(path).split("\n")
    start = None
    for index, line in enumerate(code):
        if line.rstrip() == "{" and index > 0 and code[index - 1].strip():
            start = index
        elif line.startswith("}") and start is not None:
            yield start, lines, index
            start = None


@rule("functions of at most 70 lines",
      bad=[{"domain/a.c": "int f(void)\n{\n" + "    x();\n" * 71 + "}\n"}],
      good=[{"domain/a.c": "int f(void)\n{\n" + "    x();\n" * 70 + "\n\n}\nstruct a b[] = {\n" + "    1,\n" * 90 + "};\n"},
            {"domain/a.c": "/* tidy: long because it is a table */\nint f(void)\n{\n" + "    x();\n" * 90 + "}\n"}])
def function_length(tree):
    for path in tree.paths(".c", ".cc", ".h"):
        for start, lines, end in functions(tree, path):
            body = [line for line in lines[start + 1:end] if line.strip()]
            around = lines[max(0, start - 6):end]
            if len(body) > FUNCTION_LINES_MAX and not any(LONG_IS_MEANT in line for line in around):
                yield (f"{path}:{start}: {len(body)} lines in `{lines[start - 1].strip()}`; branching stays here, "
                       f"move work out (or say why not: {LONG_IS_MEANT} ... */)")


@rule("no place of one machine",
      bad=[{"docs/a.md": "see /ro" "ot/notes\n"}, {"tools/x": "cd /ho" "me/me/src\n"}],
      good=[{"docs/a.md": "below /root, $HOME/src/x, example.com/root/x, ~/root/\n"}])
def machine_paths(tree):
    for path in sorted(tree.files):
        for number, line in tree.lines(path):
            match = MACHINE.search(line)
            if match:
                yield f"{path}:{number}: names a place of one machine ({match[0]}...)"


@rule("no registry's host",
      bad=[{"tools/x": "curl http://deb.debia" "n.org/debian\n"}, {"web/.npmrc": "registry=https://registry.npmj" "s.org\n"}],
      good=[{"tools/x": "apt-get source x; docker.io_uring, debian.orgs, example.org\n"}])
def registries(tree):
    for path in sorted(tree.files):
        for number, line in tree.lines(path):
            match = REGISTRY.search(line)
            if match:
                yield f"{path}:{number}: names a registry ({match[0]}): the machine's settings say where packages come from"


@rule("nothing is left for later",
      bad=[{"a.c": "/* TO" "DO: later */\n"}, {"dev": "# FIX" "ME\n"}, {"a.sql": "-- X" "XX\n"}],
      good=[{"a.c": "/* +9665XXXXXXXX, mkstemp(XXXXXX) */\nzone = \"X" "XX\";\n"}])
def unfinished(tree):
    for path in sorted(tree.files):
        if path.startswith(LEFT_OUT):
            continue
        text = without_strings(tree.files[path]) if path.endswith(CODE) else tree.files[path]
        for number, line in enumerate(text.split("\n"), 1):
            match = UNFINISHED.search(line)
            if match:
                yield f"{path}:{number}: {match[0]} does not land: do it, or file it"


@rule("clean white space",
      bad=[{"a.c": "int a; \n"}, {"a.c": "\tint a;\n"}, {"a.py": "x\r\n"}, {"dev": "x"}, {"a.sql": "x\n\n"}],
      good=[{"a.c": "int a;\n"}, {"Makefile": "a:\n\tb\n"}, {"x.patch": " \n"}, {"empty.py": ""}])
def white_space(tree):
    for path in sorted(tree.files):
        if path.startswith(LEFT_OUT) or not (path.endswith(TEXT) or "." not in os.path.basename(path)):
            continue
        text = tree.files[path]
        for number, line in tree.lines(path):
            if line != line.rstrip():
                yield f"{path}:{number}: white space at the end of the line"
            if "\t" in line and path.endswith(CODE):
                yield f"{path}:{number}: a tab"
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield f"{path}:{text.count(chr(10))}: a file ends with one newline"


def format_complaints(tree, paths):
    done = subprocess.run(["clang-format", "--dry-run", "--ferror-limit=1", "--style=file", *paths], cwd=tree.root,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    for line in done.stderr.decode(errors="replace").splitlines():
        match = re.match(r"(.+?):(\d+):\d+: (?:warning|error): code should be clang-formatted", line)
        if match:
            yield f"{match[1]}:{match[2]}: not laid out as .clang-format says (./dev fmt)"


@rule("layout",
      bad=[{"a.c": "int f( int a ) {\n  return a;\n}\n"}],
      good=[{"a.c": "int f(int a)\n{\n    return a;\n}\n"}])
def layout(tree):
    paths = tree.paths(*CODE)
    batches = [paths[i::16] for i in range(16) if paths[i::16]]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for complaints in pool.map(lambda batch: list(format_complaints(tree, batch)), batches):
            yield from complaints


@rule("shell scripts pass shellcheck",
      bad=[{"run": "#!/bin/sh\nif [ $1 == a ]; then\n    x=`ls`\nfi\n"}],
      good=[{"run": "#!/usr/bin/env bash\nset -euo pipefail\nprintf '%s\\n' \"$1\"\n"}, {"run.py": "#!/usr/bin/python3\n"}])
def shell_scripts(tree):
    scripts = [p for p, text in sorted(tree.files.items()) if re.match(r"#!.*\b(ba)?sh\b", text)]
    if not scripts:
        return
    done = subprocess.run(["shellcheck", "--format=gcc", "--severity=warning", "-x", "-P", "SCRIPTDIR:tools", *scripts],
                          cwd=tree.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    yield from done.stdout.decode(errors="replace").splitlines()


@rule("SQL and Lua say what they do",
      bad=[{"storage/sql/a/x.sql": "SELECT 1;\n"}, {"storage/redis/x.lua": "-- y: z\nreturn 1\n"},
           {"storage/schema/10_a.sql": "CREATE TABLE a ();\n"},
           {"storage/sql/a/x.sql": "-- a_x: one.\n-- out: it\nSELECT $1;\n"}, {"storage/sql/a/x.sql": "-- a_x: one.\n-- in: it\nSELECT $1;\n"},
           {"storage/schema/functions/a/x.sql": "-- x: one.\n-- out: 1\nCREATE OR REPLACE FUNCTION x(a int) RETURNS int LANGUAGE sql\n"},
           {"storage/schema/functions/a/x.sql": "-- x: one.\nCREATE OR REPLACE FUNCTION x() RETURNS int LANGUAGE sql\n"},
           {"storage/schema/functions/a/x.sql": "-- a_x: one.\n-- out: 1\nCREATE OR REPLACE FUNCTION x() RETURNS int LANGUAGE sql\n"}],
      good=[{"storage/sql/a/x.sql": "-- x: one.\n-- out: 1\nSELECT 1;\n"}, {"storage/sql/a/x.sql": "-- x: one.   out: 1\nSELECT 1;\n"},
            {"storage/sql/a/x.sql": "-- x: forgets.\n-- in:  $1 what\nDELETE FROM t WHERE id = $1;\n"},
            {"storage/schema/10_a.sql": "-- first\nSELECT 1;\n"},
            {"storage/schema/functions/a/x.sql": "-- x: one.\n-- in:  a      out: 1\nCREATE OR REPLACE FUNCTION x(a int) RETURNS int LANGUAGE sql\n"},
            {"storage/schema/functions/a/x.sql": "-- x: does.\nCREATE OR REPLACE FUNCTION x() RETURNS void LANGUAGE sql\n"}])
def script_heads(tree):
    for path in tree.paths(".sql", ".lua"):
        name, folder = Path(path).stem, Path(path).parent.name
        code = sql_code(tree.files[path])
        if path.startswith("storage/schema/functions/"):
            opening, takes, gives = rf"-- {name}: ", not re.search(r"FUNCTION \w+\(\)", code), "RETURNS void" not in code
        elif path.startswith("storage/sql/"):
            opening, takes, gives = rf"-- ({folder}_)?{name}\b", "$1" in code, re.search(r"^(SELECT|RETURNING)\b", code, re.M)
        elif path.startswith("storage/redis/"):
            opening, takes, gives = rf"-- ({folder}_)?{name}\b", False, False
        elif path.startswith("storage/schema/"):
            opening, takes, gives = "-- ", False, False
        else:
            continue
        if not re.match(opening, tree.files[path]):
            yield f"{path}:1: opens with `-- {name}: what it does`, then its inputs and outputs"
        for word in (["in"] if takes else []) + (["out"] if gives else []):
            if not re.search(rf"^--.*\b{word}:", tree.files[path], re.M):
                yield f"{path}:1: its head says what goes in and comes out; `{word}:` is missing"


def sql_code(text):
    """Without comments, lines where they were."""
    return re.sub(r"--[^\n]*", "", text)


def sql_paths(tree):
    return [p for p in tree.paths(".sql") if p.startswith("storage/")]


@rule("SQL of at most 100 columns",
      bad=[{"storage/schema/10_a.sql": "-- " + "x" * 98 + "\n"}, {"storage/sql/a/x.sql": "SELECT '" + "م" * 92 + "';\n"}],
      good=[{"storage/sql/a/x.sql": "SELECT '" + "م" * 90 + "';\n"}, {"bench/pgbench/x.sql": "-- " + "x" * 98 + "\n"}])
def sql_columns(tree):
    for path in sql_paths(tree):
        for number, line in tree.lines(path):
            if len(line) > SQL_COLUMNS_MAX:
                yield f"{path}:{number}: {len(line)} columns, at most {SQL_COLUMNS_MAX}"


LONG_SQL = "-- x: y.\nCREATE OR REPLACE FUNCTION x()\n    RETURNS int\n    LANGUAGE plpgsql AS $$\nBEGIN\n"


@rule("SQL functions of at most 70 lines",
      bad=[{"storage/schema/functions/a/x.sql": LONG_SQL + "    PERFORM y();\n" * 70 + "END $$;\n"},
           {"storage/schema/functions/a/x.sql": "CREATE FUNCTION x() RETURNS int LANGUAGE sql\nRETURN 1\n" + "    + 1\n" * 70 + "    + 1;\n"}],
      good=[{"storage/schema/functions/a/x.sql": LONG_SQL + "    PERFORM y();\n\n" * 69 + "END $$;\n"},
            {"storage/sql/a/x.sql": "SELECT 1\n" + "    + 1\n" * 80 + "    + 1;\n"}])
def sql_function_length(tree):
    for path in sql_paths(tree):
        body = re.search(r"\$\$\n(.*)\n[^\n]*\$\$|^(RETURN\b.*)", tree.files[path], re.S | re.M)
        length = len([line for line in (body[1] or body[2]).split("\n") if line.strip()]) if body else 0
        if path.startswith("storage/schema/functions/") and length > FUNCTION_LINES_MAX:
            yield f"{path}: {length} lines; a part of it with a name of its own is another function"


def schema_with(readme):
    return {"storage/schema/10_a.sql": "CREATE TABLE a_b (\n    c_d int\n);\nCREATE VIEW e AS SELECT 1;\n", "storage/schema/README.md": readme,
            "storage/schema/functions/a/f_g.sql": "CREATE OR REPLACE FUNCTION f_g()\n"}


@rule("the schema's README names what is there",
      bad=[schema_with("a_b\n"), schema_with("e\n"), schema_with("a_b, e, h_i\n")],
      good=[schema_with("a_b, e: c_d, written by `f_g`, see 10_a.sql, NN_*.sql, changes/NNNN_what.sql\n"), {"storage/schema/10_a.sql": "CREATE TABLE a ();\n"}])
def schema_readme(tree):
    path = "storage/schema/README.md"
    text = tree.files.get(path)
    if text is None:
        return
    words = set(re.findall(r"\w+", text))
    code = {p: sql_code(tree.files[p]) for p in sql_paths(tree) if p.startswith("storage/schema/")}
    for part, sql in code.items():
        for made in re.findall(r"^CREATE (?:TABLE|VIEW) (\w+)", sql, re.M):
            if made not in words:
                yield f"{path}: has no {made} ({part})"
    known = {word for sql in code.values() for word in re.findall(r"\w+", sql)}
    for word in sorted(re.findall(r"(?<![\w/])[a-z]+(?:_[a-z]+)+(?![\w.])", text)):
        if word not in known:
            yield f"{path}: names {word}, which is not in the schema"


REASONS = 'REASON(SLOT_TAKEN, ERR_CONFLICT, "a.b",\n       "x", "y")\n'


def says(text):
    return {"storage/schema/functions/a/x.sql": text, "domain/reasons.def": REASONS}


@rule("what SQL refuses by is a reason",
      bad=[says("verdict := 'SLOT_TAKN';\n"), says("refused := 'taken';\n"), says("verdict := CASE WHEN a = 'x' THEN 'taken' END;\n"),
           says("SELECT CASE WHEN a THEN 'NO_SUCH' END;\n"), says("RETURN QUERY SELECT * FROM booking_answer('past', l);\n"),
           says("why := CASE WHEN a THEN 'taken' END;\n"), says("RETURN refused('slot_taken');\n"),
           {**says(""), "storage/sql/a/x.sql": "SELECT coalesce(f.verdict, 'GONE');\n"}],
      good=[says("verdict := 'SLOT_TAKEN'; -- 'NEVER_MIND'\n"), says("verdict := CASE WHEN a = 'x' THEN 'SLOT_TAKEN' ELSE 'ok' END;\n"),
            says("target := CASE WHEN a THEN 'pending' END; currency := 'SAR';\n"), says("IF TG_OP <> 'INSERT' THEN\n"),
            says("why := 'SLOT_TAKEN'; RETURN refused('SLOT_TAKEN');\n")])
def sql_reasons(tree):
    """The name of a reason is a word in capitals; words in small letters are looked at where they become a refusal."""
    reasons = set(re.findall(r"^REASON\((\w+)", tree.files.get("domain/reasons.def", ""), re.M))
    known = reasons | SQL_ANSWERS
    for path in sql_paths(tree):
        code = sql_code(tree.files[path])
        said = {m[1]: m.start() for m in re.finditer(r"'([A-Z][A-Z0-9]{3,}|[A-Z0-9]+_[A-Z0-9_]+)'", code)
                if m[1] not in ("INSERT", "UPDATE", "DELETE")}
        for m in re.finditer(r"\b(?:verdict|why|refused)\s*:=([^;]*);|\b(?:booking_answer|refused)\(('\w+')", code):
            said |= {word[1]: m.start() for word in re.finditer(r"(?:^|\bTHEN|\bELSE)\s*'(\w+)'", m[1] or m[2])}
        for word, at in said.items():
            if word not in known:
                yield f"{path}:{code.count(chr(10), 0, at) + 1}: '{word}' is in no line of domain/reasons.def"


@rule("commit titles",
      bad=[["Fix the thing"], ["otp: " + "x" * 60], ["otp:no space"]],
      good=[["catalogue, bookings: the rules in plain C", "otp: count an attempt before comparing the code", "tests/api: book twice at once"]])
def commit_titles(tree):
    """Merges are exempt: git words them."""
    for commit, title in tree.titles:
        if not TITLE.fullmatch(title):
            yield f"{commit[:12]}: `{title}` is not `area: what it does`"
        elif len(title) > TITLE_COLUMNS_MAX:
            yield f"{commit[:12]}: `{title}` has {len(title)} columns, at most {TITLE_COLUMNS_MAX}"


# --- SELF TESTS and the run -------------------------------------------------------------------------

def example_tree(example, folder):
    if isinstance(example, list):
        return Tree({}, folder, [(f"{i:040x}", title) for i, title in enumerate(example)])
    for path, text in example.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return Tree(example, folder)


def self_test(function, bad, good, style):
    """What is wrong with the rule itself: a bad example it lets pass, a good one it refuses."""
    for verdict, examples in (("bad", bad), ("good", good)):
        for example in examples:
            with tempfile.TemporaryDirectory() as name:
                (Path(name) / ".clang-format").write_text(style)
                complaints = list(function(example_tree(example, Path(name))))
            if bool(complaints) != (verdict == "bad"):
                yield f"a {verdict} example gave {complaints or 'no complaint'}: {example}"


class Count:
    passed = failed = 0

    def say(self, name, complaints):
        if complaints:
            self.failed += 1
            print(f"not ok {name}: {len(complaints)} place{'s' if len(complaints) > 1 else ''}")
            for complaint in complaints:
                print("  " + complaint)
        else:
            self.passed += 1
            print(f"ok {name}")
        sys.stdout.flush()


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    if "--list" in sys.argv:
        print("\n".join(name for name, *_ in RULES))
        return 0
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    tree, count = read_tree(root), Count()
    style = (root / ".clang-format").read_text()
    for name, function, bad, good in RULES:
        if only in name:
            count.say(f"{name} (can fail)", list(self_test(function, bad, good, style)))
            count.say(name, list(function(tree)))
    print(f"{count.passed} passed, {count.failed} failed")
    return 1 if count.failed else 0


if __name__ == "__main__":
    sys.exit(main())
