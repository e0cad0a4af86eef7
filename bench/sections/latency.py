"""Acknowledgements at half of the greatest rate, beside what an fdatasync takes on the same disk just before and after."""
import os
import statistics
import tempfile
import time

import load
from figures import at_most
from server import Server

TITLE = "Latency of acknowledgements at half of the greatest rate"
SYNCS = 200
SYNC_BYTES = 64 * 1024  # about what a group of batches adds to the log


def fdatasync_ms(folder):
    block = os.urandom(SYNC_BYTES)
    taken = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(SYNCS):
            file.write(block)
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - begun) * 1000)
    return taken


def greatest_rate(server, sizes):
    return load.send(server, sizes.spans // 2).spans_per_second


def run(figures, sizes):
    with Server() as server:
        rate = int(greatest_rate(server, sizes) / 2)
        syncs = fdatasync_ms(server.folder)
        sent = load.send(server, int(rate * sizes.seconds), options=["--rate", rate])
        syncs += fdatasync_ms(server.folder)
    sync_ms = statistics.median(syncs)
    figures.row("fdatasync of 64 KiB on this disk, p50 ms", sync_ms)
    figures.row("spans a second", rate, digits=0)
    figures.row("acknowledgement p50 ms", sent.ack_ms_p50, at_most(3), elsewhere="37 / 21 (greatest)")
    figures.row("acknowledgement p50, times fdatasync p50", sent.ack_ms_p50 / sync_ms, at_most(4))
    figures.row("acknowledgement p99 ms", sent.ack_ms_p99, at_most(20), elsewhere="273 / 139 (greatest)")
