"""Bytes on disk after compaction, against the corpus' floor and against Parquet as one would write it with pyarrow."""
import http.client

import load
import otlp_sink
import plain_parquet
from figures import at_most
from server import SEALS_ALL, Server

TITLE = "Bytes on disk, after compaction, index included"
SHOWN_SHARE = 0.01  # of all bytes; smaller columns are summed up


def settings(spans):
    return *SEALS_ALL, f"store.segment_rows={max(spans // 16, 4096)}"


def column_rows(figures, server, spans):
    """What the columns take, and everything else in the files."""
    import pyarrow.parquet as pq
    columns, rest = {}, 0
    for path in server.block_files():
        rest += path.stat().st_size
        metadata = pq.ParquetFile(path).metadata
        for group in range(metadata.num_row_groups):
            for i in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(i)
                columns[chunk.path_in_schema] = columns.get(chunk.path_in_schema, 0) + chunk.total_compressed_size
    rest -= sum(columns.values())
    shown = sorted(((taken / spans, name) for name, taken in columns.items()), reverse=True)
    least = SHOWN_SHARE * (rest + sum(columns.values())) / spans
    for taken, name in shown:
        if taken >= least:
            figures.row(f"    {name}", taken)
    smaller = [taken for taken, _ in shown if taken < least]
    figures.row(f"    {len(smaller)} more columns", sum(smaller))
    figures.row("    index and footer", rest / spans)


def run(figures, sizes):
    with Server(*settings(sizes.spans)) as server:
        sent = load.send(server, sizes.spans)
        server.settle(sent.acknowledged)
        taken = server.block_bytes() / sent.acknowledged
        blocks = len(server.block_files())
        figures.row("built-in corpus: floor, its truly random bytes a span", sent.floor_bytes)
        figures.row(f"built-in corpus: bytes a span, in {blocks} files", taken, elsewhere="126 / 83")
        figures.row("built-in corpus, times floor", taken / sent.floor_bytes, at_most(1.35), elsewhere="4.5 / 2.9")
        column_rows(figures, server, sent.acknowledged)
    run_rich(figures, sizes.reference_spans)


def run_rich(figures, spans):
    """The same requests to Clew and to pyarrow."""
    requests, floor_bytes = otlp_sink.requests_of("rich", spans)
    reference, spans = plain_parquet.bytes_of(requests)
    with Server(*settings(spans)) as server:
        connection = http.client.HTTPConnection(server.endpoints["otlp_http"])
        for request in requests:
            connection.request("POST", "/v1/traces", request, {"Content-Type": "application/x-protobuf"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
        server.settle(spans)
        taken = server.block_bytes() / spans
        figures.row("rich corpus: bytes of OTLP a span", sum(map(len, requests)) / spans, digits=0)
        figures.row("rich corpus: floor, its truly random bytes a span", floor_bytes)
        figures.row(f"rich corpus: bytes a span, {spans} spans in {len(server.block_files())} files", taken)
        figures.row("rich corpus: the same spans by pyarrow, zstd 3, map columns", reference / spans)
        figures.row("rich corpus, to pyarrow's", taken * spans / reference, at_most(0.5))
        column_rows(figures, server, spans)
