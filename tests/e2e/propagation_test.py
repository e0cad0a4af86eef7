#!/usr/bin/env python3
"""Context that goes from OpenTelemetry's Python SDK through Clew's client library and back, in every format both have."""
import os
import random
import subprocess
import unittest

from opentelemetry import baggage, trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.propagators.b3 import B3MultiFormat, B3SingleFormat
from opentelemetry.propagators.jaeger import JaegerPropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

CARRY = os.environ["CLEW_CARRY_CONTEXT"]
# By the names of OTEL_PROPAGATORS.
FORMATS = {
    "tracecontext": TraceContextTextMapPropagator(),
    "b3": B3SingleFormat(),
    "b3multi": B3MultiFormat(),
    "jaeger": JaegerPropagator(),
    "xray": AwsXRayPropagator(),
}
NO_STATE = {"b3", "b3multi", "jaeger", "xray"}


def carried(read, write, requests):
    """Each request's headers after they have gone through Clew."""
    text = "".join("".join(f"{name}: {value}\n" for name, value in headers.items()) + "\n" for headers in requests)
    done = subprocess.run([CARRY, read, write], input=text, capture_output=True, text=True, timeout=60, check=True)
    answers = [{}]
    for line in done.stdout.splitlines():
        if not line:
            answers.append({})
            continue
        name, value = line.split(": ", 1)
        # Python looks names up as they are written; some of its propagators have lower case, as HTTP/2 does.
        answers[-1].update({name: value, name.lower(): value})
    assert len(answers) == len(requests) + 1, done.stdout
    return answers[:-1]


def spans(count):
    """Contexts of spans, always the same ones: sampled or not, of 64 bits, with leading zeros, with states."""
    chance = random.Random(6)
    for i in range(count):
        bits = (128, 64, 120, 60)[i % 4]
        trace_id, span_id = chance.getrandbits(bits) | 1, chance.getrandbits((64, 40)[i % 2]) | 1
        state = trace.TraceState([("vendor@x", f"v{i}"), ("b", "a b")][: i % 3])
        yield trace.SpanContext(trace_id, span_id, True, trace.TraceFlags(i // 4 % 2), state)


class PropagationTest(unittest.TestCase):
    maxDiff = None

    def test_from_python_through_clew_to_python(self):
        sent = list(spans(64))
        for read, sender in FORMATS.items():
            requests = []
            for span in sent:
                headers = {}
                sender.inject(headers, context=trace.set_span_in_context(trace.NonRecordingSpan(span), Context()))
                requests.append(headers)
            for write, receiver in FORMATS.items():
                with self.subTest(read=read, write=write):
                    for span, headers in zip(sent, carried(read, write, requests), strict=True):
                        got = trace.get_current_span(receiver.extract(headers, context=Context())).get_span_context()
                        self.assertEqual((got.trace_id, got.span_id), (span.trace_id, span.span_id), headers)
                        self.assertEqual(got.trace_flags.sampled, span.trace_flags.sampled, headers)
                        state = {} if {read, write} & NO_STATE else dict(span.trace_state)
                        self.assertEqual(dict(got.trace_state), state, headers)

    def test_baggage_both_ways(self):
        entries = {"user": "J\u00fcrgen", "plus": "1+1=2", "list": "a,b;c", "quote": '"x\\y"', "percent": "100%",
                   "empty": "", "snow.man": "\u2603"}
        context = trace.set_span_in_context(trace.NonRecordingSpan(next(spans(1))), Context())
        for name, value in entries.items():
            context = baggage.set_baggage(name, value, context)
        for format, propagator in (("baggage", W3CBaggagePropagator()), ("jaeger", JaegerPropagator())):
            with self.subTest(format):
                headers = {}
                propagator.inject(headers, context=context)
                got = baggage.get_all(propagator.extract(carried(format, format, [headers])[0], context=Context()))
                self.assertEqual(dict(got), entries)

    def test_spaces_in_baggage(self):
        """W3C writes a space as %20, and so does Clew. Python writes '+', which W3C means as it stands."""
        answer = carried("baggage", "baggage", [{"baggage": "a=x%20y,b=1%2B1"}])[0]
        got = baggage.get_all(W3CBaggagePropagator().extract(answer, context=Context()))
        self.assertEqual(dict(got), {"a": "x y", "b": "1+1"})
        headers = {}
        W3CBaggagePropagator().inject(headers, context=baggage.set_baggage("a", "x y", Context()))
        self.assertEqual(headers, {"baggage": "a=x+y"}, "mended there? then spaces may go into the test above")

    def test_what_python_refuses_clew_refuses(self):
        trace_id, span_id = "463ac35c9f6413ad48485a3953bb6124", "a2fb4a1d1a96d312"
        cases = [f"00-{trace_id}-{span_id}-01", f"ff-{trace_id}-{span_id}-01", f"00-{trace_id}-{span_id}-01-x",
                 f"cc-{trace_id}-{span_id}-01-x", f"00-{'0' * 32}-{span_id}-01", f"00-{trace_id}-{'0' * 16}-01",
                 f"00-{trace_id.upper()}-{span_id}-01", f"00-{trace_id}-{span_id}-1", f"00-{trace_id[1:]}-{span_id}-01",
                 "nonsense"]
        answers = carried("tracecontext", "tracecontext", [{"traceparent": case} for case in cases])
        for case, answer in zip(cases, answers, strict=True):
            context = FORMATS["tracecontext"].extract({"traceparent": case}, context=Context())
            valid = trace.get_current_span(context).get_span_context().is_valid
            self.assertEqual("traceparent" in answer, valid, case)

    def test_damaged_headers_mean_the_same_to_both(self):
        """Python's reader of traceparent as an oracle: one to three random edits of a good header."""
        good, chance, kept = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01", random.Random(6), 0
        damaged = []
        for _ in range(3000):
            text = list(good)
            for _ in range(chance.randint(1, 3)):
                at, new, edit = chance.randrange(len(text)), chance.choice("0123456789abcdefgABCF-f0. "), chance.randrange(3)
                text[at:at + (edit != 1)] = [] if edit == 2 else [new]
            damaged.append("".join(text).strip())
        answers = carried("tracecontext", "b3", [{"traceparent": text} for text in damaged])
        for text, answer in zip(damaged, answers, strict=True):
            context = FORMATS["tracecontext"].extract({"traceparent": text}, context=Context())
            span, expected = trace.get_current_span(context).get_span_context(), {}
            if span.is_valid:
                expected = {"b3": f"{span.trace_id:032x}-{span.span_id:016x}-{int(span.trace_flags.sampled)}"}
                kept += 1
            with self.subTest(text):
                self.assertEqual(answer, expected)
        self.assertGreater(kept, 300)


if __name__ == "__main__":
    unittest.main()
