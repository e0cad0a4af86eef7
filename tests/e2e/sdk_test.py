#!/usr/bin/env python3
"""The real OpenTelemetry SDK sends; what it sent is found, by id and by search, as it was sent.

How long after the acknowledgement is printed (the promise is 100 ms); only far more than that is a failure here,
because a loaded machine must not fail a correct build.
"""
import json
import time
import unittest
import urllib.parse

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

from server import Server

FOUND_WITHIN_S = 2
EXPORTERS = {
    "grpc": lambda s: GrpcExporter(endpoint="http://" + s.endpoints["otlp_grpc"], insecure=True),
    "http": lambda s: HttpExporter(endpoint=s.otlp_http + "/v1/traces"),
    "http-gzip": lambda s: HttpExporter(endpoint=s.otlp_http + "/v1/traces", compression=Compression.Gzip),
}


def shop_spans(marker):
    """One trace with everything the SDK can say: every attribute type, events, an exception, links, states, kinds."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create(
        {"service.name": "shop", "service.version": "1.2.3", "host.cpus": 8, "deployment.blue": True}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("shop.checkout", "0.9", schema_url="https://opentelemetry.io/schemas/1.26.0",
                                 attributes={"scope.attribute": "yes"})
    other = trace.SpanContext(0x11223344556677881122334455667788, 0x1122334455667788, is_remote=True,
                              trace_state=trace.TraceState([("vendor", "value")]))
    with tracer.start_as_current_span("POST /checkout", kind=SpanKind.SERVER,
                                      links=[trace.Link(other, {"link.reason": "retry"})]) as root:
        root.set_attributes({
            "test.marker": marker, "text": "grüße, 世界 🙂", "empty": "", "flag": True, "off": False,
            "count": 42, "negative": -7, "big": 2**63 - 1, "small": -2**63, "ratio": 0.1, "huge": 1e308,
            "texts": ["a", "b", ""], "flags": [True, False], "counts": [1, -2, 3], "ratios": [0.5, -1.5], "none": [],
        })
        root.add_event("cache miss", {"cache.key": "cart-17", "attempt": 2})
        for kind in (SpanKind.INTERNAL, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER):
            with tracer.start_as_current_span(f"step {kind.name.lower()}", kind=kind) as span:
                span.set_attribute("http.response.status_code", 200)
        with tracer.start_as_current_span("charge card", kind=SpanKind.CLIENT) as span:
            span.record_exception(ValueError("card declined"))
            span.set_status(Status(StatusCode.ERROR, "card declined"))
        root.set_status(Status(StatusCode.OK))
    return memory.get_finished_spans()


def plain(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(v) for v in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: plain(pair.value) for pair in value.kvlist_value.values}
    return kind, getattr(value, kind) if kind else None


def pairs(attributes):
    return sorted((pair.key, plain(pair.value)) for pair in attributes)


def flat(resource_spans):
    """{span id: all of the span with its resource and scope}: what must be equal, whatever the grouping and order."""
    spans = {}
    for rs in resource_spans:
        for ss in rs.scope_spans:
            for span in ss.spans:
                assert span.span_id not in spans, f"span {span.span_id.hex()} twice"
                spans[span.span_id] = {
                    "resource": pairs(rs.resource.attributes), "resource_schema": rs.schema_url,
                    "scope": (ss.scope.name, ss.scope.version, pairs(ss.scope.attributes), ss.schema_url),
                    "ids": (span.trace_id, span.parent_span_id, span.trace_state, span.flags),
                    "what": (span.name, span.kind, span.status.code, span.status.message),
                    "times": (span.start_time_unix_nano, span.end_time_unix_nano),
                    "attributes": pairs(span.attributes),
                    "events": [(e.time_unix_nano, e.name, pairs(e.attributes)) for e in span.events],
                    "links": [(k.trace_id, k.span_id, k.trace_state, pairs(k.attributes)) for k in span.links],
                    "dropped": (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count),
                }
    return spans


def trace_of_v2(body):
    """The Trace inside a TraceByIDResponse: field 1. (TraceByIDResponse has no published class; field 1 of TracesData
    is the same wire form one level deeper.)"""
    outer = TracesData.FromString(b"")
    position, tag = 1, body[0]
    assert tag == 0x0A, body[:16]
    length, shift = 0, 0
    while True:
        byte = body[position]
        length |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            break
    outer.ParseFromString(body[position:position + length])
    return outer


class SdkTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.enterClassContext(cls.server)

    def wait_until(self, what, ask):
        """Asks until there is an answer; prints how long after the acknowledgement that was."""
        begin = time.perf_counter()
        while True:
            answer = ask()
            elapsed = time.perf_counter() - begin
            if answer is not None:
                print(f"{what}: found {elapsed * 1000:.1f} ms after the acknowledgement")
                return answer
            self.assertLess(elapsed, FOUND_WITHIN_S, f"{what}: not found\n{self.server.log()}")

    def by_id(self, trace_id):
        status, body = self.server.get(f"/api/v2/traces/{trace_id}", accept="application/protobuf")
        self.assertEqual(status, 200, body)
        return trace_of_v2(body) if b"checkout" in body else None

    def by_search(self, query):
        answer = self.server.get_json("/api/search?" + urllib.parse.urlencode({"q": query}))
        return answer["traces"] if answer.get("traces") else None

    def check_exporter(self, name):
        spans = shop_spans(name)
        trace_id = f"{spans[0].context.trace_id:032x}"
        exporter = EXPORTERS[name](self.server)
        self.addCleanup(exporter.shutdown)
        self.assertEqual(exporter.export(spans), SpanExportResult.SUCCESS, self.server.log())
        got = self.wait_until(f"{name}, by id", lambda: self.by_id(trace_id))
        found = self.wait_until(f"{name}, by search", lambda: self.by_search(f'{{ .test.marker = "{name}" }}'))

        self.assertEqual(flat(got.resource_spans), flat(encode_spans(spans).resource_spans))
        self.assertEqual([t["traceID"].zfill(32) for t in found], [trace_id])
        self.assertEqual((found[0]["rootServiceName"], found[0]["rootTraceName"]), ("shop", "POST /checkout"))

    def test_grpc(self):
        self.check_exporter("grpc")

    def test_http(self):
        self.check_exporter("http")

    def test_http_gzip(self):
        self.check_exporter("http-gzip")

    def test_json_and_v1(self):
        spans = shop_spans("json")
        trace_id = f"{spans[0].context.trace_id:032x}"
        exporter = EXPORTERS["http"](self.server)
        self.addCleanup(exporter.shutdown)
        exporter.export(spans)
        v2 = self.server.get_json(f"/api/v2/traces/{trace_id}")["trace"]["resourceSpans"]
        v1 = self.server.get_json(f"/api/traces/{trace_id}")["batches"]
        for batches in (v1, v2):
            names = sorted(s["name"] for rs in batches for ss in rs["scopeSpans"] for s in ss["spans"])
            self.assertEqual(names, sorted(span.name for span in spans))
        status, body = self.server.get(f"/api/traces/{trace_id}", accept="application/protobuf")
        self.assertEqual(status, 200)
        self.assertEqual(flat(TracesData.FromString(body).resource_spans), flat(encode_spans(spans).resource_spans))

    def test_searches(self):
        marker = "searches"
        exporter = EXPORTERS["grpc"](self.server)
        self.addCleanup(exporter.shutdown)
        exporter.export(shop_spans(marker))
        here = f'span.test.marker = "{marker}"'
        for condition, matches in {
            "span.count = 42": True, "span.count > 42": False, "span.big = 9223372036854775807": True,
            "span.negative < 0": True, "span.ratio = 0.1": True, "span.flag = true": True, "span.off = true": False,
            'span.text = "grüße, 世界 🙂"': True, 'span.text =~ "grüße.*"': True, "resource.host.cpus = 8": True,
            'resource.service.name = "shop"': True, 'span.service.name = "shop"': False, "kind = server": True,
            "status = ok": True, "status = error": False, 'name = "POST /checkout"': True,
            'event:name = "cache miss"': True, 'event.cache.key = "cart-17"': True, 'link.link.reason = "retry"': True,
            'instrumentation:name = "shop.checkout"': True, 'instrumentation.scope.attribute = "yes"': True,
        }.items():
            with self.subTest(condition):
                self.assertEqual(self.by_search(f"{{ {here} && {condition} }}") is not None, matches)
        for query in (f'{{ {here} }} >> {{ status = error }}', f'{{ {here} }} > {{ name = "charge card" }}',
                      f'{{ event:name = "exception" && event.exception.type = "ValueError" }} << {{ {here} }}',
                      f'{{ {here} }} >> {{ kind = client }} | count() = 2'):
            with self.subTest(query):
                self.assertIsNotNone(self.by_search(query), json.dumps(query))


if __name__ == "__main__":
    unittest.main()
