"""world: what a fault run is about: the services, departments and a mail server on a pair of databases, applicants who do not
stop, a log of what was done to all of them, and what a nemesis needs to see: who lives, who moves, what it costs.

    W = world.World(seed, rate); W.start(); ...; W.finish(); verdict = W.verdict(); W.close()

The database lies in memory, ledgers and logs on the disk of /tmp. Debian's python3-zmq and python3-protobuf.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import applicants
import cluster
import mail
import system as kopru
import tcp_proxy
import verdict

HERE = os.path.dirname(os.path.abspath(__file__))
PRINTING = ("TEM", "FEN")  # their ends are kopru-department
WITNESSES = {"witness-a": ("HM", "ZAB"), "witness-b": ("PRK", "KOSKI", "MEDAS")}
CURSORS = ("router/intake", "notifier/case", "reporting/intake", "reporting/case")
NOTIFIER = {"NOTIFIER_PROVIDER": "smtp", "NOTIFIER_SMTP_TLS": "off", "NOTIFIER_SMTP_ANSWER_SECONDS": "3",
            "NOTIFIER_SMTP_DOT_SECONDS": "3", "NOTIFIER_SETTLE_SECONDS": "2", "NOTIFIER_LEASE_SECONDS": "4",
            "NOTIFIER_DOMAIN_MINUTE": "0", "NOTIFIER_ATTEMPTS": "1000"}


class World:
    def __init__(self, seed, rate, instances=1):
        self.seed, self.rate = seed, rate
        self.cluster = cluster.Cluster(disk_mib=400, wal_mib=96)  # before any thread: it moves into a namespace of mounts
        self.system = kopru.System(self.cluster.conninfo(), self.template(), instances=instances)
        self.ledgers = self.system.path("ledgers")
        os.makedirs(self.ledgers, mode=0o700)
        self.mail = mail.Server(self.system.path("mail"), tls=False, messages=self.folder("letters"))
        self.system.settings["notifier"] = {**NOTIFIER, "NOTIFIER_SMTP": f"smtp://127.0.0.1:{self.mail.ports[0]}"}
        self.counts = dict.fromkeys(("sigkills", "stops", "terms", "db_crashes", "promotions", "disk_full", "other"), 0)
        self.started, self.events = time.monotonic(), open(self.system.path("nemesis.log"), "w", encoding="utf-8")
        self.proxies, self.applicants, self.accepted, self.followed = {}, None, [], 0
        self.taken, self.promoted = set(), []  # names in this round; when promotions had taken place
        self.faults, self.worst = [], {}  # sentences; the longest time of a kind, and what it was for

    def template(self):
        return self.cluster.template

    def folder(self, name):
        os.makedirs(self.system.path(name), mode=0o700, exist_ok=True)
        return self.system.path(name)

    def log(self, text):
        self.events.write(f"{time.monotonic() - self.started:9.3f}  {text}\n")
        self.events.flush()

    def fault(self, text):
        self.log("FAULT " + text)
        self.faults.append(text)

    def slowest(self, kind, seconds, what):
        self.worst[kind] = max(self.worst.get(kind, (0.0, "")), (seconds, what))

    # -- starting

    def start(self):
        self.system.start()
        departments = [*PRINTING, *(code for codes in WITNESSES.values() for code in codes)]
        for code in departments:
            self.system.kopru("department", "key", code, "--out", self.system.path("secrets", code + ".key"))
        keys = {role: self.key(role, "cases", "--role", role, *(("--department", "TEM") if role != "clerk" else ()))
                for role in ("officer", "manager", "clerk")}
        program = self.key("applicants", "applications,reports")
        self.make_proxies()
        time.sleep(1.3)  # services read keys anew every second
        for code in PRINTING:
            self.system.department(code, DEPARTMENT_FEED=self.through("feed"))
        for name, codes in WITNESSES.items():
            self.witness(name, codes, departments)
        self.start_applicants(program, keys)
        self.system.supervise()

    def key(self, name, rights, *more):
        told = self.system.kopru("key", "create", name, "--rights", rights, *more)
        return next(word for word in told.split() if word.startswith("kopru_"))

    def make_proxies(self):
        for place, instance in enumerate(self.system.names("router")):
            for kind, ports in (("feed", self.system.feed_ports), ("commands", self.system.command_ports)):
                self.proxies[f"{kind}-{instance}"] = tcp_proxy.TcpProxy(f"127.0.0.1:{ports[place]}")
        for instance in self.system.names("intake"):
            self.proxies[f"http-{instance}"] = tcp_proxy.TcpProxy(f"unix:{self.system.path(instance + '.sock')}")

    def through(self, kind):
        return ",".join(f"tcp://{proxy.address}" for name, proxy in self.proxies.items() if name.startswith(kind))

    def program(self, name, script, settings, **more):
        path = self.system.path(name + ".json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        return kopru.Process(name, [sys.executable, os.path.join(HERE, script), path], dict(os.environ),
                             self.system.path("log", name + ".log"), **more)

    def witness(self, name, codes, departments):
        process = self.program(name, "witness.py", {
            "codes": codes, "others": [code for code in departments if code not in applicants.OUTSIDE],
            "outside": applicants.OUTSIDE,
            "feed": self.ports("feed"), "commands": self.ports("commands"), "secrets": self.system.path("secrets"),
            "ledger": os.path.join(self.ledgers, f"departments-{name}.ledger")})
        self.system.processes[name] = process
        process.start()

    def ports(self, kind):
        return [proxy.port for name, proxy in self.proxies.items() if name.startswith(kind)]

    def start_applicants(self, program, people):
        self.applicants = self.program("applicants", "applicants.py", {
            "seed": self.seed, "rate": self.rate, "ledger": os.path.join(self.ledgers, "applicants.ledger"),
            "endpoints": self.direct() + [f"127.0.0.1:{port}" for port in self.ports("http")], "key": program, "people": people},
            stdin=True)
        self.applicants.start()

    def direct(self):
        return ["unix:" + self.system.path(instance + ".sock") for instance in self.system.names("intake")]

    # -- who there is, and what is done to them

    def process(self, name):
        return self.system.processes[name]

    def choose(self, chance, most):
        """Some that nothing else is done to in this round; without most all of them."""
        free = sorted(set(self.system.processes) - self.taken)
        names = chance.sample(free, min(len(free), chance.randint(1, most) if most else len(free)))
        self.taken.update(names)
        return names

    def kill(self, name):
        if self.process(name).kill(signal.SIGKILL):
            self.counts["sigkills"] += 1
            self.log(f"SIGKILL {name}")

    # -- what moves

    def follow(self):
        """Reads on in the applicants' ledger: when each 201 was asked for and when it came."""
        with open(os.path.join(self.ledgers, "applicants.ledger"), "ab+") as file:
            file.seek(self.followed)
            data = file.read()
        whole = data[:data.rfind(b"\n") + 1]
        self.followed += len(whole)
        for line in whole.decode().splitlines():
            words = line.split()
            if words[0] == "S" and words[2] == "201":
                self.accepted.append((float(words[5]), float(words[6])))

    def first_accepted(self, since):
        """When the first 201 came whose request was sent after that moment; None when none has come yet."""
        self.follow()
        return min((came for asked, came in self.accepted if asked >= since), default=None)

    def marks(self):
        """How far everybody is who goes on with what was accepted; None while the database cannot be asked."""
        try:
            rows = dict(row.split("|") for row in self.system.rows("SELECT consumer || '/' || stream, seq FROM feed.cursor"))
        except AssertionError:
            return None
        marks = {name: int(rows.get(name, 0)) for name in CURSORS}
        for name in WITNESSES:
            marks[name] = size(os.path.join(self.ledgers, f"departments-{name}.ledger"))
        for code in PRINTING:
            marks["department-" + code] = size(self.system.path("departments", code + ".jsonl"))
        return marks

    def progress(self, since, bound, patience=30):
        """Seconds from since until the first 2xx and until each has moved; names of who had not when the bound was over."""
        before, moved, late = None, {}, []
        while len(moved) < len(CURSORS) + len(WITNESSES) + len(PRINTING) + 1:
            marks, now = self.marks(), time.monotonic() - since
            if marks and not before:
                before = marks
            for name in marks or ():
                if marks[name] > before[name]:
                    moved.setdefault(name, now)
            first = self.first_accepted(since)
            if first:
                moved.setdefault("first 2xx", first - since)
            if now > bound and not late and (late := sorted({*before, "first 2xx"} - set(moved)) if before else ["database"]):
                self.log(f"no progress after {bound} s: {late}")
            if now > patience:
                break
            time.sleep(.1)
        return max(moved.values(), default=patience), late

    # -- what it costs

    def resources(self):
        """Resident memory in KiB and open descriptors of each program that runs."""
        found = {}
        for name in list(self.system.processes):
            process = self.process(name).process
            with contextlib.suppress(OSError):
                with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
                    found[name] = (int(file.read().split()[1]) * 4, len(os.listdir(f"/proc/{process.pid}/fd")))
        return found

    def ends(self):
        """Exit codes of everything that ended, by name."""
        return {name: list(self.process(name).ends) for name in list(self.system.processes)}

    # -- the end

    def quiet(self):
        """What is still open, in words; empty when nothing is."""
        self.system.sql("UPDATE notifier.notice SET next_at = now() WHERE state = 'pending' AND next_at > now() + interval '1 s'")
        return self.system.value("""
            SELECT concat_ws(', ',
              (SELECT string_agg(c.consumer || ' is behind in ' || c.stream, ', ') FROM feed.cursor c WHERE c.seq <
                 coalesce((SELECT max(seq) FROM feed.event e WHERE e.stream = c.stream), 0)),
              (SELECT nullif(count(*), 0) || ' notices wait' FROM notifier.notice
                WHERE state IN ('pending', 'sending') OR state = 'unknown' AND next_at < 'infinity'))""")

    def behind(self):
        """Departments that have not acknowledged everything yet, and commands that have no answer."""
        evidence = verdict.Evidence()
        verdict.read_witnesses(evidence, self.ledgers)
        for code in PRINTING:
            verdict.read_cursor(evidence, self.system, code)
        heads = dict(row.split("|") for row in self.system.rows(
            "SELECT stream, max(seq) FROM feed.event WHERE stream LIKE 'department/%' GROUP BY stream"))
        open_ = [id_ for id_ in evidence.commands if all(reply[0] in ("busy", "unknown") for reply in evidence.replies[id_])]
        return [stream for stream, head in heads.items()
                if evidence.acknowledged.get(stream.split("/")[1], 0) < int(head)] + [f"command {id_}" for id_ in open_]

    def finish(self, seconds=30):
        """Everything is healed; no more applications, and everybody comes to an end with what there is."""
        self.applicants.process.stdin.close()
        code = self.applicants.process.wait(seconds + 60)
        assert code == 0, f"applicants ended with {code}: {self.system.tail('applicants')}"
        kopru.wait_until(lambda: not self.quiet(), seconds, "all is quiet", self.quiet)
        kopru.wait_until(lambda: not self.behind(), seconds, "departments are at their heads", self.behind)

    def verdict(self):
        return verdict.check(verdict.gather(self.system, self.ledgers, self.seed, PRINTING, self.system.path("letters")))

    def doctor(self):
        """What kopru doctor calls wrong, services asked, too; but for the volumes, which are small, and letters whose fate the
        mail server never told."""
        services = ",".join(f"{name}=unix:{self.system.path(name + '.sock')}" for service in kopru.SERVICES
                            for name in self.system.names(service))
        done = subprocess.run([os.path.join(kopru.BUILD, "kopru"), "doctor"], cwd=kopru.TOP, capture_output=True, text=True,
                              timeout=60, check=False, env={**os.environ, "KOPRU_SERVICES": services,
                                                            "KOPRU_DATABASE": self.cluster.conninfo(dbname=self.system.database)})
        assert " checks, " in done.stdout, done
        return [line for line in done.stdout.split("\n")
                if line.startswith("WRONG") and not line.startswith(("WRONG  disks:", "WRONG  notices: of "))]

    def close(self, keep=False):
        """keep: the folder with ledgers and logs stays, and the databases' logs go there, too."""
        for process in self.system.processes.values():
            process.kill(signal.SIGCONT)
        codes = self.system.close(keep=True)
        if self.applicants and self.applicants.process:
            self.applicants.stop()
        self.mail.close()
        for proxy in self.proxies.values():
            proxy.close()
        self.events.close()
        for server in self.cluster.servers if keep else ():
            shutil.copy(server.log, self.system.path("log", f"postgres-{self.cluster.name(server)}.log"))
        self.cluster.stop()
        if not keep:
            shutil.rmtree(self.system.folder, ignore_errors=True)
        return codes


def size(path):
    with contextlib.suppress(OSError):
        return os.path.getsize(path)
    return 0
