"""citizens: programs that enter applications over HTTPS, one by one, and write down each attempt and each answer (ledger.py).

    C = Citizens(port, api_key, "tls.crt", "sender-0.ledger")
    C.start() ... C.stop()        # until then; stop waits until everything that was begun has its answer
    C.apply_one("text")           # one more, now: its number
    C.receipt                     # what the last who was accepted may track it with
    C.sent, C.accepted, C.again   # counts
Only the standard library.
"""

import http.client
import json
import ssl
import threading
import time
import uuid

import ledger

WORKERS, PAUSE_SECONDS, AGAIN_SECONDS, PATIENCE_SECONDS = 3, .1, .3, 90
TEXTS = ("çöp toplanmadı, konteyner taşıyor", "yol çukuru var, kaldırım bozuk", "zzz qqq")


class Citizens:
    def __init__(self, port, key, certificate, ledger_path):
        self.port, self.key, self.book, self.lock = port, key, ledger.Ledger(ledger_path), threading.Lock()
        self.sent = self.accepted = self.again = 0
        self.receipt = None
        self.refused, self.threads, self.stopping = [], [], threading.Event()
        self.trust(certificate)

    def trust(self, certificate):
        """Only whoever has this certificate is spoken to."""
        self.context = ssl.create_default_context(cafile=certificate)

    def write(self, *words):
        with self.lock:
            self.book.write(*words)
            self.book.flush()

    def ask(self, connection, key, body):
        """(status, answer); no answer raises OSError or HTTPException."""
        connection.request("POST", "/api/v1/applications", body, {
            "Content-Type": "application/json", "Idempotency-Key": key, "Authorization": "Bearer " + self.key})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=25, context=self.context)

    def enter(self, connection, key, text):
        """Sends until there is a final answer; its number, or None when it was refused."""
        body = json.dumps({"kind": "complaint", "text": f"{text} {key}", "applicant": {"name": "Deneme Şahıs"}}).encode()
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            self.write("A", key)
            self.sent += 1
            try:
                status, said = self.ask(connection, key, body)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.write("U", key, type(error).__name__)
                status = 0
            if status == 201:
                answer = json.loads(said)
                self.write("S", key, 201, answer["number"], answer["after"]["seq"])
                self.accepted += 1
                self.receipt = {"number": answer["number"], "access_code": answer["access_code"]}
                return answer["number"]
            if status not in (0, 429, 502, 503, 504):
                self.write("S", key, status, "-", "-")
                self.refused.append((status, said[:500]))
                return None
            self.again += 1
            time.sleep(AGAIN_SECONDS)
        self.refused.append((0, f"{key} had no answer in {PATIENCE_SECONDS} s"))
        return None

    def apply_one(self, text):
        number = self.enter(self.connect(), str(uuid.uuid4()), f"{TEXTS[0]} {text}")
        assert number, self.refused
        return number

    def track(self, receipt):
        """What the citizen with that receipt is shown: (status, answer)."""
        connection = self.connect()
        connection.request("POST", "/api/v1/track", json.dumps(receipt).encode(), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def work(self, number):
        connection, count = self.connect(), 0
        while not self.stopping.is_set():
            self.enter(connection, str(uuid.uuid4()), TEXTS[(number + count) % len(TEXTS)])
            count += 1
            if count % 20 == 0:
                connection.close()  # another connection, and so perhaps another intake
            time.sleep(PAUSE_SECONDS)
        connection.close()

    def start(self):
        self.threads = [threading.Thread(target=self.work, args=(i,), daemon=True) for i in range(WORKERS)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS + 30)
        assert not any(thread.is_alive() for thread in self.threads), "a citizen still waits"
        assert not self.refused, self.refused[:3]
