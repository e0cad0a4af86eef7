#!/usr/bin/env python3
"""kill -9 under load, again and again: nothing acknowledged is ever missing, and no reader sees a trace shrink or grow.

    crash_test.py                    three rounds (./dev test)
    crash_test.py --minutes 30       as many as fit (./dev soak)
    CLEW_SEED=7 crash_test.py        the moments of an earlier run
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

from server import CLEW, Server, clew, http_get

SPANS_PER_SECOND = 5000
# Small segments and log files, so that a round crosses cuts, sealing, merging and the change of log files.
SMALL = ("--set", "store.segment_rows=1000", "--set", "store.idle=200ms", "--set", "wal.file_bytes=1MiB",
         "--set", "retention.look=100ms")


class Truth:
    """Of each trace: spans acknowledged, spans ever sent, and the most that a reader has seen of this server. What a reader
    sees is never less than the first or the last, and never more than the second."""

    def __init__(self):
        self.lock = threading.Lock()
        self.traces = {}  # id: [acknowledged, sent, seen]
        self.crashes = 0

    def crashed(self):
        """What was seen, but not acknowledged, may be gone."""
        with self.lock:
            self.crashes += 1
            for trace in self.traces.values():
                trace[2] = 0

    def sending(self, counts):
        with self.lock:
            for trace_id, spans in counts.items():
                self.traces.setdefault(trace_id, [0, 0, 0])[1] += spans

    def acknowledged(self, counts):
        with self.lock:
            for trace_id, spans in counts.items():
                self.traces[trace_id][0] += spans

    def before_reading(self, trace_id):
        with self.lock:
            acknowledged, _, seen = self.traces[trace_id]
            return max(acknowledged, seen), self.crashes

    def read(self, trace_id, before, count):
        """What is wrong with having read `count`, when `before` was so before asking; or None."""
        least, crashes = before
        with self.lock:
            trace = self.traces[trace_id]
            if crashes == self.crashes:
                trace[2] = max(trace[2], count)
            if least <= count <= trace[1]:
                return None
            return f"trace {trace_id}: {count} spans; at least {least} and at most {trace[1]} were right"


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


class Sender(Client):
    """Sends traces in up to three requests each; a request without an answer is sent again, as SDKs do."""

    unanswered = None

    def step(self, endpoints):
        if not self.unanswered:
            self.unanswered = self.requests()
            self.truth.sending(self.unanswered[0][1])
        body, counts = self.unanswered[0]
        connection = http.client.HTTPConnection(endpoints["otlp_http"], timeout=20)
        try:
            connection.request("POST", "/v1/traces", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status == 200:
            self.truth.acknowledged(counts)
            self.steps += 1
            self.unanswered.pop(0)
            if self.unanswered:
                self.truth.sending(self.unanswered[0][1])
        elif answer.status not in (429, 503):
            self.wrong.append(f"POST /v1/traces: {answer.status} {said[:200]}")

    def requests(self):
        now = time.time_ns()
        parts = [([], {}) for _ in range(self.chance.randint(1, 3))]
        for _ in range(10):
            trace_id = self.chance.randbytes(16).hex()
            for number in range(self.chance.randint(1, 20)):
                spans, counts = self.chance.choice(parts)
                counts[trace_id] = counts.get(trace_id, 0) + 1
                spans.append({"traceId": trace_id, "spanId": self.chance.randbytes(8).hex(), "name": f"step {number}",
                              "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + number)})
        return [(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}), counts) for spans, counts in parts
                if spans]


class Reader(Client):
    """Asks for traces in a loop, recent ones most."""

    def step(self, endpoints):
        with self.truth.lock:
            known = [trace_id for trace_id, (acknowledged, _, _) in self.truth.traces.items() if acknowledged]
        if not known:
            return
        trace_id = self.chance.choice(known[-100:] if self.chance.random() < 0.5 else known)
        before = self.truth.before_reading(trace_id)
        status, body = http_get(endpoints["tempo"], f"/api/v2/traces/{trace_id}", timeout=20)
        if status == 503:
            return
        if status != 200:
            self.wrong.append(f"trace {trace_id}: status {status}: {body[:200]}")
        elif wrong := self.truth.read(trace_id, before, count_spans(json.loads(body))):
            self.wrong.append(wrong)
        self.steps += 1


def count_spans(answer):
    batches = answer.get("trace", {}).get("resourceSpans", [])
    return sum(len(scope.get("spans", [])) for batch in batches for scope in batch.get("scopeSpans", []))


def round_of(server, acked, number, chance, clients):
    """One load, one kill, one restart, one check. The server is running at its begin and at its end."""
    url = chance.choice((server.otlp_grpc, server.otlp_http))
    seconds = chance.uniform(0.3, 4)
    print(f"round {number}: {url}, kill -9 after {seconds:.3f} s", flush=True)
    generator = subprocess.Popen(
        [CLEW, "bench", "ingest", "--url", url, "--spans", "100000000", "--rate", str(SPANS_PER_SECOND),
         "--connections", "2", "--batch", "100", "--acked", str(acked), "-o", "json"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(seconds)
    assert generator.poll() is None, f"bench ingest ended early:\n{generator.communicate()[0]}\n{server.log()}"
    for client in clients:
        client.address = {}
    server.kill()
    clients[0].truth.crashed()
    printed, _ = generator.communicate(timeout=90)  # it sees its connections break, and writes what was acknowledged
    traces = [(line.split()[0], int(line.split()[1])) for line in acked.read_text().splitlines()]
    assert traces, f"nothing was acknowledged within {seconds:.1f} s:\n{printed}\n{server.log()}"
    server.start()
    for client in clients:
        client.address = server.endpoints
    done = clew("bench", "verify", "--url", server.tempo, "--acked", acked, "-o", "json", timeout=300)
    print(f"round {number}: {len(traces)} traces acknowledged: {' '.join(done.stdout.split())}", flush=True)
    assert done.returncode == 0, f"bench verify: exit {done.returncode}\n{done.stdout}{done.stderr}\n{server.log()}"
    # Our own look at some of them, in case verify is blind.
    for trace_id, spans in chance.sample(traces, min(50, len(traces))):
        found = count_spans(server.get_json(f"/api/v2/traces/{trace_id}"))
        assert found >= spans, f"trace {trace_id}: {found} spans, acknowledged were {spans}"


def metric(server, name):
    _, body = server.get("/metrics", accept="text/plain")
    return sum(float(line.rsplit(" ", 1)[1]) for line in body.decode().splitlines() if line.startswith(name))


def wait_for_merges(server):
    """Blocks of all rounds are there: what was cut off by a kill is merged now at the latest."""
    for _ in range(200):
        if metric(server, "clew_store_compactions_total") > 0:
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing was merged\n{server.log()}")


def check_all(server, truth):
    """At the end every trace is as it must be, whether a reader came by or not."""
    for trace_id in list(truth.traces):
        before = truth.before_reading(trace_id)
        wrong = truth.read(trace_id, before, count_spans(server.get_json(f"/api/v2/traces/{trace_id}")))
        assert not wrong, f"{wrong}\n{server.log()}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, help="instead of a number of rounds")
    options = parser.parse_args()
    seed = int(os.environ.get("CLEW_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"CLEW_SEED={seed}", flush=True)
    chance = random.Random(seed)
    end = time.monotonic() + options.minutes * 60 if options.minutes else None
    truth = Truth()
    clients = [Sender(truth, chance.random()), Reader(truth, chance.random()), Reader(truth, chance.random())]
    with tempfile.TemporaryDirectory(prefix="clew-crash-") as folder:
        folder = pathlib.Path(folder)
        with Server(folder / "data", *SMALL) as server:
            for client in clients:
                client.address = server.endpoints
                client.start()
            number = 0
            while number < options.rounds if end is None else time.monotonic() < end:
                number += 1
                round_of(server, folder / "acked", number, chance, clients)
                wrong = [wrong for client in clients for wrong in client.wrong]
                assert not wrong, "\n".join(wrong[:10]) + "\n" + server.log()
            for client in clients:
                client.ended.set()
                client.join(30)
            wait_for_merges(server)
            check_all(server, truth)
            assert metric(server, "clew_store_damaged_blocks") == 0, server.log()
            code, _ = server.terminate()
            assert code == 0, f"SIGTERM after the crashes: exit {code}\n{server.log()}"
        print(f"{number} rounds, {clients[0].steps} requests, {len(truth.traces)} traces, "
              f"{sum(client.steps for client in clients[1:])} readings")
        assert all(client.steps for client in clients), "a sender or reader never got an answer"
    return 0


if __name__ == "__main__":
    sys.exit(main())
