"""CPU of the whole server per span, all-in: socket to log with fsync, live segment, every span sealed, and one pass of
compaction, which the share of merged spans shows."""
import load
from figures import at_most
from server import SEALS_ALL, Server

TITLE = "Ingest all-in: server CPU a span, µs"
SEGMENTS = 16
ELSEWHERE = "71.9 / 23.9"


def all_in(spans, **how):
    """Server CPU in µs a span until everything is sealed and merged, the load, and how often a span was sealed, merged."""
    # Four segments make a block, which then is too large to be merged again.
    rows = spans // SEGMENTS
    with Server(*SEALS_ALL, f"store.segment_rows={rows}", f"compaction.max_rows={rows * 9 // 2}") as server:
        before = server.cpu_seconds()
        sent = load.send(server, spans, **how)
        server.settle(sent.acknowledged)
        cpu_us = (server.cpu_seconds() - before) * 1e6 / sent.acknowledged
        sealed = server.counter("clew_store_spans_sealed_total") / sent.acknowledged
        merged = server.counter("clew_store_compacted_spans_total") / sent.acknowledged
        return cpu_us, sent, sealed, merged


def row_of(figures, name, measured, asked=None, elsewhere=""):
    cpu_us, sent, sealed, merged = measured
    figures.row(f"{name} (sealed {sealed:.0%}, merged {merged:.0%} of the spans)", cpu_us, asked, elsewhere=elsewhere)
    figures.row(f"{name}: until the last acknowledgement", sent.server_us,
                elsewhere="60.4 / 22.8" if elsewhere else "")


def run(figures, sizes):
    http = all_in(sizes.spans)
    row_of(figures, "OTLP/HTTP, built-in corpus", http, at_most(2.0), ELSEWHERE)
    if walk_ns := sizes.measured.get("walk_ns"):
        figures.row("the same, times walk", http[0] * 1000 / walk_ns, at_most(15), digits=1)
    figures.row("spans a second (the generator shares the cores)", http[1].spans_per_second, digits=0,
                elsewhere="30,700 / 76,200")
    sizes.measured["spans_per_second"] = http[1].spans_per_second
    grpc = all_in(sizes.spans, scheme="grpc")
    row_of(figures, "OTLP/gRPC, built-in corpus", grpc)
    figures.row("gRPC to HTTP, ratio", grpc[0] / http[0], at_most(1.25))
    for compression in ("gzip", "zstd"):
        packed = all_in(sizes.spans, options=[f"--{compression}"])
        row_of(figures, f"OTLP/HTTP, {compression}", packed, elsewhere="83 / 26" if compression == "gzip" else "")
        figures.row(f"{compression} to plain, ratio", packed[0] / http[0])
    rich = all_in(sizes.spans // 4, options=["--corpus", "rich"])
    row_of(figures, f"OTLP/HTTP, rich corpus of {rich[1].bytes_per_span:.0f} bytes", rich)
