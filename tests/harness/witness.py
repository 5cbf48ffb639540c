#!/usr/bin/python3
"""witness: some departments' ends of their feeds, and their answers, in a program that may be killed at any instruction.

    witness.py SETTINGS.json          {"codes", "others", "outside", "feed", "commands", "secrets", "server", "ledger"}

As departments.py, and more: it goes on where its own ledger ends, commands without an answer are sent again with their ids, and
the ledger says which markers (words zx..., telephones) the bytes of each event held, and what they were:
    B CODE SEQ DIGEST MARKERS          every time that an event came
    D COMMAND DEPARTMENT               this command would hand the case to that department
Debian's python3-zmq and python3-protobuf.
"""

import hashlib
import json
import os
import re
import signal
import sys
import time
import types

import zmq

import answers
import departments
import ledger

MARKER = re.compile(rb"zx[0-9a-f]{20}|\+90500\d{7}")


def markers(data):
    return sorted({one.decode() for one in MARKER.findall(data)})


class Witness(departments.Department):
    def handle(self, item):
        self.book.write("B", self.code, item.seq, hashlib.sha256(item.event).hexdigest()[:20],
                        ",".join(markers(item.event)) or "-")
        super().handle(item)


class Replies(answers.Answers):
    def prepare(self, now):
        super().prepare(now)
        for step in self.due:
            fields = self.fields(step)
            if "department" in fields or "institution" in fields or step.action == "hand_back":
                self.department.book.write("D", step.id.hex(), fields.get("department") or fields.get("institution") or "HM")

    def resume(self, commands):
        for id_, (application, version, action) in commands.items():
            step = answers.Step(application, version, [action])
            step.id = id_
            self.waiting.append(step)


def cut_torn(path):
    """A line that was not finished announced nothing yet."""
    if os.path.exists(path):
        with open(path, "rb+") as file:
            data = file.read()
            file.truncate(data.rfind(b"\n") + 1)


def recover(folder, name):
    """Where each department stands, and what it asked for and has no answer to."""
    places, open_commands = {}, {}
    for what, first, *rest in ledger.read(folder, name):
        if what == "E":
            places[first] = (int(rest[0]), bytes.fromhex(rest[1]))
        elif what == "C":
            open_commands[bytes.fromhex(first)] = (rest[0], bytes.fromhex(rest[1]), int(rest[2]), rest[3])
        elif what == "P" and rest[0] not in ("busy", "unknown"):
            open_commands.pop(bytes.fromhex(first), None)
    return places, open_commands


class Consumer(departments.Consumer):
    def __init__(self, settings):
        path = settings["ledger"]
        cut_torn(path)
        places, open_commands = recover(os.path.dirname(path), os.path.basename(path)[:-len(".ledger")])
        self.book, self.counters = ledger.Ledger(path), [0, 0, 0]
        self.stop = types.SimpleNamespace(value=0)
        self.poller, self.departments, self.answers = zmq.Poller(), [], []
        system = types.SimpleNamespace(feed_ports=settings["feed"], path=lambda _, name: os.path.join(settings["secrets"], name))
        for code in settings["codes"]:
            department = Witness(code, system, self.book, *places.get(code, (0, b"")))
            self.departments.append(department)
            self.poller.register(department.socket, zmq.POLLIN)
            replies = Replies(department, departments.tcp(settings["commands"]), settings["others"], settings["outside"])
            replies.resume({id_: rest for id_, (whose, *rest) in open_commands.items() if whose == code})
            self.answers.append(replies)
            self.poller.register(replies.socket, zmq.POLLIN)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        consumer = Consumer(json.load(file))
    signal.signal(signal.SIGTERM, lambda *_: setattr(consumer.stop, "value", 1))
    consumer.run()


if __name__ == "__main__":
    main()
