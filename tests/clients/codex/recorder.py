"""A server between an agent and the proxy that keeps what both say. A run of the agent has a base URL of its own."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# What belongs to one connection, or is made anew.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


class Exchange:
    """One request of the agent and its answer."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers = method, path, headers
        self.body = json.loads(body) if body else None
        self.status, self.answer_headers, self.answer = None, {}, bytearray()

    def events(self):
        """The data of the answer's events."""
        return events(self.answer.decode())

    def error(self):
        """The answer, which is JSON."""
        return json.loads(self.answer)


def events(text):
    """The data of server-sent events, each of which is one line of JSON; comments have none."""
    blocks = [block.splitlines() for block in text.split("\n\n")]
    data = [[line[6:] for line in lines if line.startswith("data: ")] for lines in blocks]
    return [json.loads(lines[0]) for lines in data if lines]


class Recorder:
    """Forwards `/RUN/…` to the same path below the base URL `target`."""

    def __init__(self, target):
        self.host, self.base = urlsplit(target).netloc, urlsplit(target).path
        self.exchanges = {}
        self.lock = threading.Lock()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                recorder.forward(self)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def base_url(self, run):
        """The base URL for a run of the agent."""
        return f"http://127.0.0.1:{self.server.server_port}/{run}"

    def of(self, run):
        """The exchanges of a run, in their order."""
        with self.lock:
            return list(self.exchanges.get(run, []))

    def sent(self, run, body):
        """Returns what the proxy gets in place of the body of the run's next request."""
        return body

    def forward(self, handler):
        """Sends one request on, and its answer back as it comes."""
        run, path = handler.path.removeprefix("/").split("/", 1)
        body = self.sent(run, handler.rfile.read(int(handler.headers.get("content-length") or 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        exchange = Exchange(handler.command, f"/{path}", headers, body)
        with self.lock:
            self.exchanges.setdefault(run, []).append(exchange)
        upgrade = {"connection": "upgrade"} if "upgrade" in headers else {"connection": "close"}
        passed = {name: value for name, value in headers.items() if name not in HOP_BY_HOP} | upgrade
        there = http.client.HTTPConnection(self.host, timeout=60)
        try:
            there.request(handler.command, f"{self.base}/{path}", body, passed)
            answer = there.getresponse()
            exchange.status = answer.status
            exchange.answer_headers = {name.lower(): value for name, value in answer.getheaders()}
            handler.send_response(answer.status)
            for name, value in exchange.answer_headers.items():
                if name not in HOP_BY_HOP:
                    handler.send_header(name, value)
            # No "connection: close": clients on undici take the end of such a connection for the end of the answer.
            handler.send_header("transfer-encoding", "chunked")
            handler.end_headers()
            while piece := answer.read1(65536):
                exchange.answer += piece
                handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                handler.wfile.flush()
            handler.wfile.write(b"0\r\n\r\n")
        except (OSError, http.client.HTTPException):
            # A connection that breaks on one side breaks on the other.
            handler.close_connection = True
        finally:
            there.close()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
