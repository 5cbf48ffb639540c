"""mail: the misbehaving mail server (smtp_server.py) for tests, its certificates, its ledger, and notices to send to it.

    with mail.Server(folder, places=3, user="kopru", password="...") as M: M.rules([...]); M.taken("<id@example.org>")
"""

import collections
import json
import os
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def certificates(folder):
    """An authority, a certificate of it for 127.0.0.1, and one that nobody vouches for."""
    def run(*command):
        subprocess.run(["openssl", *command], check=True, capture_output=True, cwd=folder, timeout=60)
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *ec, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Deneme CA", "-days", "30")
    run("req", *ec, "-keyout", "mail.key", "-out", "mail.csr", "-subj", "/CN=127.0.0.1")
    with open(os.path.join(folder, "san"), "w", encoding="ascii") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    run("x509", "-req", "-in", "mail.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "mail.pem", "-days",
        "30", "-extfile", "san")
    run("req", "-x509", *ec, "-keyout", "bad.key", "-out", "bad.pem", "-subj", "/CN=127.0.0.1", "-days", "30",
        "-addext", "subjectAltName=IP:127.0.0.1")


class Server:
    def __init__(self, folder, places=1, tls=True, **more):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.ledger = os.path.join(folder, "ledger")
        command = [sys.executable, os.path.join(HERE, "smtp_server.py"), self.ledger, "--places", str(places)]
        if tls:
            certificates(folder)
            for name in ("cert mail.pem", "key mail.key", "bad-cert bad.pem", "bad-key bad.key"):
                option, file = name.split(" ")
                command += ["--" + option, os.path.join(folder, file)]
        for name, value in more.items():
            command += ["--" + name.replace("_", "-")] + ([] if value is True else [value])
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        if not said:
            raise AssertionError(self.process.stderr.read())
        told = json.loads(said)
        self.ports, self.control = told["ports"], told["control"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.terminate()
        self.process.communicate()

    def rules(self, *rules):
        with socket.create_connection(("127.0.0.1", self.control), 10) as s:
            s.sendall(json.dumps(rules).encode() + b"\n")
            assert s.recv(10) == b"ok\n"

    def lines(self, event=None):
        with open(self.ledger, encoding="utf-8") as ledger:
            lines = [json.loads(line) for line in ledger if line.endswith("\n")]
        return [line for line in lines if not event or line["event"] == event]

    def taken(self):
        """How often each letter was taken over, by its Message-ID."""
        return collections.Counter(line["message_id"] for line in self.lines("taken"))


INSERT = """
    WITH n AS (SELECT gen_random_uuid() AS id, gen_random_uuid() AS application, place,
                      coalesce('{address}', format('a%s@%s', place, '{domain}')) AS address
                 FROM generate_series(1, {count}) AS place),
    a AS (INSERT INTO notifier.address (application_id, address, number, verified_at, verified_by)
          SELECT application, address, 'HM-2026-0000123-5', now(), 'event' FROM n)
    INSERT INTO notifier.notice (id, event_id, application_id, version, number, person, channel, template, policy, language,
                                 address, fields, state)
    SELECT id, gen_random_uuid(), application, 2, 'HM-2026-0000123-5', 'applicant', 'email', '{template}', '{policy}', 'tr',
           address, '{{"received_on": "2026-11-23", "due_on": "2026-12-23", "legal_basis": 1, "generation": 1,
           "department_name": "Temizlik", "text": "Konteyner boşaltıldı.\\n.\\nSaygılarımızla"}}', 'pending' FROM n
    RETURNING id"""


def notices(system, count, domain, template="answered", address=None):
    """Letters that are due, to addresses of a domain, each about an application of its own: their ids."""
    policy = "at_least_once" if template in ("answered", "question") else "at_most_once"
    text = INSERT.format(count=count, domain=domain, template=template, policy=policy, address=address or "")
    return system.rows(text.replace("coalesce('',", "coalesce(NULL,"))


def message_id(notice, number="HM-2026-0000123-5"):
    return f"<{notice}.{number}@example.org>"
