#!/usr/bin/env python3
"""Each rule must catch what it is for, and let its neighbour pass."""
import pathlib
import tempfile
import unittest

import layers
import tidy
from tree import ROOT, Tree

LAYERS = '{"rooms": {"base": {"row": 0, "may": []}, "net": {"row": 1, "may": ["base"]}, "api": {"row": 1, "may": []}}}'


class TidyCase(unittest.TestCase):
    def tree(self, files, layers_json=LAYERS, exceptions=None):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        files = {"layers.json": layers_json, ".clang-format": (ROOT / ".clang-format").read_text(), **files}
        if exceptions:
            files["tests/tidy/exceptions.json"] = exceptions
        for name, text in files.items():
            path = pathlib.Path(folder.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Tree(folder.name)

    def check(self, rule, bad, good, words, **options):
        """`bad` has exactly one problem, which says all of `words`; `good` has none. Both are {file: text}."""
        found = list(rule(self.tree(bad, **options)))
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])
        self.assertEqual(list(rule(self.tree(good, **options))), [])


class LayersTest(TidyCase):
    def test_arrow(self):
        self.check(layers.broken_arrows,
                   {"src/api/api.h": '#include "net/http.h"\n', "src/net/http.h": ""},
                   {"src/net/http.h": '#include "base/hex.h"\n#include <vector>\n', "src/base/hex.h": ""},
                   ["src/api/api.h:1", "src/net/http.h", "api -> net"])

    def test_missing_header(self):
        self.check(layers.broken_arrows, {"src/net/http.h": '#include "base/hex.h"\n'},
                   {"src/net/http.h": '#include "net/b.h"\n', "src/net/b.h": ""}, ["base/hex.h", "not there"])

    def test_include_beside(self):
        self.check(layers.broken_arrows, {"src/net/a.h": '#include "b.h"\n', "src/net/b.h": ""},
                   {"src/net/a.h": '#include "net/b.h"\n', "src/net/b.h": ""}, ["path from src/"])

    def test_rooms(self):
        rooms = {f"src/{room}/x.h": "" for room in ("base", "net", "api")}
        self.check(layers.room_list, {**rooms, "src/attic/x.h": ""}, rooms, ["src/attic", "not a room"])

    def test_client(self):
        client = LAYERS[:-1] + (', "client": {"folders": ["client", "include"], "system": ["sys"],'
                                ' "rooms_that_may_include_it": ["api"],'
                                ' "only_if_included": {"include/clew/fmt.h": ["fmt"]}}}')
        good = {"client/a.cc": '#include "clew/x.h"\n#include "b.h"\n#include <sys/stat.h>\n#include <vector>\n',
                "client/b.h": "", "include/clew/x.h": "", "client/a_test.cc": "#include <gtest/gtest.h>\n#include <fmt/core.h>\n",
                "include/clew/fmt.h": "#include <fmt/core.h>\n"}
        for bad in ('#include "base/hex.h"', "#include <fmt/core.h>", "#include <gtest/gtest.h>"):
            self.check(layers.client_house, {**good, "client/a.cc": bad + "\n"}, good, ["client/a.cc:1"], layers_json=client)
        self.check(layers.client_house, {**good, "include/clew/x.h": "#include <fmt/core.h>\n"}, good,
                   ["include/clew/x.h:1"], layers_json=client)
        self.check(layers.client_house, {**good, "include/clew/x.h": '#include "b.h"\n'}, good, ["include/clew/x.h:1"],
                   layers_json=client)
        self.check(layers.broken_arrows, {"src/net/a.cc": '#include "clew/x.h"\n', "src/clew/x.h": ""},
                   {"src/api/a.cc": '#include "clew/x.h"\n'}, ["src/net/a.cc:1"], layers_json=client)

    def test_upward(self):
        up = '{"rooms": {"base": {"row": 0, "may": ["net"]}, "net": {"row": 1, "may": ["base"]}}}'
        found = list(layers.room_list(self.tree({"src/base/x.h": "", "src/net/x.h": ""}, layers_json=up)))
        self.assertEqual(len(found), 1)
        self.assertIn("base -> net", found[0])


class RulesTest(TidyCase):
    def test_file_length(self):
        line = "int x;\n"
        self.check(tidy.file_length, {"src/net/a.cc": line * 801}, {"src/net/a.cc": line * 800}, ["801 lines"])
        self.check(tidy.file_length, {"src/net/a.h": line * 301}, {"src/net/a.h": line * 300}, ["at most 300"])

    def test_file_length_ratchet(self):
        lines = {"src/net/a.h": "int x;\n" * 310}
        self.check(tidy.file_length, lines, {"src/net/a.h": "int x;\n" * 309}, ["310 lines, at most 309"],
                   exceptions='{"long_files": {"src/net/a.h": 309}}')

    def test_obsolete_exceptions(self):
        for rule, key in ((tidy.file_length, "long_files"), (tidy.exceptions_of_cpp, "throwing_files"),
                          (tidy.outside_world, "clock_files")):
            with self.subTest(key):
                tree = self.tree({"src/net/a.cc": ""}, exceptions='{"%s": {"src/net/a.cc": 1}}' % key)
                self.assertIn("remove the entry", list(rule(tree))[0])

    def test_file_names(self):
        self.check(tidy.names, {"src/net/string_utils.h": ""}, {"src/net/commonly.h": ""}, ["'utils'"])

    def test_type_names(self):
        self.check(tidy.names, {"src/net/a.h": "class SessionManager {};\n"},
                   {"src/net/a.h": "class Session {};  // not a SessionManager\nHelper run();\n"}, ["'manager'"])

    def test_readmes(self):
        self.check(tidy.readmes, {"src/net/a.h": ""}, {"src/net/README.md": "x\n", "src/net/a.h": ""}, ["src/net/README.md"])
        self.check(tidy.readmes, {"src/net/README.md": "x\n" * 71}, {"src/net/README.md": "x\n" * 70}, ["71 lines"])

    def test_exceptions_of_cpp(self):
        good = {"src/net/a.cc": '// try again\nauto s = "throw";\nint retry(int tries);\n'}
        for bad in ("throw 1;", "  try {", "} catch (...) {"):
            self.check(tidy.exceptions_of_cpp, {"src/net/a.cc": bad + "\n"}, good, ["src/net/a.cc:1", "Result"])

    def test_outside_world(self):
        good = {"src/env/clock.cc": "std::chrono::system_clock::now();\n", "src/net/a_test.cc": "sleep_for(1);\n",
                "src/net/a.cc": "steady_clock::now(); time(field); // time(0)\n"}
        for bad in ("auto t = std::chrono::system_clock::now();", "std::this_thread::sleep_for(1s);", "int x = rand();",
                    "auto t = time(nullptr);", "std::random_device seed;"):
            self.check(tidy.outside_world, {"src/net/a.cc": bad + "\n"}, good, ["src/net/a.cc:1", "env"])

    def test_tests_belong(self):
        self.check(tidy.tests_belong, {"tests/a_test.cc": ""}, {"src/net/a_test.cc": ""}, ["no room"])
        self.check(tidy.tests_belong, {"src/net/a_fuzz.cc": ""},
                   {"src/net/a_fuzz.cc": "", "tests/corpus/fuzz/a/seed": "x"}, ["no seeds"])

    def test_silenced_tests(self):
        good = {"src/net/a_test.cc": "// TESTs come in pairs\nTEST(A, b) {}\n"}
        for bad in ("// TEST(A, b) {", "  // EXPECT_EQ(1, 2);", "#if 0", "TEST(A, DISABLED_b) {"):
            self.check(tidy.silenced_tests, {"src/net/a_test.cc": bad + "\n"}, good, ["does not run"])
        for bad in ("@unittest.skip('later')", "# def test_x(self):"):
            self.check(tidy.silenced_tests, {"tests/e2e/a_test.py": bad + "\n"}, good, ["does not run"])

    def test_this_machine(self):
        good = {"src/net/a.cc": 'get("/api/work/list"); get("/home");\n', "README.md": "http://host/root/x\n"}
        for bad in ("/" + "root/clew", "../" + "shared/data"):
            self.check(tidy.this_machine, {"README.md": f"see {bad}\n"}, good, ["README.md:1"])

    def test_formatting(self):
        self.check(tidy.formatting, {"src/net/a.cc": "int  x ;\n"}, {"src/net/a.cc": "int x;\n"}, ["./dev fmt"])

    def test_every_rule_has_a_self_test(self):
        for rule in tidy.RULES:
            self.assertTrue(any(name.startswith(f"test_{rule.__name__}") or rule is tidy.names for name in dir(self)),
                            rule.__name__)


if __name__ == "__main__":
    unittest.main()
