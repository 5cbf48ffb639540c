"""world: what a fault run is about: the services, departments and a mail server on a pair of databases, applicants who do not
stop, a log of what was done to all of them, and what a nemesis needs to see: who lives, who moves, what it costs.

    W = world.World(seed, rate); W.start(); ...; W.finish(); verdict = W.verdict(); W.close()

The database lies in memory, ledgers and logs on the disk of /tmp. Debian's python3-zmq and python3-protobuf.
"""

import collections
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
import letters
import mail
import system as kopru
import tcp_proxy
import verdict

HERE = os.path.dirname(os.path.abspath(__file__))
PRINTING = ("TEM", "FEN")  # their ends are kopru-department
WITNESSES = {"witness-a": ("HM", "ZAB"), "witness-b": ("PRK", "KOSKI", "MEDAS")}
ENDS = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 0}  # what a program ends with
CURSORS = ("router/intake", "notifier/case", "reporting/intake", "reporting/case")
NOTIFIER = {"NOTIFIER_PROVIDER": "smtp", "NOTIFIER_SMTP_TLS": "off", "NOTIFIER_SMTP_ANSWER_SECONDS": "3",
            "NOTIFIER_SMTP_DOT_SECONDS": "3", "NOTIFIER_SETTLE_SECONDS": "2", "NOTIFIER_LEASE_SECONDS": "4",
            "NOTIFIER_DOMAIN_MINUTE": "0", "NOTIFIER_ATTEMPTS": "1000"}
# A notice that waits for longer than its back-off (10 s, doubled each time, at most an hour), its lease or its settling says,
# and a second, as it may have been written while we asked.
TOO_LATE = """next_at > now() + make_interval(secs => CASE state WHEN 'sending' THEN 4 WHEN 'unknown' THEN 2
  ELSE least(3600, 10 * 2 ^ least(greatest(attempts - 1, 0), 12)) END + 1)"""


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
        self.proxies, self.applicants, self.accepted = {}, None, []
        self.followed, self.seen = collections.Counter(), collections.Counter()  # by path: bytes, lines or the last seq
        self.struck, self.disturbed = collections.defaultdict(collections.Counter), []  # name: how it ended; (begin, end)
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

    def hit(self, name, how):
        """Sends a signal; whether there was anybody to get it, and, when it was SIGKILL, whether it is what ended it."""
        process = self.process(name)
        with process.lock:
            running = process.process
            if running.poll() is not None:
                return False
            running.send_signal(how)
            if how == signal.SIGKILL and running.wait(10) != -signal.SIGKILL:
                return False
        self.log(f"{how.name} {name}")
        if how in ENDS:
            self.struck[name][ENDS[how]] += 1
        return True

    def count(self, kind, name):
        """Only what happened to Köprü's own programs is counted."""
        if name not in WITNESSES:
            self.counts[kind] += 1

    def kill(self, name):
        began = time.time()
        if self.hit(name, signal.SIGKILL):
            self.count("sigkills", name)
            self.disturb(name, began)

    def disturb(self, name, began):
        """What ended now may be why nobody knows of a letter."""
        if name.startswith(("notifier", "database")):
            self.disturbed.append((began, time.time()))

    # -- what moves

    def new_lines(self, path):
        """Whole lines that came since the last time."""
        try:
            with open(path, "rb") as file:
                file.seek(self.followed[path])
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[:data.rfind(b"\n") + 1]
        self.followed[path] += len(whole)
        return whole.decode().splitlines()

    def follow(self):
        """Reads on in the applicants' ledger: when each 201 was asked for and when it came."""
        for line in self.new_lines(os.path.join(self.ledgers, "applicants.ledger")):
            words = line.split()
            if words[0] == "S" and words[2] == "201":
                self.accepted.append((float(words[5]), float(words[6])))

    def lines_with(self, path, word):
        """How many lines there are that hold this."""
        self.seen[path] += sum(word in line for line in self.new_lines(path))
        return self.seen[path]

    def printed(self, path):
        """The highest number of an event that was printed; one that comes again is no progress."""
        for line in self.new_lines(path):
            with contextlib.suppress(ValueError):  # torn by a SIGKILL
                self.seen[path] = max(self.seen[path], json.loads(line)["seq"])
        return self.seen[path]

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
            marks[name] = self.lines_with(os.path.join(self.ledgers, f"departments-{name}.ledger"), "E ")
        for code in PRINTING:
            marks["department-" + code] = self.printed(self.system.path("departments", code + ".jsonl"))
        marks["letter"] = self.lines_with(self.mail.ledger, '"event": "taken"')
        return marks

    def progress(self, since, bound, patience=30):
        """Seconds from since until the first 2xx and until each has moved; names of who had not within the bound."""
        before, moved, now = None, {}, 0.0
        while now <= patience and (not before or len(moved) < len(before) + 1):
            marks, now = self.marks(), time.monotonic() - since
            before = before or marks
            moved.update({name: now for name in marks or () if marks[name] > before[name] and name not in moved})
            first = self.first_accepted(since)
            if first:
                moved.setdefault("first 2xx", first - since)
            time.sleep(.1)
        late = sorted(name for name in {*(before or ["database"]), "first 2xx"} if moved.get(name, patience) > bound)
        if late:
            self.log(f"no progress within {bound} s: {[(name, moved.get(name)) for name in late]}")
        return max(patience if late and len(moved) <= len(before or ()) else 0, *moved.values(), 0), late

    # -- what it costs

    def resources(self):
        """Resident memory in KiB and open descriptors of each program; all must run."""
        found = {}
        for name in list(self.system.processes):
            process = self.process(name).process
            assert process.poll() is None, f"{name} is dead ({process.returncode}): {self.system.tail(name)}"
            with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
                found[name] = (int(file.read().split()[1]) * 4, len(os.listdir(f"/proc/{process.pid}/fd")))
        return found

    def unexplained(self):
        """Programs that ended otherwise, or at other times, than we ended them."""
        ends = {name: collections.Counter(self.process(name).ends) for name in list(self.system.processes)}
        return [f"{name} ended with {dict(codes)}, was ended with {dict(self.struck[name])}\n{self.system.tail(name)}"
                for name, codes in ends.items() if codes != self.struck[name]]

    # -- the end

    def quiet(self):
        """What is still open, in words; empty when nothing is. What waits as long as it may is pulled forward."""
        late = self.system.rows("SELECT id || ' ' || state || ' until ' || next_at FROM notifier.notice "
                                f"WHERE state IN ('pending', 'sending', 'unknown') AND next_at < 'infinity' AND {TOO_LATE}")
        assert not late, f"notices wait for longer than they may: {late[:5]}"
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
        return verdict.check(verdict.gather(self.system, self.ledgers, self.seed, PRINTING, self.system.path("letters"),
                                            letters.read_ledger(self.mail.ledger), self.disturbed))

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
