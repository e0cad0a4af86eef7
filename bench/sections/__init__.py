"""The parts of the table, in the order of printing. Each module has a TITLE and run(figures, sizes).

To add one: its module here with TITLE, run() and what was asked as constants; its name in ALL below.
"""
from sections import disk, freshness, ingest, latency, many_blocks, memory, scaling, search, stages

ALL = {"stages": stages, "ingest": ingest, "scaling": scaling, "latency": latency, "freshness": freshness,
       "memory": memory, "disk": disk, "search": search, "many_blocks": many_blocks}
