#!/usr/bin/env python3
"""Bad input and limits, against the real server: each row of what must be refused, cut or kept, and the server lives on."""
import gzip
import http.client
import json
import os
import socket
import time
import unittest
import zlib

import grpc
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from server import Server

PROTOBUF, JSON = "application/x-protobuf", "application/json"
MIB = 1 << 20


def text(key, value):
    return KeyValue(key=key, value=AnyValue(string_value=value))


def a_span(**fields):
    now = time.time_ns()
    return Span(**{"trace_id": os.urandom(16), "span_id": os.urandom(8), "name": "a span", "start_time_unix_nano": now,
                   "end_time_unix_nano": now + 1000, **fields})


def request(*spans):
    out = ExportTraceServiceRequest()
    out.resource_spans.add().scope_spans.add().spans.extend(spans)
    return out


class LimitsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(None, "--set", "limits.request_bytes=4MiB", "--set", "net.header_timeout=500ms",
                            "--set", "net.body_timeout=500ms", "--set", "net.request_timeout=2s",
                            "--set", "cors.origins=https://app.example")
        cls.enterClassContext(cls.server)

    def tearDown(self):
        self.assertEqual(self.server.get("/ready")[0], 200, self.server.log())

    def post(self, body, content_type=PROTOBUF, path="/v1/traces", method="POST", **headers):
        connection = http.client.HTTPConnection(self.server.endpoints["otlp_http"], timeout=30)
        self.addCleanup(connection.close)
        try:
            connection.request(method, path, body, {"Content-Type": content_type, **headers})
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of the body was sent: the answer is there
        answer = connection.getresponse()
        return answer, answer.read()

    def accepted(self, spans):
        """Sends spans that must be taken whole; gives back the first as the server has it now."""
        answer, body = self.post(request(*spans).SerializeToString())
        self.assertEqual(answer.status, 200, body)
        self.assertEqual(ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans, 0)
        return self.stored(spans[0])

    def stored(self, span):
        status, body = self.server.get(f"/api/traces/{span.trace_id.hex()}", accept="application/protobuf")
        if status == 404:
            return None
        self.assertEqual(status, 200, body)
        found = [s for rs in TracesData.FromString(body).resource_spans for ss in rs.scope_spans for s in ss.spans]
        return next((s for s in found if s.span_id == span.span_id), None)

    def metric(self, name):
        _, body = self.server.get("/metrics", accept="text/plain")
        lines = [line for line in body.decode().splitlines() if line.startswith(name)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def test_damaged_protobuf(self):
        good = a_span()
        whole = request(good, a_span()).SerializeToString()
        for name, body in (("cut", whole[:-5]), ("wrong wire type", b"\x09" + whole), ("noise", os.urandom(2000))):
            with self.subTest(name):
                answer, error = self.post(body)
                self.assertEqual((answer.status, answer.getheader("Content-Type")), (400, PROTOBUF), error)
                self.assertIsNone(self.stored(good), "nothing of a refused request is stored")

    def test_damaged_json(self):
        answer, error = self.post(b'{"resourceSpans": [{"scopeSpans": [', JSON)
        self.assertEqual(answer.status, 400)
        self.assertTrue(json.loads(error)["message"])

    def test_nested_too_deep(self):
        value = AnyValue(string_value="deep")
        for _ in range(30):
            value = AnyValue(array_value={"values": [value]})
        kept = self.accepted([a_span(attributes=[KeyValue(key="deep", value=value)])])
        self.assertEqual(kept.attributes[0].value, value)
        # Built by hand: Python's own reader and writer stop at 100 levels. ArrayValue.values in AnyValue.array_value.
        nested = b"\x0a\x01x"
        for _ in range(200):
            array = b"\x0a" + varint(len(nested)) + nested
            nested = b"\x2a" + varint(len(array)) + array
        good = a_span()
        pair = b"\x0a\x01k\x12" + varint(len(nested)) + nested
        span = good.SerializeToString() + b"\x4a" + varint(len(pair)) + pair
        for field in (b"\x12", b"\x12", b"\x0a"):  # spans, scope_spans, resource_spans
            span = field + varint(len(span)) + span
        answer, error = self.post(span)
        self.assertEqual(answer.status, 400, error)
        self.assertIsNone(self.stored(good))

    def test_bad_ids(self):
        for name, bad in (("zero trace id", {"trace_id": bytes(16)}), ("zero span id", {"span_id": bytes(8)}),
                          ("short trace id", {"trace_id": b"12345678"}), ("no span id", {"span_id": b""})):
            with self.subTest(name):
                good = a_span()
                before = self.metric("clew_receive_rejected_spans_total")
                answer, body = self.post(request(good, a_span(**bad)).SerializeToString())
                partial = ExportTraceServiceResponse.FromString(body).partial_success
                self.assertEqual((answer.status, partial.rejected_spans), (200, 1))
                self.assertIn("id", partial.error_message)
                self.assertIsNotNone(self.stored(good), "the good span is kept")
                self.assertEqual(self.metric("clew_receive_rejected_spans_total"), before + 1)

    def test_end_before_start(self):
        span = a_span(start_time_unix_nano=2_000_000_000_000_000_000, end_time_unix_nano=1_999_999_999_000_000_000)
        self.assertEqual(self.accepted([span]).end_time_unix_nano, span.end_time_unix_nano)

    def test_invalid_utf8(self):
        span = a_span(attributes=[text("k", "bad:XX:end")])
        body = request(span).SerializeToString().replace(b"XX", b"\xff\xfe")
        answer, error = self.post(body)
        self.assertEqual(answer.status, 200, error)
        self.assertRegex(self.stored(span).attributes[0].value.string_value, "^bad:\ufffd+:end$")

    def test_many_attributes(self):
        kept = self.accepted([a_span(attributes=[text(f"key{i:04}", "v") for i in range(5000)])])
        self.assertEqual((len(kept.attributes), kept.dropped_attributes_count), (4096, 5000 - 4096))

    def test_long_value(self):
        kept = self.accepted([a_span(attributes=[text("long", "x" * (2 * MIB)), text("short", "y")])])
        self.assertEqual({pair.key for pair in kept.attributes} & {"short"}, {"short"})
        lengths = [len(pair.value.string_value) for pair in kept.attributes]
        self.assertLessEqual(max(lengths), MIB)

    def test_too_large(self):
        big = request(*[a_span(name="n" * 1000) for _ in range(5000)]).SerializeToString()
        self.assertGreater(len(big), 4 * MIB)
        bomb = bytes(64 * MIB)
        for name, body, encoding in (("plain", big, None), ("gzip", gzip.compress(big), "gzip"),
                                     ("bomb", gzip.compress(bomb), "gzip"), ("deflate bomb", zlib.compress(bomb), "deflate")):
            for content_type, message in ((PROTOBUF, Status.FromString), (JSON, json.loads)):
                with self.subTest((name, content_type)):
                    answer, error = self.post(body, content_type, **({"Content-Encoding": encoding} if encoding else {}))
                    self.assertEqual((answer.status, answer.getheader("Content-Type")), (413, content_type))
                    self.assertIn("4194304", str(message(error)))

    def test_unknown_forms(self):
        body = request(a_span()).SerializeToString()
        self.assertEqual(self.post(body, "text/plain")[0].status, 415)
        self.assertEqual(self.post(body, **{"Content-Encoding": "br"})[0].status, 415)
        answer, _ = self.post(None, method="GET")
        self.assertEqual((answer.status, answer.getheader("Allow")), (405, "POST"))
        self.assertEqual(self.post(body, path="/v1/metrics")[0].status, 404)
        self.assertEqual(self.post(b"not gzip", **{"Content-Encoding": "gzip"})[0].status, 400)

    def test_encodings(self):
        for encoding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)):
            with self.subTest(encoding):
                span = a_span()
                answer, body = self.post(pack(request(span).SerializeToString()), **{"Content-Encoding": encoding})
                self.assertEqual(answer.status, 200, body)
                self.assertIsNotNone(self.stored(span))

    def test_empty_request(self):
        answer, body = self.post(b"")
        self.assertEqual((answer.status, body), (200, b""))
        answer, body = self.post(b"{}", JSON)
        self.assertEqual((answer.status, json.loads(body)), (200, {}))

    def test_same_request_twice(self):
        spans = [a_span(trace_id=b"same" * 4) for _ in range(3)]
        for _ in range(3):
            self.accepted(spans)
        answer = self.server.get_json(f"/api/v2/traces/{spans[0].trace_id.hex()}")
        count = sum(len(ss["spans"]) for rs in answer["trace"]["resourceSpans"] for ss in rs["scopeSpans"])
        self.assertEqual(count, 3)

    def test_bad_queries(self):
        for path in ("/api/search?q=%7B+name+%3D+%7D", "/api/search?q=%7B%7D&limit=0", "/api/search?q=%7B%7D&start=20&end=10",
                     "/api/search?q=%7B%7D&spss=1000", "/api/search?q=%7B%7D&tags=a%3Db", "/api/traces/nothex",
                     "/api/search?q=%7B+name+%3E+true+%7D", "/api/traces/" + "a" * 33):
            with self.subTest(path):
                status, body = self.server.get(path)
                self.assertEqual(status, 400, body)
                self.assertFalse(body.startswith(b"{"), "errors are plain text")
        self.assertEqual(self.server.get("/api/nonsense")[0], 404)
        self.assertEqual(self.server.get("/api/traces/" + "ab" * 16)[0], 404)

    def raw(self, sent, port="otlp_http"):
        """Sends bytes as they are; the connection, from which all answers can be read."""
        host, number = self.server.endpoints[port].split(":")
        connection = socket.create_connection((host, int(number)), timeout=30)
        self.addCleanup(connection.close)
        connection.sendall(sent)
        return connection

    def test_forms_of_http1(self):
        head = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: {PROTOBUF}\r\n".encode()
        spans = [a_span() for _ in range(4)]
        bodies = [request(span).SerializeToString() for span in spans]
        sized = [head + f"Content-Length: {len(b)}\r\n\r\n".encode() + b for b in bodies]
        chunks = b"".join(b"1;x=y\r\n" + bytes([byte]) + b"\r\n" for byte in bodies[2])
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
        last = b"Connection: close\r\n"
        answers = self.raw(sized[0] + sized[1] + chunked + sized[3].replace(b"Host", last + b"Host")).makefile("rb").read()
        self.assertEqual(answers.count(b"HTTP/1.1 200 OK"), 4, "pipelined, sized and chunked")
        for span in spans:
            self.assertIsNotNone(self.stored(span))

    def test_expect_continue(self):
        head = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nExpect: 100-continue\r\nContent-Length: "
        wanted = self.raw(head.encode() + b"2\r\n\r\n")
        self.assertEqual(wanted.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
        wanted.sendall(b"{}")
        self.assertIn(b"200 OK", wanted.recv(1000))
        refused = self.raw(head.encode() + str(5 * MIB).encode() + b"\r\n\r\n").makefile("rb").read()
        self.assertTrue(refused.startswith(b"HTTP/1.1 413"), "without waiting for the body")
        self.assertIn(b'{"code":8,', refused)

    def test_wrong_port(self):
        """OTLP that was sent to the other one of 4317 and 4318, or to Tempo's port, is served (on loopback)."""
        for port in ("otlp_http", "otlp_grpc", "tempo"):
            with self.subTest(port), grpc.insecure_channel(self.server.endpoints[port]) as channel:
                spans = [a_span(), a_span()]
                TraceServiceStub(channel).Export(request(spans[0]), timeout=30)
                body = request(spans[1]).SerializeToString()
                connection = http.client.HTTPConnection(self.server.endpoints[port], timeout=30)
                self.addCleanup(connection.close)
                connection.request("POST", "/v1/traces", body, {"Content-Type": PROTOBUF})
                self.assertEqual(connection.getresponse().status, 200)
                for span in spans:
                    self.assertIsNotNone(self.stored(span))

    def test_too_large_for_grpc(self):
        """A client of another make hears RESOURCE_EXHAUSTED, also when the server stops reading; its channel lives on."""
        address, unlimited = self.server.endpoints["otlp_grpc"], [("grpc.max_send_message_length", -1)]
        with grpc.insecure_channel(address, options=unlimited) as channel:
            export = TraceServiceStub(channel).Export
            for size in (5 * MIB, 40 * MIB):
                with self.subTest(size), self.assertRaises(grpc.RpcError) as caught:
                    export(request(a_span(name="n" * size)), timeout=30)
                self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED, caught.exception)
                self.assertIn("4194304", caught.exception.details())
            with self.assertRaises(grpc.RpcError) as caught:
                export(request(a_span(name="n" * (8 * MIB))), timeout=30, compression=grpc.Compression.Gzip)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED, caught.exception)
            span = a_span()
            export(request(span), timeout=30, compression=grpc.Compression.Gzip)
            self.assertIsNotNone(self.stored(span))

    def test_pages_of_other_origins(self):
        """A browser may send from the origins that are named, and is told so with every answer."""
        asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type"}
        answer, _ = self.post(None, method="OPTIONS", **asks)
        self.assertEqual((answer.status, answer.getheader("Access-Control-Allow-Origin"),
                          answer.getheader("Access-Control-Allow-Headers")), (204, "https://app.example", "content-type"))
        answer, _ = self.post(b"{}", JSON, Origin="https://app.example")
        self.assertEqual((answer.status, answer.getheader("Access-Control-Allow-Origin")), (200, "https://app.example"))
        answer, _ = self.post(None, method="OPTIONS", **{**asks, "Origin": "https://other.example"})
        self.assertEqual((answer.status, answer.getheader("Access-Control-Allow-Origin")), (405, None))

    def test_slow_clients(self):
        """Neither a request that never ends nor one that never begins holds a connection for ever."""
        host, port = self.server.endpoints["otlp_http"].split(":")
        endless = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        for name, sent, more in (
                ("half a header", b"POST /v1/traces HT", b""),
                ("half a body", b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", b""),
                ("a body in drops", endless, b"1\r\nx\r\n")):
            with self.subTest(name), socket.create_connection((host, int(port)), timeout=0.1) as connection:
                connection.sendall(sent)
                for _ in range(300):
                    try:
                        if not connection.recv(4096):
                            break  # after an answer, perhaps
                    except TimeoutError:
                        connection.sendall(more)
                    except ConnectionResetError:
                        break
                else:
                    self.fail("the connection is still open")

    def test_garbage_on_the_wire(self):
        for name in ("otlp_grpc", "otlp_http", "tempo"):
            host, port = self.server.endpoints[name].split(":")
            for garbage in (os.urandom(500), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + os.urandom(500), b"\r\n\r\n\r\n"):
                with self.subTest((name, garbage[:8])), socket.create_connection((host, int(port)), timeout=30) as connection:
                    connection.sendall(garbage)
                    connection.shutdown(socket.SHUT_WR)
                    try:
                        while connection.recv(4096):
                            pass
                    except ConnectionResetError:
                        pass


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


if __name__ == "__main__":
    unittest.main()
