"""A trace id that is nowhere, over very many blocks."""
import random

import load
import server as servers
from figures import at_most
from server import SEALS_ALL, Server

TITLE = "An absent trace id over many blocks"
ROWS = 1000
ASKED = 200


def run(figures, sizes):
    chance = random.Random(13)
    with Server(*SEALS_ALL, f"store.segment_rows={ROWS}", "compaction.max_rows=0") as server:
        sent = load.send(server, sizes.many_blocks * ROWS, batch=100)
        server.settle(sent.acknowledged)
        blocks = len(server.block_files())
        absent = [f"/api/v2/traces/{chance.getrandbits(128):032x}" for _ in range(ASKED)]
        line = servers.time_queries(server, "absent", absent, ASKED)
        figures.row(f"{blocks} blocks, p50 ms", None if line["failures"] else line["p50_ms"], at_most(0.5))
