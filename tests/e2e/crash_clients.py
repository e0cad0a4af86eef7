"""Those who send, read and erase while servers come and go."""
import http.client
import itertools
import json
import random
import threading
import time
import urllib.parse

from server import clew, http_get

COME_AGAIN = (429, 503)


class Client(threading.Thread):
    """Something that goes on while servers come and go: step() is called with the address of the present one."""

    def __init__(self, truth, seed):
        super().__init__(daemon=True)
        self.truth, self.chance = truth, random.Random(seed)
        self.address = {}  # the server's endpoints; empty while there is none
        self.ended = threading.Event()
        self.wrong, self.steps = [], 0

    def run(self):
        while not self.ended.wait(0.002):
            if not (endpoints := self.address):
                continue
            try:
                self.step(endpoints)
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)  # the server is being killed or started


def post(address, path, body, headers=None, timeout=20):
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Sender(Client):
    """Sends traces in up to three requests each; a request without an answer is sent again, as SDKs do."""

    def __init__(self, truth, seed):
        super().__init__(truth, seed)
        self.unanswered, self.under_way = [], []
        self.number = itertools.count()

    def step(self, endpoints):
        if not self.unanswered:
            self.unanswered = self.requests()
            self.under_way = sorted({trace_id for _, counts, _ in self.unanswered for trace_id in counts})
        body, counts, number = self.unanswered[0]
        self.truth.sending(number, counts, time.time_ns())
        status, said = post(endpoints["otlp_http"], "/v1/traces", body)
        if status == 200:
            self.truth.acknowledged(number, counts)
            self.steps += 1
            self.unanswered.pop(0)
            if not self.unanswered:
                self.truth.complete(self.under_way)
        elif status not in COME_AGAIN:
            self.wrong.append(f"POST /v1/traces: {status} {said[:200]}")

    def requests(self):
        now = time.time_ns()
        parts = [([], {}, next(self.number)) for _ in range(self.chance.randint(1, 3))]
        for _ in range(10):
            trace_id = self.chance.randbytes(16).hex()
            for number in range(self.chance.randint(1, 20)):
                spans, counts, _ = self.chance.choice(parts)
                counts[trace_id] = counts.get(trace_id, 0) + 1
                spans.append({"traceId": trace_id, "spanId": self.chance.randbytes(8).hex(), "name": f"step {number}",
                              "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + number)})
        return [(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}), counts, number)
                for spans, counts, number in parts if spans]


class Reader(Client):
    """Asks for traces in a loop: recent ones, any, and erased ones, these by a search as well."""

    def step(self, endpoints):
        with self.truth.lock:
            known = [trace_id for trace_id, trace in self.truth.traces.items() if trace.least()]
            erased = list(self.truth.erased)
        if not known:
            return
        which = self.chance.random()
        if erased and which < 0.2:
            trace_id = self.chance.choice(erased)
            if which < 0.1:
                self.search(endpoints, trace_id)
        else:
            trace_id = self.chance.choice(known[-100:] if which < 0.6 else known)
        before = self.truth.before_reading(trace_id)
        status, body = http_get(endpoints["tempo"], f"/api/v2/traces/{trace_id}", timeout=20)
        if status == 503:
            return
        if status != 200:
            self.wrong.append(f"trace {trace_id}: status {status}: {body[:200]}")
        elif wrong := self.truth.read(trace_id, before, count_spans(json.loads(body))):
            self.wrong.append(wrong)
        self.steps += 1

    def search(self, endpoints, erased):
        query = urllib.parse.quote(f'{{ trace:id = "{erased}" }}')
        status, body = http_get(endpoints["tempo"], f"/api/search?q={query}", timeout=20)
        if status == 200 and json.loads(body).get("traces"):
            self.wrong.append(f"trace {erased} is erased, and found by a search: {body[:200]}")
        elif status not in (200, 503):
            self.wrong.append(f"search: status {status}: {body[:200]}")


class Eraser(Client):
    """Erases traces, by the API and by the command in turns, and has their files written again without them. An erasure
    without an answer is asked for again."""

    def __init__(self, truth, seed):
        super().__init__(truth, seed)
        self.ids = []

    def step(self, endpoints):
        if not self.ids:
            self.ids = self.truth.begin_erasing(self.chance, self.chance.randint(1, 20))
        if not self.ids:
            return
        if self.steps % 2 == 0:
            done = self.by_api(endpoints, "delete", json.dumps({"ids": self.ids}))
        else:
            done = self.by_command(endpoints)
        if not done:
            return
        self.truth.end_erasing(self.ids)
        self.ids = []
        self.steps += 1
        if self.steps % 8 == 0:
            self.by_api(endpoints, "compact", "")
        self.ended.wait(0.05)

    def by_api(self, endpoints, what, body):
        status, said = post(endpoints["tempo"], f"/api/clew/admin/{what}", body, {"X-Clew-Admin": "1"}, timeout=60)
        if status != 200 and status not in COME_AGAIN:
            self.wrong.append(f"{what}: {status} {said[:200]}")
        return status == 200

    def by_command(self, endpoints):
        done = clew("store", "delete", *self.ids, "--yes", "--url", "http://" + endpoints["tempo"])
        # What expired, or was erased before the kill that took the answer, is not there: exit 1.
        if done.returncode in (0, 1):
            return True
        # Otherwise the server is being killed: then there is no address any more.
        if self.address is endpoints and not self.ended.is_set():
            self.wrong.append(f"clew store delete: exit {done.returncode}: {done.stderr[:300]}")
        return False


def count_spans(answer):
    batches = answer.get("trace", {}).get("resourceSpans", [])
    return sum(len(scope.get("spans", [])) for batch in batches for scope in batch.get("scopeSpans", []))
