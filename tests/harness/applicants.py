#!/usr/bin/python3
"""applicants: citizens and clerks of a fault run, in a program of their own that no fault touches, with a ledger of its own.

    applicants.py SETTINGS.json       {"seed", "rate", "ledger", "endpoints", "key", "people": {role: API key}}

Each application is sent over HTTP to one of the endpoints ("unix:/path" or "host:port"), with a key and with markers that
nobody else's text holds. What got no clear answer is sent again with the same key, anywhere, until it has one; a few give up
instead. A few cases then live on over HTTP: draft, approve, answer, close; two who answer the same case at once. Each
attempt and each outcome is on the disk before anything goes on. When standard input ends no new application begins, what is
open is brought to its end, and the program ends. Only the standard library.
"""

import collections
import hashlib
import http.client
import json
import os
import queue
import random
import sys
import threading
import time
import uuid

import ledger
import system as kopru

TEXTS = {"TEM": "Sokağımızda üç gündür çöp toplanmadı", "FEN": "Yol çukuru var, kaldırım bozuk", "HM": "Qqq zzz",
         "ZAB": "Seyyar satıcı ve dilenci var", "PRK": "Parktaki salıncak kırık", "KOSKI": "Sokağımızda su kesik",
         "MEDAS": "Elektrik kesintisi var"}
OUTSIDE = ("KOSKI", "MEDAS")  # institutions: they see no persons
LIVES = ("TEM",)  # its software sends no commands: here people do
THREADS, TRIES_SECONDS, AGAIN_SECONDS = 8, 90, .25
GIVES_UP, LIVES_ON, RACES, DESK = .02, .3, .1, 40  # shares; most receipts that wait for a clerk
Application = collections.namedtuple("Application", "key department marker secret phone hidden address verified text body")


def application(seed, place):
    """The application at this place of the run, the same for whoever asks."""
    chance = random.Random(f"{seed}-{place}")
    key = f"F{seed}-{place:06d}"
    marker, secret = ("zx" + hashlib.sha256((word + key).encode()).hexdigest()[:20] for word in ("text", "person"))
    department = chance.choice(list(TEXTS))
    text = f"{TEXTS[department]}. {marker}"
    hidden, mail = chance.random() < .15, chance.random()
    address = f"{secret}@posta{place % 4}.example.org" if mail < .7 else None
    applicant = {"name": f"Deneme {secret}", "address": f"{secret} Sokak 1", "phone": f"0500 {place:07d}",
                 "hide_identity": hidden}
    if address:
        applicant["email"] = address
    if mail < .45:
        applicant["email_verified"] = True
    body = {"kind": "complaint", "channel": "desk", "text": text, "external_id": key, "applicant": applicant}
    if department == "HM":
        body["topic"] = "HM-00"  # what the model makes of nonsense is its own affair
    return Application(key, department, marker, secret, f"+90500{place:07d}", hidden, address, mail < .45, text,
                       json.dumps(body, ensure_ascii=False).encode())


class Person(threading.Thread):
    """One keep-alive connection to each endpoint, one request under way. Clerks take up what applicants were told."""

    def __init__(self, crowd, place):
        super().__init__(name=f"person-{place}")
        self.crowd, self.chance = crowd, random.Random(f"{crowd.settings['seed']}-person-{place}")
        self.connections = {}

    def ask(self, path, body, headers):
        """(status, answer), or (0, why) when no answer came."""
        endpoint = self.chance.choice(self.crowd.settings["endpoints"])
        connection = self.connections.get(endpoint) or self.connect(endpoint)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            data = response.read()
            if not response.headers.get("Content-Length"):  # the headers were cut, which http.client takes for their end
                raise ValueError("an answer without its length")
            return response.status, json.loads(data) if "json" in response.headers.get("Content-Type", "") else {}
        except (OSError, ValueError, http.client.HTTPException) as error:
            connection.close()
            return 0, type(error).__name__

    def connect(self, endpoint):
        self.connections[endpoint] = kopru.UnixConnection(endpoint[5:], 5) if endpoint.startswith("unix:") else \
            http.client.HTTPConnection(*endpoint.split(":"), timeout=5)
        return self.connections[endpoint]

    def run(self):
        while (place := self.crowd.next()) is not None:
            one = application(self.crowd.settings["seed"], place)
            answer = self.apply(one)
            draw = self.chance.random()
            if answer and one.department in LIVES and draw < LIVES_ON + RACES and self.crowd.desk.qsize() < DESK:
                self.crowd.desk.put((Clerk.race if draw < RACES else Clerk.live, answer))

    # -- applications

    def apply(self, one):
        """The receipt, when there is one."""
        headers = {"Idempotency-Key": one.key, "Authorization": "Bearer " + self.crowd.settings["key"]}
        end = time.monotonic() + TRIES_SECONDS
        while time.monotonic() < end:
            begun = self.crowd.write("A", one.key)
            status, answer = self.ask("/api/v1/applications", one.body, headers)
            if status == 201:
                self.crowd.write("S", one.key, status, answer["number"], answer["after"]["seq"], begun)
                return answer
            if status in (0, 429, 502, 503, 504):
                self.crowd.write("U", one.key, status or answer, begun)
                if self.chance.random() < GIVES_UP:
                    self.crowd.write("G", one.key)
                    return None
            else:
                self.crowd.write("S", one.key, status, "-", "-", begun)
                return None
            time.sleep(AGAIN_SECONDS)
        return None


class Clerk(Person):
    def run(self):
        while (work := self.crowd.desk.get()) is not None:
            what, receipt = work
            what(self, receipt)

    def live(self, receipt):
        version = 2
        for role, action, fields in (("officer", "draft", {"text": "Ekip gönderilecektir."}), ("manager", "approve", {}),
                                     ("officer", "answer", {}), ("clerk", "close", {"reason": "Cevaplandı."})):
            result = self.command(receipt, role, action, version, fields)
            if result[0] != "ok":
                return
            version = result[1]

    def race(self, receipt):
        """Two final answers to one case at once: one of them is a conflict."""
        other = threading.Thread(target=Clerk(self.crowd, receipt["number"]).command,
                                 args=(receipt, "manager", "answer", 2, {"text": "Gereği yapılmıştır."}))
        other.start()
        self.command(receipt, "manager", "answer", 2, {"text": "Gereği yapıldı. Bilgilerinize sunarız."})
        other.join()

    def command(self, receipt, role, action, version, fields):
        """(result, version); the same id until it is final."""
        id_, end, number = uuid.uuid4(), time.monotonic() + TRIES_SECONDS, receipt["number"]
        body = json.dumps({"id": str(id_), "number": number, "action": action, "expected_version": version,
                           "after": receipt["after"], **fields}).encode()
        while time.monotonic() < end:
            self.crowd.write("C", id_.hex, role, number, version, action)
            status, answer = self.ask("/api/v1/commands", body,
                                      {"Authorization": "Bearer " + self.crowd.settings["people"][role]})
            if status == 200:
                self.crowd.write("P", id_.hex, "ok", answer["version"], answer["after"]["seq"])
                return "ok", answer["version"]
            if status in (0, 429, 502, 503, 504):
                self.crowd.write("P", id_.hex, "unknown", 0, 0)
                time.sleep(AGAIN_SECONDS)
                continue
            self.crowd.write("P", id_.hex, "conflict" if status == 409 else f"refused-{status}", 0, 0)
            return "refused", 0
        return "unknown", 0


class Crowd:
    def __init__(self, settings):
        self.settings, self.lock = settings, threading.Lock()
        self.book = ledger.Ledger(settings["ledger"])
        self.place, self.open, self.due = 0, True, time.monotonic()
        self.desk = queue.Queue()

    def write(self, *words):
        """On the disk when it returns; the time is a word of it."""
        now = f"{time.monotonic():.4f}"
        with self.lock:
            self.book.write(*words, now)
            self.book.flush()
        os.fdatasync(self.book.descriptor)
        return now

    def next(self):
        """The place of the next application, when its time has come; None when no more are wanted. What was missed while
        everybody waited is not made up for."""
        with self.lock:
            self.due = max(self.due + 1 / self.settings["rate"], time.monotonic() - .1)
            due, place = self.due, self.place
            self.place += 1
        time.sleep(max(0, due - time.monotonic()))
        return place if self.open else None

    def run(self):
        people, clerks = [Person(self, place) for place in range(THREADS)], [Clerk(self, -place) for place in range(THREADS)]
        for person in people + clerks:
            person.start()
        sys.stdin.read()
        self.open = False
        for person in people:
            person.join()
        for _ in clerks:
            self.desk.put(None)
        for clerk in clerks:
            clerk.join()
        self.book.close()


def on_broken(broken):
    """A person who stops without a word would only look like a slow system."""
    threading.__excepthook__(broken)
    os._exit(70)


if __name__ == "__main__":
    threading.excepthook = on_broken
    with open(sys.argv[1], encoding="utf-8") as file:
        Crowd(json.load(file)).run()
