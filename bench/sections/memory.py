"""The process's own memory under a load that it cannot take, against memory.limit; sampled while it goes on."""
import time

import load
from figures import at_most
from server import Server

TITLE = "Memory under the greatest load (anonymous RSS)"
SAMPLE_SECONDS = 0.02


def greatest_mib(server, spans, **how):
    greatest = 0
    with load.Background(server, spans, **how) as background:
        while background.running():
            greatest = max(greatest, server.memory_mib())
            time.sleep(SAMPLE_SECONDS)
        printed = background.finished()
    return greatest, printed


def run(figures, sizes):
    for limit_mib, corpus, spans in ((128, "builtin", sizes.spans), (256, "builtin", sizes.spans),
                                     (256, "rich", sizes.spans // 2)):
        with Server(f"memory.limit={limit_mib}MiB") as server:
            greatest, printed = greatest_mib(server, spans, connections=8, options=["--corpus", corpus])
            refused = printed["busy_answers"]
        figures.row(f"memory.limit {limit_mib} MiB, {corpus}: greatest, MiB ({refused} requests told to wait)", greatest,
                    at_most(limit_mib), digits=0, elsewhere="4,864 / 497 (no limit)")
    with Server("store.segment_rows=4194304", "store.segment_bytes=1GiB", "memory.limit=16GiB") as server:
        before = server.memory_mib()
        sent = load.send(server, sizes.spans // 2)
        segments = server.counter("clew_store_memory_bytes", use="segments") / sent.acknowledged
        process = (server.memory_mib() - before) * 2**20 / sent.acknowledged
    figures.row("live data, bytes a span, built-in corpus, by the store's account", segments, at_most(150), digits=0)
    figures.row("growth of the process, bytes a span, everything in it", process, digits=0)
