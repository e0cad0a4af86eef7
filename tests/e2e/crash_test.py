#!/usr/bin/env python3
"""kill -9 under load, again and again, while blocks are sealed and merged, traces erased and old blocks removed: nothing
acknowledged is ever missing, and no reader sees a trace shrink, grow or come back (crash_truth.py says what is right).

    crash_test.py                    four rounds, the last two with retention (./dev test)
    crash_test.py --minutes 30       as many as fit (./dev soak)
    CLEW_SEED=7 crash_test.py        the moments of an earlier run
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from crash_clients import Eraser, Reader, Sender, count_spans
from crash_truth import Expiry, Truth
from server import CLEW, Server, clew

SPANS_PER_SECOND = 5000
# Small segments and log files, so that a round crosses cuts, sealing, merging and the change of log files.
SMALL = ("--set", "store.segment_rows=1000", "--set", "store.idle=200ms", "--set", "wal.file_bytes=1MiB",
         "--set", "retention.look=100ms")
# Bytes of a few rounds' blocks; these stay so small that some expire and some are left.
EXPIRE = ("--set", "retention.max_bytes=2MiB", "--set", "compaction.max_rows=4000")


def restart(server, truth, clients, args):
    """kill -9, and what `args` say from now on."""
    for client in clients:
        client.address = {}
    server.kill()
    truth.crashed()
    server.args = args
    server.start()
    for client in clients:
        client.address = server.endpoints


def round_of(server, acked, number, chance, truth, clients):
    """One load, one kill, one restart, one check. The server is running at its begin and at its end."""
    url = chance.choice((server.otlp_grpc, server.otlp_http))
    seconds = chance.uniform(0.3, 4)
    expires = server.args is not SMALL
    print(f"round {number}: {url}, {'with' if expires else 'without'} retention, kill -9 after {seconds:.3f} s", flush=True)
    begin_ns = time.time_ns()
    generator = subprocess.Popen(
        [CLEW, "bench", "ingest", "--url", url, "--spans", "100000000", "--rate", str(SPANS_PER_SECOND),
         "--connections", "2", "--batch", "100", "--acked", str(acked), "-o", "json"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(seconds)
    assert generator.poll() is None, f"bench ingest ended early:\n{generator.communicate()[0]}\n{server.log()}"
    restart(server, truth, clients, server.args)
    printed, _ = generator.communicate(timeout=90)  # it sees its connections break, and writes what was acknowledged
    traces = [(line.split()[0], int(line.split()[1])) for line in acked.read_text().splitlines()]
    assert traces, f"nothing was acknowledged within {seconds:.1f} s:\n{printed}\n{server.log()}"
    if not expires:
        check_acknowledged(server, acked, number, traces)
        # Our own look at some of them, in case verify is blind. They may be erased from now on.
        for trace_id, spans in chance.sample(traces, min(100, len(traces))):
            found = count_of(server, trace_id)
            assert found >= spans, f"trace {trace_id}: {found} spans, acknowledged were {spans}"
            truth.found(trace_id, found, begin_ns)
    check(server, truth, chance.sample(truth.erased, min(200, len(truth.erased))))


def check_acknowledged(server, acked, number, traces):
    done = clew("bench", "verify", "--url", server.tempo, "--acked", acked, "-o", "json", timeout=300)
    print(f"round {number}: {len(traces)} traces acknowledged: {' '.join(done.stdout.split())}", flush=True)
    assert done.returncode == 0, f"bench verify: exit {done.returncode}\n{done.stdout}{done.stderr}\n{server.log()}"


def count_of(server, trace_id):
    return count_spans(server.get_json(f"/api/v2/traces/{trace_id}"))


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


def check(server, truth, trace_ids):
    """These traces are as they must be, whether a reader came by or not; how many of them are there."""
    there = 0
    for trace_id in trace_ids:
        before = truth.before_reading(trace_id)
        count = count_of(server, trace_id)
        there += count > 0
        wrong = truth.read(trace_id, before, count)
        assert not wrong, f"{wrong}\n{server.log()}"
    return there


def rounds(server, acked, chance, truth, clients, options):
    """The second half with retention, or, without an end, every other time three of a kind."""
    end = time.monotonic() + options.minutes * 60 if options.minutes else None
    number = 0
    while number < options.rounds if end is None else time.monotonic() < end:
        expires = number >= options.rounds / 2 if end is None else number // 3 % 2 == 1
        args = (*SMALL, *EXPIRE) if expires else SMALL
        if args != server.args:
            restart(server, truth, clients, args)
        number += 1
        round_of(server, acked, number, chance, truth, clients)
        wrong = [wrong for client in clients for wrong in client.wrong]
        assert not wrong, "\n".join(wrong[:10]) + "\n" + server.log()
    return number


def check_the_end(server, truth, clients):
    for client in clients:
        client.ended.set()
    for client in clients:
        client.join(90)
        assert not client.is_alive(), "a client hangs"
    wait_for_merges(server)
    restart(server, truth, clients, server.args)
    there = check(server, truth, list(truth.traces))
    assert metric(server, "clew_store_damaged_blocks") == 0, server.log()
    code, _ = server.terminate()
    assert code == 0, f"SIGTERM after the crashes: exit {code}\n{server.log()}"
    assert there, "nothing is left, so that nothing was seen to stay"
    assert all(client.steps for client in clients), "a sender, reader or eraser never got an answer"
    return there


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--minutes", type=float, help="instead of a number of rounds")
    options = parser.parse_args()
    seed = int(os.environ.get("CLEW_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"CLEW_SEED={seed}", flush=True)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="clew-crash-") as folder:
        folder = pathlib.Path(folder)
        with Server(folder / "data", *SMALL) as server:
            server.args = SMALL
            expiry = Expiry(server.log_descriptor)
            truth = Truth(expiry)
            clients = [kind(truth, chance.random()) for kind in (Sender, Reader, Reader, Eraser)]
            for client in clients:
                client.address = server.endpoints
                client.start()
            number = rounds(server, folder / "acked", chance, truth, clients, options)
            there = check_the_end(server, truth, clients)
            expiry.look()
        print(f"{number} rounds, {clients[0].steps} requests, {len(truth.traces)} traces, of which {len(truth.erased)} were "
              f"erased and {there} are left, {expiry.blocks} blocks expired, {sum(client.steps for client in clients[1:3])} "
              f"readings")
        assert options.minutes or expiry.blocks, "retention removed nothing"
    return 0


if __name__ == "__main__":
    sys.exit(main())
