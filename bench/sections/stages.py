"""Each stage of ingest by itself, in one thread of bench_stages, beside a mere walk over the same protobuf bytes."""
import server as servers
from figures import at_most

TITLE = "Stages of ingest, one thread, built-in corpus"
ASKED_NS = {"decode": 300, "append": 130, "log": 100, "seal": 350, "merge": 200}


def run(figures, sizes):
    stages = servers.run(servers.STAGES, sizes.stage_spans)[0]
    walk = stages["walk_ns"]
    sizes.measured["walk_ns"] = walk
    figures.row("bytes of OTLP a span", stages["request_bytes"], digits=0)
    figures.row("walk: visit every protobuf field, ns a span", walk, digits=0)
    total = walk_multiples = 0
    for stage, asked in ASKED_NS.items():
        ns = stages.get(f"{stage}_ns")
        figures.row(f"{stage}, ns a span", ns, at_most(asked), digits=0)
        if ns is not None:
            total += ns
            walk_multiples += ns / walk
            figures.row(f"{stage}, times walk", ns / walk, digits=1)
    figures.row("all of these, ns a span", total, digits=0)
    figures.row("all of these, times walk", walk_multiples, at_most(15), digits=1)
    figures.row("write-ahead log, bytes a span", stages["log_bytes"], digits=1)
    figures.row("live segment, bytes a span", stages["memory_bytes"], at_most(150), digits=0)
