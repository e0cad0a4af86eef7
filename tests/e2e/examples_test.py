#!/usr/bin/env python3
"""The examples of the client library, each run as its first lines say; the shop has a test of its own."""
import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import signal
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = pathlib.Path(os.environ.get("CLEW_EXAMPLES") or ROOT / "build/test")
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def environment():
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return {**clean, "OTEL_TRACES_EXPORTER": "console"}


def spans_of(output):
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def run(name):
    """(what it printed beside spans, its spans)."""
    done = subprocess.run([EXAMPLES / f"example_{name}"], capture_output=True, text=True, timeout=60, env=environment())
    assert done.returncode == 0, f"{name}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return [line for line in done.stdout.splitlines() if not line.startswith("{")], spans_of(done.stdout)


class Service:
    """Context manager: a server among the examples, which prints its port and then spans; at its end all of these."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.process = subprocess.Popen([EXAMPLES / f"example_{self.name}"], stdout=subprocess.PIPE, text=True,
                                        env=environment())
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.spans = spans_of(self.process.communicate(timeout=20)[0])
        assert self.process.returncode == 0, f"{self.name}: exit {self.process.returncode}"


def post(url, body, headers=()):
    request = urllib.request.Request(url, data=body.encode(), method="POST", headers=dict(headers))
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status


def raw_post(url, path, body, headers):
    """A POST in which a name of a header may be there twice."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    connection.putrequest("POST", path)
    for name, value in [*headers, ("Content-Length", str(len(body)))]:
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    status = connection.getresponse().status
    connection.close()
    return status


class Callee:
    """Context manager: takes POSTs and keeps their headers and bodies."""

    def __enter__(self):
        self.got = got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append((self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"])).decode()))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class ExamplesTest(unittest.TestCase):
    def expect_tree(self, spans, parents):
        """`parents`: for each name of a span that of its parent, None for the root."""
        by_id = {span["spanId"]: span for span in spans}
        self.assertEqual(len({span["traceId"] for span in spans}), 1)
        found = {(span["operationName"], by_id[span["parentSpanId"]]["operationName"] if span["parentSpanId"] else None)
                 for span in spans}
        self.assertEqual(found, set(parents.items()))

    def test_thread_pool(self):
        _, spans = run("thread_pool")
        self.assertEqual(len(spans), 10)
        self.expect_tree(spans, {"count book": None, "count words": "count book"})

    def test_client_and_server(self):
        said, spans = run("client_server")
        self.assertEqual(said, ["200 hello world"])
        self.expect_tree(spans, {"visit": None, "POST": "visit", "POST /greeting": "POST",
                                 "compose greeting": "POST /greeting"})

    def test_producer_and_consumer(self):
        said, spans = run("kafka")
        self.assertEqual(said, ["3 of 3 messages came"])
        self.expect_tree(spans, {"take orders": None, "send orders": "take orders", "process orders": "send orders",
                                 "pack": "process orders"})
        self.assertEqual(len(spans), 10)

    def test_coroutine_server(self):
        traces = [f"{i + 1:032x}" for i in range(40)]
        with Service("coroutine_server") as service:
            def visit(trace):
                return post(service.url + "/x", "", {"traceparent": f"00-{trace}-{PARENT}-01"})

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                self.assertEqual(set(pool.map(visit, traces)), {200})
        for trace in traces:
            spans = {span["operationName"]: span for span in service.spans if span["traceId"] == trace}
            self.assertEqual(sorted(spans), ["POST", "render", "wait for disk"])
            self.assertEqual(spans["POST"]["parentSpanId"], PARENT)
            self.assertEqual(spans["wait for disk"]["parentSpanId"], spans["POST"]["spanId"])
            self.assertEqual(spans["render"]["parentSpanId"], spans["wait for disk"]["spanId"])
        self.assertEqual(len(service.spans), 3 * len(traces))

    def test_w3c_service(self):
        with Callee() as callee, Service("w3c_service") as service:
            arguments = [{"url": callee.url + "/deep", "arguments": ["\"]}", {"a": [1, None]}]}]
            asked = [{"url": callee.url + "/a", "arguments": []}, {"arguments": {"x": "y"}, "url": callee.url + "/b"},
                     {"url": service.url + "/test", "arguments": arguments}]
            headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "foo=1,bar=2"}
            self.assertEqual(post(service.url + "/test", json.dumps(asked), headers), 200)
            self.assertEqual([(path, json.loads(body)) for path, _, body in callee.got],
                             [("/a", []), ("/b", {"x": "y"}), ("/deep", arguments[0]["arguments"])])
            parents = [headers["traceparent"].split("-") for _, headers, _ in callee.got]
            self.assertEqual({(version, trace, flags) for version, trace, _, flags in parents}, {("00", TRACE, "01")})
            self.assertEqual(len({parent for _, _, parent, _ in parents} | {PARENT}), 4)
            self.assertEqual({headers["tracestate"] for _, headers, _ in callee.got}, {"foo=1,bar=2"})
            callee.got.clear()
            twice = [("traceparent", f"00-{TRACE}-{PARENT}-01"), ("traceparent", f"00-{'a' * 32}-{PARENT}-01")]
            self.assertEqual(raw_post(service.url, "/test", json.dumps(asked[:1]), twice), 200)
            self.assertNotIn(callee.got[0][1]["traceparent"].split("-")[1], (TRACE, "a" * 32))
            for bad in ("", "{}", "[", "[{}]", '[{"url": "x"}', "[" * 1000, '[{"url": "nowhere", "arguments": 1}]'):
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    post(service.url + "/test", bad)
                self.assertEqual(refused.exception.code, 400, bad)
            self.assertEqual(post(service.url + "/test", "[]"), 200)


if __name__ == "__main__":
    unittest.main()
