"""One connection and lane against several: CPU a span should stay, wall time should fall.

The generator runs on the same cores, in proportion; of its CPU time the part that one core has to bear is taken off the
wall time before walls are compared."""
import os

import load
from figures import at_least, at_most
from server import Server

TITLE = "Scaling with connections and lanes, until the last acknowledgement"
CORES = os.cpu_count()


def one(spans, connections, lanes):
    with Server(f"store.lanes={lanes}", f"net.threads={lanes}", "compaction.max_rows=0") as server:
        load.send(server, spans // 10, connections=connections)
        return load.send(server, spans, connections=connections)


def own_wall(sent, connections):
    return sent.wall_seconds - sent.generator_seconds / min(connections, CORES)


def run(figures, sizes):
    single = one(sizes.spans, 1, 1)
    figures.row("1 connection, 1 lane: µs a span", single.server_us)
    for connections, lanes in ((2, 1), (2, 2), (8, 2)):
        several = one(sizes.spans, connections, lanes)
        name = f"{connections} connections, {lanes} lane{'s' if lanes > 1 else ''}"
        wanted = lanes > 1
        figures.row(f"{name}: µs a span", several.server_us)
        figures.row(f"{name}: CPU, ratio to one", several.server_us / single.server_us,
                    at_most(1.1) if wanted else None)
        figures.row(f"{name}: as quick, less the generator's CPU",
                    own_wall(single, 1) / own_wall(several, connections), at_least(1.8) if wanted else None)
