"""Parquet as one writes it without much thought: a row per span, attributes as maps of text, pyarrow with zstd at level
3. What Clew's blocks are compared with."""
import io

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def text_of(value):
    kind = value.WhichOneof("value")
    if kind == "bool_value":
        return "true" if value.bool_value else "false"
    if kind in ("string_value", "int_value", "double_value"):
        return str(getattr(value, kind))
    return str(value)


def map_of(attributes):
    return [(attribute.key, text_of(attribute.value)) for attribute in attributes]


def rows_of(body):
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = map_of(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            for span in scope_spans.spans:
                yield {
                    "trace_id": span.trace_id, "span_id": span.span_id, "parent_span_id": span.parent_span_id or None,
                    "name": span.name, "kind": span.kind, "start": span.start_time_unix_nano,
                    "duration_ns": span.end_time_unix_nano - span.start_time_unix_nano, "status": span.status.code,
                    "status_message": span.status.message, "scope_name": scope_spans.scope.name,
                    "scope_version": scope_spans.scope.version, "resource": resource,
                    "attributes": map_of(span.attributes),
                    "events": [{"time": event.time_unix_nano, "name": event.name, "attributes": map_of(event.attributes)}
                               for event in span.events],
                    "links": [{"trace_id": link.trace_id, "span_id": link.span_id, "attributes": map_of(link.attributes)}
                              for link in span.links]}


def bytes_of(bodies):
    """Bytes of one file with all spans of the requests, in the order of trace starts, and the number of spans."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
    text_map = pa.map_(pa.string(), pa.string())
    schema = pa.schema([
        ("trace_id", pa.binary(16)), ("span_id", pa.binary(8)), ("parent_span_id", pa.binary(8)), ("name", pa.string()),
        ("kind", pa.int8()), ("start", pa.int64()), ("duration_ns", pa.int64()), ("status", pa.int8()),
        ("status_message", pa.string()), ("scope_name", pa.string()), ("scope_version", pa.string()),
        ("resource", text_map), ("attributes", text_map),
        ("events", pa.list_(pa.struct([("time", pa.int64()), ("name", pa.string()), ("attributes", text_map)]))),
        ("links", pa.list_(pa.struct([("trace_id", pa.binary(16)), ("span_id", pa.binary(8)),
                                      ("attributes", text_map)])))])
    table = pa.Table.from_batches([pa.RecordBatch.from_pylist(list(rows_of(body)), schema) for body in bodies], schema)
    # As Clew orders its rows, so that order is no difference.
    starts = table.group_by("trace_id").aggregate([("start", "min")])
    ordered = table.select(["trace_id", "start"]).append_column("row", pa.array(range(table.num_rows)))
    ordered = ordered.join(starts, "trace_id").sort_by(
        [("start_min", "ascending"), ("trace_id", "ascending"), ("start", "ascending")])
    table = table.take(pc.cast(ordered["row"], pa.int64()))
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", compression_level=3)
    return len(out.getvalue()), table.num_rows
