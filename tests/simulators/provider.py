"""provider: what the simulators of messaging providers have in common: HTTP on loopback, rules for misbehaving, a ledger of JSON
lines that is on the disk before what it says is answered, and the delivery of webhooks as the providers do it: again until 200.

Their own addresses, for tests, each a POST of JSON:
  /_rules     a list of {"at", "do", "times", "id", "seconds"}: at this step (lookup, download, message) do that, so many times
              (-1: always), only for ids that contain "id". An empty list ends all rules.
                slow        waits so many seconds first             401 404 429 500 503   says so, and does nothing
                lost        does it, and closes without an answer   drop      closes without doing it
                cut         sends half of the file and closes       checksum  says another checksum than the file's
                large       sends 21 MiB                            garbage   says what is no JSON
                private     names an address on a private network   redirect  sends to another address
  /_media     {"id", "file", "type", "name"}: what can be fetched
  /_deliver   {"socket" or "port", "path", "bodies", "headers", "secret", "repeat", "shuffle", "proof", "patience", "clients"}:
              brings each body so many times, in an order drawn from "shuffle", each time again until 200 or for so many seconds;
              proof: "right", "wrong", "missing". Answers with the statuses of each, in the order of bodies.

Only the standard library.
"""

import argparse
import hashlib
import http.client
import http.server
import json
import os
import random
import socket
import sys
import threading
import time


class Drop(Exception):
    """Close the connection now."""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Provider:
    def __init__(self, ledger, token):
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.token, self.lock = token, threading.Lock()
        self.rules, self.media, self.port = [], {}, 0

    def write(self, **line):
        with self.lock:
            os.write(self.ledger, (json.dumps({"at": time.time(), **line}, ensure_ascii=False) + "\n").encode())
            os.fsync(self.ledger)

    def rule(self, at, identity):
        """What to do at this step, if anything; slow is done here."""
        with self.lock:
            for rule in self.rules:
                if rule["at"] == at and rule.get("id", "") in identity and rule.get("times", -1) != 0:
                    rule["times"] = rule.get("times", -1) - 1
                    break
            else:
                return None
        self.write(misbehaves=rule["do"], step=at, id=identity)
        if rule["do"] == "slow":
            time.sleep(rule.get("seconds", 1))
            return None
        return rule["do"]

    # -- webhooks

    def proof(self, body, order):
        """Headers that show who we are."""
        raise NotImplementedError

    def bring(self, order, body, number, statuses):
        """One body, until it is taken."""
        end, wait = time.monotonic() + order.get("patience", 0), 0.05
        headers = {"Content-Type": "application/json", **order.get("headers", {}), **self.proof(body, order)}
        while True:
            try:
                connection = UnixConnection(order["socket"], 15) if "socket" in order else \
                    http.client.HTTPConnection("127.0.0.1", order["port"], timeout=15)
                connection.request("POST", order["path"], body=body, headers=headers)
                status = connection.getresponse().status
                connection.close()
            except (OSError, http.client.HTTPException):
                status = 0
            self.write(delivered=hashlib.sha256(body).hexdigest(), number=number, status=status, path=order["path"])
            if status == 200 or time.monotonic() >= end:
                statuses[number].append(status)
                return
            time.sleep(wait)
            wait = min(wait * 2, 1)

    def deliver(self, order):
        bodies = [body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
                  for body in order["bodies"]]
        work = [number for number in range(len(bodies)) for _ in range(order.get("repeat", 1))]
        if "shuffle" in order:
            random.Random(order["shuffle"]).shuffle(work)
        statuses = [[] for _ in bodies]

        def one():
            while True:
                with self.lock:
                    if not work:
                        return
                    number = work.pop(0)
                self.bring(order, bodies[number], number, statuses)
        threads = [threading.Thread(target=one) for _ in range(order.get("clients", 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return statuses

    # -- requests

    def answer(self, request, method, path, query, body):
        """(status, JSON or bytes) of the provider's own interface."""
        raise NotImplementedError

    def control(self, path, body):
        if path == "/_rules":
            with self.lock:
                self.rules = body
        elif path == "/_media":
            with open(body["file"], "rb") as file:
                self.media[body["id"]] = {**body, "data": file.read()}
        elif path == "/_deliver":
            return self.deliver(body)
        else:
            raise KeyError(path)
        return {}

    def send_file(self, identity, do):
        """What a download gets, by the rule's word."""
        media = self.media.get(identity)
        if do and do.isdigit():
            return int(do), {"error": {"code": int(do)}}
        if not media or do == "expired":
            return 404, {"error": {"code": 100}}
        data = b"\0" * (21 << 20) if do == "large" else media["data"]
        return (200, data) if do != "cut" else (200, data, len(data) // 2)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider = None

    def log_message(self, *_):
        pass

    def reply(self, status, content, cut=None, headers=()):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status == 429:
            self.send_header("Retry-After", "1")
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Type", "application/octet-stream" if content is data else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data if cut is None else data[:cut])
        if cut is not None:
            raise Drop

    def do_GET(self):  # noqa: N802
        path, _, query = self.path.partition("?")
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else b""
        try:
            if path.startswith("/_"):
                self.reply(200, self.provider.control(path, json.loads(body)))
            else:
                self.reply(*self.provider.answer(self, self.command, path, query, body))
        except Drop:
            self.close_connection = True
        except OSError:
            self.close_connection = True

    do_POST = do_GET


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Whoever asked was killed."""


def run(kind, description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("ledger")
    parser.add_argument("--token", required=True, help="the access token that must be shown")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    provider = kind(arguments.ledger, arguments.token)
    server = Server(("127.0.0.1", arguments.port), type("H", (Handler,), {"provider": provider}))
    provider.port = server.server_address[1]
    print(json.dumps({"port": provider.port}), flush=True)
    # Whoever started us holds the other end of our standard input.
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
    server.serve_forever()
