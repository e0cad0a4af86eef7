#!/usr/bin/env python3
"""The shop of the examples, six processes traced with the client library, against a real `clew serve`."""
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import unittest

from server import CLEW, Server, clew_ok

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOP = os.environ.get("CLEW_SHOP") or str(ROOT / "build/test/example_shop")
RUN = ROOT / "examples/shop/run"
SIX = ["fulfilment", "gateway", "inventory", "payment", "pricing", "queue"]


def load_run():
    loader = importlib.machinery.SourceFileLoader("shop_run", str(RUN))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


sys.dont_write_bytecode = True
run = load_run()


def sell(server, orders, fault=""):
    """The trace ids of so many orders, once all spans have been sent."""
    with run.Shop(SHOP, server.otlp_http, fault) as shop:
        traces, taken = run.sell(shop, orders, stay=False)
    assert taken == orders, f"{taken} of {orders} orders taken"
    return traces


def spans_of(server, trace_id):
    """[(service, span as OTLP JSON)] of a trace."""
    trace = json.loads(clew_ok("trace", trace_id, "--url", server.tempo, "-o", "otlp"))
    spans = []
    for resource in trace["resourceSpans"]:
        service = next(a["value"]["stringValue"] for a in resource["resource"]["attributes"] if a["key"] == "service.name")
        spans += [(service, span) for scope in resource["scopeSpans"] for span in scope["spans"]]
    return spans


def attributes(span):
    return {pair["key"]: next(iter(pair["value"].values())) for pair in span.get("attributes", [])}


class ShopTest(unittest.TestCase):
    def expect_unbroken(self, spans):
        """One root, and each other span's parent is there."""
        ids = {span["spanId"] for _, span in spans}
        self.assertEqual(len(ids), len(spans))
        roots = [(service, span["name"]) for service, span in spans if not span.get("parentSpanId")]
        self.assertEqual(roots, [("gateway", "POST /orders")])
        self.assertEqual([span["name"] for _, span in spans if span.get("parentSpanId", "") not in ids | {""}], [])

    def test_one_unbroken_trace_through_six_processes(self):
        with Server() as server:
            for trace in sell(server, 3):
                spans = spans_of(server, trace)
                self.expect_unbroken(spans)
                self.assertEqual(sorted({service for service, _ in spans}), SIX)
                by_name = {(service, span["name"]): span for service, span in spans}
                by_id = {span["spanId"]: (service, span["name"]) for service, span in spans}
                chain, at = [], by_name["payment", "charge card"]
                while at:
                    chain.append(by_id[at["spanId"]])
                    at = next((span for _, span in spans if span["spanId"] == at.get("parentSpanId")), None)
                self.assertEqual(chain, [("payment", "charge card"), ("payment", "POST /charge"), ("fulfilment", "POST"),
                                         ("fulfilment", "process orders"), ("pricing", "send orders"),
                                         ("pricing", "POST /price"), ("gateway", "POST"), ("gateway", "POST /orders")])
                self.assertEqual(by_id[by_name["queue", "POST /enqueue"]["parentSpanId"]], ("pricing", "POST"))
                insert = by_name["inventory", "INSERT reservation"]
                self.assertEqual(attributes(insert)["db.system.name"], "sqlite")
                self.assertEqual([name for (_, name), span in by_name.items() if span.get("status", {}).get("code")], [])

    def test_broken_propagation_breaks_it(self):
        with Server() as server:
            (trace,) = sell(server, 1, "broken-propagation")
            spans = spans_of(server, trace)
            self.expect_unbroken(spans)
            self.assertEqual(sorted({service for service, _ in spans}), ["gateway", "pricing", "queue"])
            (other,) = clew_ok("query", '{ resource.service.name = "fulfilment" && name = "process orders" }', "--url",
                               server.tempo, "-o", "json").splitlines()
            self.assertEqual(sorted({service for service, _ in spans_of(server, json.loads(other)["traceID"])}),
                             ["fulfilment", "inventory", "payment"])

    def test_faults_can_be_seen(self):
        cases = {"errors": '{ resource.service.name = "payment" && name = "charge card" && status = error }',
                 "latency": '{ resource.service.name = "payment" && name = "charge card" && duration > 290ms }',
                 "retry-storm": '{ resource.service.name = "fulfilment" && span.http.request.resend_count = 7 }',
                 "pool-exhaustion": '{ resource.service.name = "inventory" && name = "wait for connection" && '
                                    'span.db.client.connection.max = 1 }',
                 "lock-contention": '{ name = "look up price" && duration > 29ms }'}
        with Server() as server:
            with run.Shop(SHOP, server.otlp_http) as shop:
                for number, fault in enumerate(cases):
                    shop.set_faults(fault)
                    for i in range(3):
                        shop.order(i)
                    shop.wait_until_handled(3 * (number + 1))
            for fault, query in cases.items():
                with self.subTest(fault):
                    self.assertNotEqual(clew_ok("query", query, "--url", server.tempo, "-o", "json").splitlines(), [])

    def test_the_command(self):
        done = subprocess.run([sys.executable, RUN, "--orders", "2", "--shop", SHOP, "--clew", CLEW], capture_output=True,
                              text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("2 of 2 orders taken and handled", done.stdout)
        done = subprocess.run([sys.executable, RUN, "--shop", SHOP, "--otlp", "http://127.0.0.1:1", "--fault", "nonsense"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such fault", done.stderr)


if __name__ == "__main__":
    unittest.main()
