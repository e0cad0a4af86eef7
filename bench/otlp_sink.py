"""The requests that `clew bench ingest` would send: taken by a server that keeps the bodies."""
import http.server
import threading

import server as servers


def requests_of(corpus, spans, seed=7):
    """Bodies of ExportTraceServiceRequests with so many spans of a built-in corpus, and its floor in bytes a span."""
    bodies = []

    class Sink(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Sink) as sink:
        thread = threading.Thread(target=sink.serve_forever)
        thread.start()
        printed = servers.run(servers.CLEW, "bench", "ingest", "--url", f"http://127.0.0.1:{sink.server_port}", "--spans",
                              spans, "--corpus", corpus, "--seed", seed, "--connections", "1", "-o", "json")[0]
        sink.shutdown()
        thread.join()
    return bodies, printed["floor_bytes_per_span"]
