#!/usr/bin/env python3
"""Real traces: what Clew answers about them is what a plain reading of the JSON says.

Runs on the sample in tests/corpus/real, and on every *.jsonl[.zst] of the folder CLEW_TRACES where that is set.
"""
import json
import os
import pathlib
import re
import tempfile
import unittest

from otlp_lines import read_lines, read_traces
from server import Server, clew, clew_ok

CORPUS = pathlib.Path(__file__).resolve().parents[1] / "corpus/real"
LIMIT = 100_000
MS = 1_000_000


def any_span(condition):
    """{trace id: spans of it for which the condition holds}, traces without any left out."""
    return lambda trace: [span for span in trace.spans if condition(span)]


def both(left, right, related):
    """Spans on the right that have the relation to some span on the left."""
    def matches(trace):
        return [span for span in trace.spans if right(span) and
                any(left(other) and related(trace, other, span) for other in trace.spans)]
    return matches


def descendant(trace, above, below):
    return any(span is above for span in trace.ancestors(below))


def child(trace, above, below):
    return trace.parent[id(below)] is above


def sibling(trace, one, other):
    return one is not other and one.parent_id != "" and one.parent_id == other.parent_id


def of_service(name):
    return lambda span: span.service == name


def counted(matches, more_than):
    return lambda trace: found if len(found := matches(trace)) > more_than else []


# TraceQL, and the same in Python: the spans of a trace that match; none: the trace does not match.
QUERIES = [
    ('{ resource.service.name = "ts-travel-service" }', any_span(of_service("ts-travel-service"))),
    ('{ resource.service.name = "cartservice" }', any_span(of_service("cartservice"))),
    ('{ name =~ "SELECT ts\\\\..*" }', any_span(lambda s: re.fullmatch(r"SELECT ts\..*", s.name))),
    ('{ name !~ ".*[a-z].*" }', any_span(lambda s: not re.fullmatch(".*[a-z].*", s.name))),
    ("{ duration > 100ms }", any_span(lambda s: s.duration > 100 * MS)),
    ("{ duration >= 1ms && duration < 1200us }", any_span(lambda s: MS <= s.duration < 1_200_000)),
    ("{ status = error }", any_span(lambda s: s.status == "error")),
    ('{ status = error && resource.service.name != "ts-travel-service" }',
     any_span(lambda s: s.status == "error" and s.service != "ts-travel-service")),
    ("{ kind = producer || kind = consumer }", any_span(lambda s: s.kind in ("producer", "consumer"))),
    ('{ span.http.request.method = "POST" }', any_span(lambda s: s.attributes.get("http.request.method") == "POST")),
    ("{ span.db.operation.name = nil && kind = client }",
     any_span(lambda s: "db.operation.name" not in s.attributes and s.kind == "client")),
    ('{ resource.k8s.node.name = nil }', any_span(lambda s: "k8s.node.name" not in s.resource)),
    ('{ event:name =~ ".*Controller.*" }',
     any_span(lambda s: any(re.fullmatch(".*Controller.*", name) for name, _ in s.events))),
    ('{ .k8s.namespace.name = "hipster" && name = "hipstershop.CartService/GetCart" }',
     any_span(lambda s: s.resource.get("k8s.namespace.name") == "hipster" and
              s.name == "hipstershop.CartService/GetCart")),
    ("{ trace:duration > 2s && kind = server }", lambda t: any_span(lambda s: s.kind == "server")(t)
     if t.duration > 2000 * MS else []),
    ('{ trace:rootService = "frontend" && kind = client && duration > 20ms }', lambda t:
     any_span(lambda s: s.kind == "client" and s.duration > 20 * MS)(t) if t.root and t.root.service == "frontend"
     else []),
    ('{ resource.service.name = "ts-preserve-service" } >> { status = error }',
     both(of_service("ts-preserve-service"), lambda s: s.status == "error", descendant)),
    ('{ kind = server } > { name =~ ".*Controller.*" && kind = internal }',
     both(lambda s: s.kind == "server", lambda s: "Controller" in s.name and s.kind == "internal", child)),
    ('{ name = "SELECT ts.route_stations" } ~ { name = "SELECT ts.route_distances" }',
     both(lambda s: s.name == "SELECT ts.route_stations", lambda s: s.name == "SELECT ts.route_distances", sibling)),
    ('{ name = "SELECT ts.route_stations" } | count() > 4',
     counted(any_span(lambda s: s.name == "SELECT ts.route_stations"), 4)),
    ('{ kind = client } | avg(duration) > 50ms', lambda t:
     found if (found := any_span(lambda s: s.kind == "client")(t)) and
     sum(s.duration for s in found) / len(found) > 50 * MS else []),
    ('{ name = "no such name" }', any_span(lambda s: s.name == "no such name")),
]


class RealCase:
    """The tests; `files` says on what."""

    files = []

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="clew-real-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.data = cls.folder / "data"
        cls.traces = read_traces(cls.files)
        done = clew("import", "--data", cls.data, *cls.files, timeout=600)
        cls.imported = done.stdout + done.stderr
        if done.returncode != 0:
            raise AssertionError(f"clew import: exit {done.returncode}\n{cls.imported}")

    def check(self, traceql, expected, *where):
        done = clew("query", traceql, *where, "--limit", LIMIT, "-o", "json", timeout=300)
        wanted = {trace.id: len(spans) for trace in self.traces.values() if (spans := expected(trace))}
        self.assertEqual(done.returncode, 0 if wanted else 1, done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        got = {a["traceID"].zfill(32): sum(s["matched"] for s in a["spanSets"]) for a in answers}
        self.assertEqual(len(answers), len(got), "a trace came twice")
        self.assertEqual(got.keys(), wanted.keys(),
                         f"{len(got.keys() - wanted.keys())} too many, {len(wanted.keys() - got.keys())} missing")
        self.assertEqual(got, wanted, "matched spans of a trace")
        order = [(-int(a["startTimeUnixNano"]), a["traceID"].zfill(32)) for a in answers]
        self.assertEqual(order, sorted(order), "newest first, then by trace id")
        for a in answers:
            trace = self.traces[a["traceID"].zfill(32)]
            said = (a.get("rootServiceName"), a.get("rootTraceName"), int(a["startTimeUnixNano"]), a.get("durationMs", 0))
            self.assertEqual(said, (trace.root.service, trace.root.name, trace.start, trace.duration // MS))
        return len(wanted)

    def check_all(self, *where):
        found = 0
        for traceql, expected in QUERIES:
            with self.subTest(traceql):
                found += self.check(traceql, expected, *where)
        self.assertGreater(found, 100, "the queries say nothing about this data")

    def test_counts(self):
        spans = sum(len(trace.spans) for trace in self.traces.values())
        numbers = [int(n) for n in re.findall(r"\d+", self.imported.replace(",", ""))]
        self.assertIn(spans, numbers, self.imported)
        self.check("{ }", lambda trace: trace.spans, "--data", self.data)

    def test_folder(self):
        self.check_all("--data", self.data)

    def test_server(self):
        """The same from a server that opened the folder, and from one that was sent everything again and holds it live."""
        with Server(self.data) as server:
            self.check_all("--url", server.tempo)
        with Server() as server:
            clew_ok("import", "--url", server.otlp_http, *self.files, timeout=600)
            self.check_all("--url", server.tempo)

    def test_trace_round_trip(self):
        """`clew trace -o otlp` prints each of some traces as it was sent."""
        sent = {}
        for path in self.files:
            for line in read_lines(path):
                for key, span in spans_by_key(json.loads(line)):
                    sent.setdefault(key[0], {})[key] = span
        for trace_id in sorted(sent)[::max(1, len(sent) // 20)]:
            with self.subTest(trace_id):
                answer = clew_ok("trace", trace_id, "--data", self.data, "-o", "otlp")
                self.assertEqual(dict(spans_by_key(json.loads(answer))), sent[trace_id])


def spans_by_key(request):
    """((trace id, span id), the span with resource and scope) with attributes and events in a fixed order."""
    def ordered(holder):
        out = {**holder}
        if out.get("attributes"):
            out["attributes"] = sorted(out["attributes"], key=lambda pair: pair["key"])
        return {key: value for key, value in out.items() if value not in ("", [], {}, 0, "0")}

    for resource_spans in request["resourceSpans"]:
        for scope_spans in resource_spans["scopeSpans"]:
            for span in scope_spans["spans"]:
                whole = ordered(span)
                if "events" in whole:
                    whole["events"] = [ordered(event) for event in whole["events"]]
                status = ordered(span.get("status", {}))
                whole.pop("status", None)
                yield (span["traceId"], span["spanId"]), (whole, status, ordered(resource_spans["resource"]),
                                                          ordered(scope_spans.get("scope", {})))


class SampleTest(RealCase, unittest.TestCase):
    files = sorted(CORPUS.glob("*.jsonl.zst"))


class WholeTest(RealCase, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = os.environ.get("CLEW_TRACES")
        if not folder:
            raise unittest.SkipTest("CLEW_TRACES is not set: only the committed sample was used")
        cls.files = sorted(p for p in pathlib.Path(folder).iterdir() if re.search(r"\.jsonl(\.zst)?$", p.name))
        super().setUpClass()


if __name__ == "__main__":
    unittest.main()
