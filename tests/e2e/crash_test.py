#!/usr/bin/env python3
"""kill -9 under load, again and again: nothing acknowledged is ever missing, and no reader sees a trace shrink or grow.

    crash_test.py                    three rounds (./dev test)
    crash_test.py --minutes 30       as many as fit (./dev soak)
    CLEW_SEED=7 crash_test.py        the moments of an earlier run
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error

from server import CLEW, Server, clew, http_get

SPANS_PER_SECOND = 5000


class Reader(threading.Thread):
    """Asks for acknowledged traces in a loop, the newest most, and compares their span counts with the truth."""

    def __init__(self, acked, seed):
        super().__init__(daemon=True)
        self.acked = acked  # file that `clew bench ingest --acked` appends to
        self.chance = random.Random(seed)
        self.address = None  # of the server, None while there is none
        self.wrong, self.asked = [], 0
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.002):
            address, traces = self.address, read_acked(self.acked)
            if not address or not traces:
                continue
            trace_id, spans = self.chance.choice(traces[-200:] if self.chance.random() < 0.5 else traces)
            try:
                status, body = http_get(address, f"/api/v2/traces/{trace_id}", timeout=10)
            except (OSError, urllib.error.URLError):
                continue  # the server is being killed or started
            if status == 503:
                continue
            count = count_spans(json.loads(body)) if status == 200 else f"status {status}: {body[:200]}"
            self.asked += 1
            if count != spans:
                self.wrong.append(f"trace {trace_id}: {count} spans, acknowledged were {spans}")


def count_spans(answer):
    batches = answer.get("trace", {}).get("resourceSpans", [])
    return sum(len(scope.get("spans", [])) for batch in batches for scope in batch.get("scopeSpans", []))


def read_acked(path):
    """[(trace id, spans)] of the whole lines."""
    if not path.exists():
        return []
    text = path.read_text()
    return [(line.split()[0], int(line.split()[1])) for line in text[:text.rfind("\n") + 1].splitlines()]


def load(server, acked, transport):
    url = server.otlp_grpc if transport == "grpc" else server.otlp_http
    return subprocess.Popen([CLEW, "bench", "ingest", "--url", url, "--spans", "100000000", "--rate",
                             str(SPANS_PER_SECOND), "--connections", "2", "--batch", "100", "--acked", str(acked),
                             "-o", "json"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def round_of(server, folder, number, chance, readers):
    """One load, one kill, one restart, one check. The server is running at its begin and at its end."""
    acked = folder / f"acked-{number}"
    transport = chance.choice(("grpc", "http"))
    seconds = chance.uniform(0.3, 4)
    print(f"round {number}: {transport}, kill -9 after {seconds:.3f} s", flush=True)
    reader = Reader(acked, chance.random())
    reader.address = server.endpoints["tempo"]
    reader.start()
    readers.append(reader)
    generator = load(server, acked, transport)
    time.sleep(seconds)
    # Not before something was acknowledged: a kill during connecting says nothing.
    deadline = time.monotonic() + 20
    while not read_acked(acked) and time.monotonic() < deadline:
        assert generator.poll() is None, f"bench ingest ended:\n{generator.stderr.read().decode()}"
        time.sleep(0.01)
    for r in readers:
        r.address = None
    server.kill()
    # It sees its connections break; whatever it does about that, it acknowledges nothing more.
    time.sleep(0.2)
    generator.terminate()
    generator.communicate(timeout=20)
    traces = read_acked(acked)
    assert traces, f"nothing was acknowledged within {seconds:.1f} s\n{server.log()}"
    server.start()
    for r in readers:
        r.address = server.endpoints["tempo"]
    done = clew("bench", "verify", "--url", server.tempo, "--acked", acked, "-o", "json", timeout=300)
    print(f"round {number}: {len(traces)} traces acknowledged: {done.stdout.strip()}", flush=True)
    assert done.returncode == 0, f"bench verify: exit {done.returncode}\n{done.stdout}{done.stderr}\n{server.log()}"
    # Our own look at some of them, in case verify is blind.
    for trace_id, spans in chance.sample(traces, min(50, len(traces))):
        found = count_spans(server.get_json(f"/api/v2/traces/{trace_id}"))
        assert found == spans, f"trace {trace_id}: {found} spans, acknowledged were {spans}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-v", action="store_true", help="ignored: every test program is called with it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, help="instead of a number of rounds")
    options = parser.parse_args()
    seed = int(os.environ.get("CLEW_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"CLEW_SEED={seed}", flush=True)
    chance = random.Random(seed)
    end = time.monotonic() + options.minutes * 60 if options.minutes else None
    with tempfile.TemporaryDirectory(prefix="clew-crash-") as folder:
        folder = pathlib.Path(folder)
        # Small segments and log files, so that a round crosses sealing and log rotation.
        small = ("--set", "store.segment_rows=4096", "--set", "store.idle=1s", "--set", "wal.file_bytes=1MiB")
        readers = []
        number = 0
        with Server(folder / "data", *small) as server:
            while number < options.rounds if end is None else time.monotonic() < end:
                number += 1
                round_of(server, folder, number, chance, readers)
                for reader in readers[:-3]:
                    reader.ended.set()
            time.sleep(1)
            for reader in readers:
                reader.ended.set()
                reader.join(20)
            for r in readers:
                assert not r.wrong, "a reader saw what was not so:\n" + "\n".join(r.wrong[:10])
            code, seconds = server.terminate()
            assert code == 0, f"SIGTERM after the crashes: exit {code}\n{server.log()}"
        asked = sum(reader.asked for reader in readers)
        print(f"{number} rounds, {asked} readings")
        assert asked > 0, "no reader ever got an answer"
    return 0


if __name__ == "__main__":
    sys.exit(main())
