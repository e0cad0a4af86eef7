"""OTLP JSON Lines as plain Python values: the independent reading that Clew's answers are compared with."""
import json

import pyarrow

KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"]
STATUSES = ["unset", "ok", "error"]


def value_of(any_value):
    (kind, value), = any_value.items() if any_value else [(None, None)]
    return int(value) if kind == "intValue" else value


def attributes_of(holder):
    return {pair["key"]: value_of(pair["value"]) for pair in holder.get("attributes", [])}


class Span:
    def __init__(self, span, resource, scope):
        self.trace_id, self.id, self.parent_id = span["traceId"], span["spanId"], span.get("parentSpanId", "")
        self.name = span["name"]
        self.kind = KINDS[span.get("kind", 0)]
        self.status = STATUSES[span.get("status", {}).get("code", 0)]
        self.status_message = span.get("status", {}).get("message", "")
        self.start, self.end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        self.duration = max(0, self.end - self.start)
        self.attributes, self.resource, self.scope = attributes_of(span), resource, scope
        self.events = [(event.get("name", ""), attributes_of(event)) for event in span.get("events", [])]
        self.service = resource.get("service.name")


class Trace:
    def __init__(self, spans):
        self.spans = sorted(spans, key=lambda s: (s.start, s.id))
        self.id = spans[0].trace_id
        by_id = {}
        for span in self.spans:
            by_id.setdefault(span.id, span)
        self.parent = {id(span): by_id.get(span.parent_id) for span in self.spans}
        self.root = next((span for span in self.spans if not span.parent_id), None)
        self.start, self.end = min(s.start for s in spans), max(s.end for s in spans)
        self.duration = self.end - self.start

    def ancestors(self, span):
        while (span := self.parent[id(span)]) is not None:
            yield span


def read_lines(path):
    compression = "zstd" if str(path).endswith(".zst") else None
    with pyarrow.input_stream(str(path), compression=compression) as stream:
        yield from stream.read().splitlines()


def read_traces(paths):
    """{trace id: Trace} of all files."""
    spans = {}
    for path in paths:
        for line in read_lines(path):
            for resource_spans in json.loads(line)["resourceSpans"]:
                resource = attributes_of(resource_spans["resource"])
                for scope_spans in resource_spans["scopeSpans"]:
                    scope = scope_spans.get("scope", {})
                    for span in scope_spans["spans"]:
                        spans.setdefault(span["traceId"], []).append(Span(span, resource, scope))
    return {trace_id: Trace(found) for trace_id, found in spans.items()}
