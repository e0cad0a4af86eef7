#!/usr/bin/env python3
"""The house rules a program can check. Each rule is a generator of "file:line: what and what to do".

What breaks a rule for a reason stands in exceptions.json with that reason; an entry that is no longer needed fails, so
the list can only shrink by itself, and grows in plain sight.
"""
import re
import subprocess
import sys

from tree import Tree, finish, room_of

SOURCES = [".h", ".cc", ".py", ".cmake", "CMakeLists.txt", "/dev", ".sh"]
CPP = [".h", ".cc"]
MAX_LINES = 800
MAX_HEADER_LINES = 300
MAX_README_LINES = 70
BANNED_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "common"}
CLANG_FORMAT = "clang-format-19"

RULES = []


def rule(function):
    RULES.append(function)
    return function


def code_lines(tree, name):
    """Numbered lines without comments and string contents, roughly: enough to look for words."""
    for number, line in enumerate(tree.lines(name), 1):
        line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
        yield number, re.sub(r"//.*", "", line)


class Excepted:
    """The entries of one list of exceptions.json, and which of them were needed."""

    def __init__(self, tree, key):
        self.key = key
        self.entries = tree.exceptions.get(key, {})
        self.used = set()

    def allows(self, name):
        self.used.add(name)
        return name in self.entries

    def unused(self):
        for name in sorted(set(self.entries) - self.used):
            yield f"tests/tidy/exceptions.json: {self.key}: {name} needs no exception any more: remove the entry"


@rule
def file_length(tree):
    excepted = Excepted(tree, "long_files")
    for name in [f for f in tree.files if f.endswith(tuple(SOURCES)) or f == "dev"]:
        limit = MAX_HEADER_LINES if name.endswith(".h") else MAX_LINES
        count = len(tree.lines(name))
        if count <= limit:
            continue
        if excepted.allows(name):
            limit = excepted.entries[name]
        if count > limit:
            yield f"{name}: {count} lines, at most {limit}: give its second idea a file of its own"
    yield from excepted.unused()


@rule
def names(tree):
    """No name that says nothing, in files and in types."""
    declared = re.compile(r"^\s*(?:class|struct|enum(?:\s+class)?|union|namespace|using)\s+(?:\[\[.*?\]\]\s*)?(\w+)")
    for name in tree.under(["src", "tests", "bench", "client", "cmake"], [""]):
        bad = BANNED_WORDS & set(re.split(r"[^a-z]+", name.split("/", 1)[1].lower()))
        if bad:
            yield f"{name}: '{bad.pop()}' in a file name says nothing: name what it is"
    for name in tree.under(["src"], CPP):
        for number, line in code_lines(tree, name):
            match = declared.match(line)
            words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", match[1]) if match else []
            bad = BANNED_WORDS & {w.lower() for w in words}
            if bad:
                yield f"{name}:{number}: '{bad.pop()}' in the name {match[1]} says nothing: name what it is"


@rule
def readmes(tree):
    for room in tree.rooms:
        name = f"src/{room}/README.md"
        if not any(room_of(f) == room for f in tree.files):
            continue
        if name not in tree.files:
            yield f"{name} is missing: a page at most, what the room is, what it is not, its files in reading order"
        elif len(tree.lines(name)) > MAX_README_LINES:
            yield f"{name}: {len(tree.lines(name))} lines, at most {MAX_README_LINES}"


@rule
def exceptions_of_cpp(tree):
    """Errors are values; a library that throws is wrapped in one file."""
    excepted = Excepted(tree, "throwing_files")
    for name in tree.under(["src"], CPP):
        for number, line in code_lines(tree, name):
            if re.search(r"\bthrow\b|\btry\b\s*(\{|$)|\bcatch\b\s*\(", line) and not excepted.allows(name):
                yield f"{name}:{number}: throw, try or catch: return a Result (base/result.h)"
    yield from excepted.unused()


@rule
def outside_world(tree):
    """Wall time, sleep and chance come from env, so that tests can hold them. (Deadlines of sockets may use steady time.)"""
    excepted = Excepted(tree, "clock_files")
    call = re.compile(r"\b(system_clock|high_resolution_clock)::now\b|\bsleep_(for|until)\b|\bstd::s?rand\b"
                      r"|(?<![\w:.>])(s?rand|usleep|nanosleep)\(|\btime\((nullptr|NULL|0)\)|\bclock_gettime\b"
                      r"|\brandom_device\b")
    for name in tree.under(["src"], CPP):
        if room_of(name) == "env" or name.endswith(("_test.cc", "_bench.cc")):
            continue
        for number, line in code_lines(tree, name):
            match = call.search(line)
            if match and not excepted.allows(name):
                yield f"{name}:{number}: {match[0].strip('(')}: the wall clock, sleep and chance belong to env"
    yield from excepted.unused()


@rule
def tests_belong(tree):
    """CMake finds unit tests and fuzz targets in rooms only: elsewhere nobody would run them."""
    for name in tree.under([""], ["_test.cc", "_fuzz.cc", "_bench.cc"]):
        if room_of(name) not in tree.rooms and not name.startswith("client/"):
            yield f"{name}: belongs to no room of layers.json, so it is never built"
    for name in tree.under([""], ["_fuzz.cc"]):
        corpus = tree.root / "tests/corpus/fuzz" / name.rsplit("/", 1)[1].removesuffix("_fuzz.cc")
        if not corpus.is_dir() or not any(corpus.iterdir()):
            yield f"{name}: no seeds in {corpus.relative_to(tree.root)}"


@rule
def silenced_tests(tree):
    gone = re.compile(r"^\s*//\s*(TEST(_F|_P)?|TYPED_TEST|EXPECT_\w+|ASSERT_\w+)\s*\(|^\s*#\s*if\s+0\b|\bDISABLED_\w"
                      r"|^\s*#\s*(def test_|self\.assert)|^\s*@unittest\.(skip|expectedFailure)\b")
    for name in tree.under(["src", "tests", "client"], [".cc", ".h", ".py"]):
        if name.startswith("tests/tidy/"):
            continue
        for number, line in enumerate(tree.lines(name), 1):
            if gone.search(line):
                yield f"{name}:{number}: a test that does not run: mend it or delete it"


@rule
def this_machine(tree):
    """Nothing knows where it was written."""
    # Put together here, so that this file does not break its own rule.
    path = re.compile(r"(?<![\w/.:])/(?:" + "work|root|home" + r")/\w|\.\./" + "shared")
    for name in tree.under([""], SOURCES + [".md", ".json", ".txt", ".yaml", ".yml", ".service", "/run"]):
        for number, line in enumerate(tree.lines(name), 1):
            if path.search(line):
                yield f"{name}:{number}: a path of one machine: {line.strip()[:80]}"


@rule
def formatting(tree):
    files = tree.under(["src", "tests", "bench", "client"], CPP)
    if not files:
        return
    try:
        done = subprocess.run([CLANG_FORMAT, "--dry-run", "-Werror", "--style=file", *files], cwd=tree.root,
                              capture_output=True, text=True)
    except FileNotFoundError:
        yield f"{CLANG_FORMAT} is not installed: ./dev test installs it"
        return
    bad = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error: code should be clang-formatted", done.stderr, re.M)))
    for name in bad:
        yield f"{name}: not formatted: run ./dev fmt"
    if done.returncode and not bad:
        yield done.stderr.strip()


def problems(tree):
    return [problem for check in RULES for problem in check(tree)]


if __name__ == "__main__":
    sys.exit(finish(problems(Tree()), "tidy"))
