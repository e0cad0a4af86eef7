"""How long after its acknowledgement a span is found, by id and by search: asked again and again until it is there."""
import http.client
import json
import secrets
import time
import urllib.parse

import load
from figures import at_most
from server import Server

TITLE = "Found after the acknowledgement, ms, the longest of all samples"
ASKED_MS = 100
GIVE_UP_SECONDS = 60


class Prober:
    """One connection to send by and one to ask by."""

    def __init__(self, server):
        self._otlp = http.client.HTTPConnection(server.endpoints["otlp_http"])
        self._tempo = http.client.HTTPConnection(server.endpoints["tempo"])

    def send(self):
        """Sends a span and waits for its acknowledgement; its trace id."""
        trace, now = secrets.token_hex(16), time.time_ns()
        span = {"traceId": trace, "spanId": secrets.token_hex(8), "name": "probe", "kind": 2,
                "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 1000),
                "attributes": [{"key": "probe.id", "value": {"stringValue": trace}}]}
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "probe"}}]}
        body = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]})
        self._otlp.request("POST", "/v1/traces", body, {"Content-Type": "application/json"})
        answer = self._otlp.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        return trace

    def _get(self, path):
        self._tempo.request("GET", path)
        answer = self._tempo.getresponse()
        return answer.status, answer.read()

    def by_id(self, trace):
        return self._get(f"/api/traces/{trace}")[0] == 200

    def by_search(self, trace):
        query = urllib.parse.quote(f'{{ span.probe.id = "{trace}" }}')
        status, body = self._get(f"/api/search?limit=20&q={query}")
        return status == 200 and trace.lstrip("0") in body.decode()


def longest_ms(prober, found, samples):
    longest = 0
    for _ in range(samples):
        trace = prober.send()
        acknowledged = time.perf_counter()
        while not found(prober, trace):
            if time.perf_counter() - acknowledged > GIVE_UP_SECONDS:
                return None
        longest = max(longest, (time.perf_counter() - acknowledged) * 1000)
    return longest


def run(figures, sizes):
    rate = int(sizes.measured.get("spans_per_second", 400_000))
    for name, options in (("no other load", None), ("half of the greatest rate", ["--rate", rate // 2]),
                          ("as fast as it goes", [])):
        with Server("store.segment_rows=262144", "store.idle=0s") as server:
            prober = Prober(server)

            def measure():
                for way, found in (("by id", Prober.by_id), ("by search", Prober.by_search)):
                    figures.row(f"{way}, {name} ({sizes.probes} samples)", longest_ms(prober, found, sizes.probes),
                                at_most(ASKED_MS), digits=1,
                                elsewhere="6 / 20,100" if way == "by id" else "30,000 / 1,000")

            if options is None:
                measure()
                continue
            # More than can be taken while it is measured; ended then.
            with load.Background(server, 1_000_000_000, options=options) as background:
                measure()
                assert background.running(), "the load ended before the measurement did"
