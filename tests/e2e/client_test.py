#!/usr/bin/env python3
"""A program traced with Clew's client library sends to a real `clew serve`."""
import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from server import Server, clew_ok

ROOT = pathlib.Path(__file__).resolve().parents[2]
HELLO = os.environ.get("CLEW_HELLO") or str(ROOT / "build/test/example_hello")


def hello(*args, **variables):
    """Runs the example to its end; its completed process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run([HELLO, *args], capture_output=True, text=True, timeout=60, env={**environment, **variables})


class ClientTest(unittest.TestCase):
    def spans_of(self, server, query):
        """The spans of the only trace that the query finds, as OTLP JSON, by name."""
        found = clew_ok("query", query, "--url", server.tempo, "-o", "json").splitlines()
        self.assertEqual(len(found), 1, found)
        trace = json.loads(clew_ok("trace", json.loads(found[0])["traceID"], "--url", server.tempo, "-o", "otlp"))
        self.resource = {}
        spans = {}
        for resource in trace["resourceSpans"]:
            self.resource.update(self.attributes(resource["resource"]))
            for scope in resource["scopeSpans"]:
                self.assertEqual(scope["scope"]["name"], "hello")
                spans.update({span["name"]: span for span in scope["spans"]})
        return spans

    @staticmethod
    def attributes(of):
        return {pair["key"]: next(iter(pair["value"].values())) for pair in of.get("attributes", [])}

    def test_a_trace_arrives_whole(self):
        for compression in ("none", "gzip"):
            with self.subTest(compression), Server() as server:
                before = time.time_ns()
                done = hello("4711", OTEL_EXPORTER_OTLP_ENDPOINT=server.otlp_http, OTEL_SERVICE_NAME="shop",
                             OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test",
                             OTEL_EXPORTER_OTLP_COMPRESSION=compression)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                spans = self.spans_of(server, '{ resource.service.name = "shop" }')
                self.assertEqual(sorted(spans), ["charge card", "checkout"])
                root, child = spans["checkout"], spans["charge card"]
                self.assertEqual(child["parentSpanId"], root["spanId"])
                self.assertEqual((root["kind"], child["kind"]), (2, 3))
                self.assertEqual(self.attributes(root), {"cart.items": "3"})
                self.assertEqual(self.attributes(child), {"card.type": "debit", "amount": 12.5})
                self.assertEqual(child["status"], {"code": 2, "message": "not the number of a card: 4711"})
                self.assertEqual(child["events"][0]["name"], "exception")
                self.assertIn("#0 ", self.attributes(child["events"][0])["exception.stacktrace"])
                self.assertEqual(self.resource["deployment.environment.name"], "test")
                self.assertEqual(self.resource["telemetry.sdk.name"], "clew")
                start, end = (int(root[name]) for name in ("startTimeUnixNano", "endTimeUnixNano"))
                self.assertLess(before - 50_000_000, start)  # clocks are read differently, a millisecond apart at most
                self.assertLessEqual(start, int(child["startTimeUnixNano"]))
                self.assertLessEqual(int(child["endTimeUnixNano"]), end)
                self.assertLess(end, time.time_ns() + 50_000_000)

    def test_console_can_be_imported(self):
        done = hello(OTEL_TRACES_EXPORTER="console", OTEL_SERVICE_NAME="printed")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([line["operationName"] for line in lines], ["charge card", "checkout"])
        self.assertIsNone(lines[1]["parentSpanId"])
        with Server() as server:
            clew_ok("import", "-", "--url", server.tempo, stdin=done.stdout)
            found = clew_ok("query", '{ resource.service.name = "printed" } > { name = "charge card" }', "--url",
                            server.tempo, "-o", "json")
            self.assertIn(lines[0]["traceId"], found)

    def test_otlp_lines_can_be_imported(self):
        done = hello(OTEL_TRACES_EXPORTER="otlp/stdout", OTEL_SERVICE_NAME="lines")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with Server() as server:
            clew_ok("import", "-", "--url", server.tempo, stdin=done.stdout)
            self.assertEqual(len(self.spans_of(server, '{ resource.service.name = "lines" }')), 2)

    def test_package(self):
        """Installed, and found by a project that knows no more than its name."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            run = lambda *command: subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=100)
            run("cmake", "--install", pathlib.Path(HELLO).parent, "--component", "client", "--prefix", folder / "prefix")
            (folder / "CMakeLists.txt").write_text(
                "cmake_minimum_required(VERSION 3.25)\nproject(user LANGUAGES CXX)\nfind_package(clew REQUIRED)\n"
                f"add_executable(user {ROOT}/examples/hello/hello.cc)\ntarget_link_libraries(user PRIVATE clew::client)\n")
            run("cmake", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={folder}/prefix")
            run("cmake", "--build", folder / "build")
            done = subprocess.run([folder / "build/user"], capture_output=True, text=True, timeout=60, env={
                **os.environ, "OTEL_TRACES_EXPORTER": "console"})
            self.assertEqual(len(done.stdout.splitlines()), 2, done.stderr)

    def test_nobody_is_there(self):
        done = hello(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
        self.assertEqual(done.returncode, 0)
        self.assertIn("clew: spans are lost", done.stderr)
        done = hello(OTEL_SDK_DISABLED="true")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


if __name__ == "__main__":
    unittest.main()
