"""system: the real programs on a scratch database, for flow, fault and bench tests.

Starts intake, router, notifier, reporting and departments as processes of their own, restarts what dies
(as the supervisor of an installation does), and speaks to them as a citizen, a department or an operator would.
Only the standard library.
"""

import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("KOPRU_BUILD", os.path.join(TOP, "build"))
SERVICES = ("intake", "router", "notifier", "reporting")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=15):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def conninfo_with(conninfo, **changes):
    pairs = dict(pair.split("=", 1) for pair in conninfo.split())
    pairs.update(changes)
    return " ".join(f"{name}={value}" for name, value in pairs.items())


def psql_program():
    for folder in sorted(os.listdir("/usr/lib/postgresql"), key=lambda v: -int(v)):
        path = f"/usr/lib/postgresql/{folder}/bin/psql"
        if os.path.exists(path):
            return path
    return "psql"


class Process:
    """One program, restarted when it dies until it is told to stop."""

    def __init__(self, name, command, environment, log, stdout=None, stdin=False):
        """stdin: it gets a pipe as its standard input, which ends when we close it."""
        self.name, self.command, self.environment = name, command, environment
        self.log_path, self.stdout_path, self.stdin = log, stdout, subprocess.PIPE if stdin else subprocess.DEVNULL
        self.wanted, self.starts, self.process, self.ends = False, 0, None, []
        self.lock = threading.Lock()

    def start(self):
        with self.lock:
            self.wanted = True
            self._spawn()

    def _spawn(self):
        if self.process and self.process.poll() is not None:
            self.ends.append(self.process.returncode)
        log = open(self.log_path, "ab")
        out = open(self.stdout_path, "ab") if self.stdout_path else log
        self.process = subprocess.Popen(self.command, env=self.environment, stdin=self.stdin,
                                        stdout=out, stderr=log, cwd=TOP)
        self.starts += 1
        log.close()
        if out is not log:
            out.close()

    def revive(self):
        """Starts it again when it died by itself or was killed; says whether it did."""
        with self.lock:
            if self.wanted and self.process and self.process.poll() is not None:
                self._spawn()
                return True
            return False

    def kill(self, how=signal.SIGKILL):
        """Whether there was anybody to get the signal."""
        with self.lock:
            alive = self.process is not None and self.process.poll() is None
            if alive:
                self.process.send_signal(how)
            return alive

    def stop(self, seconds=12):
        """SIGTERM and wait; the exit code, or None when it had to be killed."""
        with self.lock:
            self.wanted = False
            process = self.process
        if not process:
            return None
        if process.poll() is None:
            process.terminate()
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def rss_kib(self):
        """Highest resident memory of the process that runs now."""
        try:
            with open(f"/proc/{self.process.pid}/status") as status:
                for line in status:
                    if line.startswith("VmHWM:"):
                        return int(line.split()[1])
        except (OSError, AttributeError):
            pass
        return 0


class System:
    def __init__(self, admin=None, template=None, feed_port=None, intake_tcp=None, folder=None, settings=None, instances=1,
                 cluster=None):
        """settings: more of a service's environment, such as {"notifier": {"NOTIFIER_QUIET": "22-08"}}.
        instances: of each service. One is called "intake", two are "intake-1" and "intake-2"; where a service is meant,
        such as in request() and start(), "intake" then is whichever answers, or all of them.
        cluster: a cluster.Cluster to run on instead of the scratch database of tests/run."""
        self.settings = settings or {}
        self.instances, self.build = instances, BUILD
        self.admin = admin or (cluster.conninfo() if cluster else os.environ["KOPRU_TEST_PG"])
        self.template = template or (cluster.template if cluster else os.environ["KOPRU_TEST_TEMPLATE"])
        self.folder = folder or tempfile.mkdtemp(prefix="kopru.", dir="/tmp")
        self.database = "flow_" + os.path.basename(self.folder).split(".")[-1].lower().replace("_", "u")
        self.psql = psql_program()
        self.processes = {}
        self.feed_ports = [feed_port or free_port()] + [free_port() for _ in range(instances - 1)]
        self.command_ports = [free_port() for _ in range(instances)]
        self.feed_port, self.command_port = self.feed_ports[0], self.command_ports[0]
        self.commands = ",".join(f"ipc://{self.path(f'command-router-{i + 1}.sock')}" for i in range(instances))
        self.intake_tcp = intake_tcp
        self.supervising = False
        self._prepare()

    # -- making and unmaking

    def _prepare(self):
        for name in ("log", "outbox", "secrets", "departments"):
            os.makedirs(os.path.join(self.folder, name), mode=0o700, exist_ok=True)
        self.sql(f'CREATE DATABASE "{self.database}" TEMPLATE "{self.template}"', conninfo=self.admin)
        for name in ("access-code.key", "person.key"):
            descriptor = os.open(self.path("secrets", name), os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(descriptor, secrets.token_bytes(32))
            os.close(descriptor)
        self.kopru("curve", self.path("secrets", "router.key"))

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def conninfo(self, role):
        return conninfo_with(self.admin, user=role, dbname=self.database)

    def names(self, name):
        """The instances of a service; of anything else, itself."""
        if name in SERVICES and self.instances > 1:
            return [f"{name}-{i + 1}" for i in range(self.instances)]
        return [name]

    def environment(self, instance):
        url = "http://127.0.0.1:8080"
        name, _, number = instance.partition("-")
        number = int(number or 1)
        listen = f"unix:{self.path(instance + '.sock')}"
        if instance == "intake" and self.intake_tcp:
            listen = f"127.0.0.1:{self.intake_tcp}"
        values = {
            "intake": {
                "INTAKE_FEED": f"ipc://{self.path(f'feed-intake-{number}.sock')}",
                "INTAKE_COMMANDS": f"ipc://{self.path('command-router-*.sock')}",
                "INTAKE_ACCESS_CODE_KEY_FILE": self.path("secrets", "access-code.key"),
                "INTAKE_PERSON_KEY_FILE": self.path("secrets", "person.key"),
                "INTAKE_HOLIDAYS_FILE": os.path.join(TOP, "deploy/data/holidays_tr_2020_2030.csv"),
                "INTAKE_FILES": self.path("files"),
                "INTAKE_PUBLIC_URL": url,
            },
            "router": {
                "ROUTER_INTAKE_FEED": f"ipc://{self.path('feed-intake-*.sock')}",
                "ROUTER_FEED": f"ipc://{self.path(f'feed-router-{number}.sock')},tcp://127.0.0.1:{self.feed_ports[number - 1]}",
                "ROUTER_COMMANDS": f"ipc://{self.path(f'command-router-{number}.sock')},"
                                   f"tcp://127.0.0.1:{self.command_ports[number - 1]}",
                "ROUTER_KEY_FILE": self.path("secrets", "router.key"),
                "ROUTER_MODEL_FILE": os.path.join(BUILD, "topics.model"),
            },
            "notifier": {
                "NOTIFIER_CASE_FEED": f"ipc://{self.path('feed-router-*.sock')}",
                "NOTIFIER_INTAKE_FEED": f"ipc://{self.path('feed-intake-*.sock')}",
                "NOTIFIER_OUTBOX": self.path("outbox"),
                "NOTIFIER_TEMPLATES": os.path.join(TOP, "services/notifier/templates"),
                "NOTIFIER_PUBLIC_URL": url,
                "NOTIFIER_FROM": "hizmetmasasi@example.org",
                "NOTIFIER_ACCESS_CODE_KEY_FILE": self.path("secrets", "access-code.key"),
                "NOTIFIER_ADDRESS_DAY": "0",  # test persons share an address
                "NOTIFIER_CONFIRM_DAY": "0",
            },
            "reporting": {
                "REPORTING_INTAKE_FEED": f"ipc://{self.path('feed-intake-*.sock')}",
                "REPORTING_CASE_FEED": f"ipc://{self.path('feed-router-*.sock')}",
                "REPORTING_HOLIDAYS_FILE": os.path.join(TOP, "deploy/data/holidays_tr_2020_2030.csv"),
                "REPORTING_NEIGHBOURHOODS_FILE": os.path.join(TOP, "deploy/data/neighbourhoods.csv"),
            },
        }[name]
        upper = name.upper()
        base = {k: v for k, v in os.environ.items() if not k.startswith(tuple(s.upper() + "_" for s in SERVICES))}
        return {**base, f"{upper}_DATABASE": self.conninfo(name), f"{upper}_LISTEN": listen, **values,
                **self.settings.get(name, {}), **(self.settings.get(instance, {}) if instance != name else {})}

    def start(self, *names, prefix=()):
        """Services (all their instances) or instances; without a name everything. prefix: a command before each."""
        wanted = [instance for name in names or SERVICES for instance in self.names(name)]
        for name in wanted:
            if name not in self.processes:
                self.processes[name] = Process(name, [*prefix, os.path.join(self.build, "kopru-" + name.split("-")[0])],
                                               self.environment(name), self.path("log", name + ".log"))
            self.processes[name].start()
        for name in wanted:
            self.wait_healthy(name)

    def wait_healthy(self, name, seconds=20):
        """A service is healthy when all its instances are."""
        def healthy():
            try:
                return all(self.request(instance, "GET", "/healthz")[0] == 200 for instance in self.names(name))
            except (OSError, http.client.HTTPException):
                return False
        wait_until(healthy, seconds, f"{name} is healthy", lambda: self.tail(name))

    def tail(self, name, size=4000):
        text = ""
        for instance in self.names(name):
            try:
                with open(self.path("log", instance + ".log"), "rb") as log:
                    text += log.read()[-size:].decode("utf-8", "replace")
            except OSError:
                pass
        return text

    def supervise(self):
        """Restarts what dies, every 50 ms, until close."""
        self.supervising = True

        def watch():
            while self.supervising:
                for process in list(self.processes.values()):
                    process.revive()
                time.sleep(0.05)
        threading.Thread(target=watch, daemon=True).start()

    def close(self, keep=False):
        self.supervising = False
        codes = {name: process.stop() for name, process in reversed(list(self.processes.items()))}
        self.sql(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)', conninfo=self.admin)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        return codes

    # -- departments

    def department(self, code, handler="print", prefix=(), **more):
        """Starts the reference consumer of a department; its lines go to departments/CODE.jsonl. prefix: a command before it."""
        key = self.path("secrets", code + ".key")
        if not os.path.exists(key):
            self.kopru("department", "key", code, "--out", key)
        environment = {
            **os.environ,
            "DEPARTMENT_CODE": code,
            "DEPARTMENT_FEED": ",".join(f"tcp://127.0.0.1:{port}" for port in self.feed_ports),
            "DEPARTMENT_SERVER_PUBLIC_FILE": self.path("secrets", "router.key.pub"),
            "DEPARTMENT_KEY_FILE": key,
            "DEPARTMENT_CURSOR": self.path("departments", code + ".cursor"),
            "DEPARTMENT_PARKED": self.path("departments", code + ".parked"),
            "DEPARTMENT_HANDLER": handler,
            **more,
        }
        process = Process("department-" + code, [*prefix, os.path.join(self.build, "kopru-department")], environment,
                          self.path("log", f"department-{code}.log"), self.path("departments", code + ".jsonl"))
        self.processes["department-" + code] = process
        process.start()
        return process

    def lines(self, code):
        """What a department was given, whole lines only."""
        try:
            with open(self.path("departments", code + ".jsonl"), "rb") as lines:
                data = lines.read()
        except OSError:
            return []
        return [json.loads(line) for line in data.split(b"\n") if line.startswith(b"{") and line.endswith(b"}")]

    def departments(self):
        return self.rows("SELECT code FROM router.department ORDER BY code")

    # -- asking

    def kopru(self, *arguments):
        environment = {**os.environ, "KOPRU_DATABASE": conninfo_with(self.admin, dbname=self.database)}
        done = subprocess.run([os.path.join(self.build, "kopru"), *arguments], env=environment, cwd=TOP,
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"kopru {' '.join(arguments)}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def sql(self, text, conninfo=None):
        done = subprocess.run([self.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                               conninfo or conninfo_with(self.admin, dbname=self.database), "-c", text],
                              capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"{text}: {done.stderr}")
        return done.stdout

    def rows(self, text):
        return [line for line in self.sql(text).split("\n") if line]

    def value(self, text):
        return self.sql(text).strip()

    def connection(self, name, timeout=15):
        if name == "intake" and self.intake_tcp:
            return http.client.HTTPConnection("127.0.0.1", self.intake_tcp, timeout=timeout)
        names = self.names(name)
        if len(names) > 1:
            names = [n for n in names if listens(self.path(n + ".sock"))] or names
        return UnixConnection(self.path(names[0] + ".sock"), timeout)

    def request(self, name, method, path, body=None, headers=None, connection=None):
        """(status, headers, body) where JSON is parsed."""
        own = connection is None
        connection = connection or self.connection(name)
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body, ensure_ascii=False).encode()
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            data = response.read()
        finally:
            if own:
                connection.close()
        kind = response.headers.get("Content-Type", "")
        if "json" in kind:
            data = json.loads(data)
        return response.status, response.headers, data

    def apply(self, body, key=None, api_key=None, language=None, connection=None):
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        if api_key:
            headers["Authorization"] = "Bearer " + api_key
        if language:
            headers["Accept-Language"] = language
        return self.request("intake", "POST", "/api/v1/applications", body, headers, connection)

    def track(self, number, code):
        return self.request("reporting", "POST", "/api/v1/track", {"number": number, "access_code": code})

    def confirm(self, letter):
        """Opens the link of a neutral message (email.message), as its page does; (status, headers, body)."""
        link = next(word for word in letter.get_content().split() if "&onay=" in word)
        given = dict(pair.split("=") for pair in link.split("#")[1].split("&"))
        return self.request("notifier", "POST", "/api/v1/addresses/confirm", {"number": given["no"], "token": given["onay"]})

    def letters(self, number):
        """Letters in the outbox about an application, oldest first."""
        import email
        import email.policy
        found = []
        for name in os.listdir(self.path("outbox")):
            if number in name and name.endswith(".eml"):
                path = self.path("outbox", name)
                with open(path, "rb") as file:
                    found.append((os.stat(path).st_mtime_ns, email.message_from_binary_file(file, policy=email.policy.default)))
        return [letter for _, letter in sorted(found, key=lambda pair: pair[0])]

    def api_key(self, name, rights, *more):
        """more: --role clerk, --role manager --department TEM ... for the right "cases"."""
        for word in self.kopru("key", "create", name, "--rights", rights, *more).split():
            if word.startswith("kopru_"):
                time.sleep(1.3)  # the services read the keys anew every second
                return word
        raise AssertionError("kopru key create printed no key")

    def wait_quiet(self, seconds=30):
        """Until every consumer's cursor is at the head of its stream and no notice waits."""
        query = """
            SELECT (SELECT count(*) FROM feed.cursor c WHERE c.seq < coalesce(
                     (SELECT max(seq) FROM feed.event e WHERE e.stream = c.stream), 0))
                 + (SELECT count(*) FROM notifier.notice WHERE state IN ('pending', 'sending'))"""
        wait_until(lambda: self.value(query) == "0", seconds, "all cursors are at their heads",
                   lambda: self.sql("SELECT c.*, (SELECT max(seq) FROM feed.event e WHERE e.stream = c.stream) AS head "
                                    "FROM feed.cursor c") + "".join(self.tail(s, 1500) for s in SERVICES))


def free_port():
    """Not one that the kernel gives to connections: they would take it while its owner is restarted."""
    while True:
        port = 10000 + secrets.randbelow(22000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def listens(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        return s.connect_ex(path) == 0


def wait_until(holds, seconds, what, detail=lambda: ""):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"after {seconds} s not yet: {what}\n{detail()}")


class Skip(Exception):
    """A test raises it when it cannot run here, and says why: there is no root, or a program is not installed."""


def need_root(*programs):
    """With root and the programs there is no excuse: whatever then goes wrong has failed."""
    absent = [program for program in programs if not shutil.which(program)]
    if os.geteuid() != 0 or absent:
        raise Skip(f"{', '.join(absent)} is not installed" if absent else "it needs root")


class Tap:
    """Runs functions and prints TAP lines. Who is told to end (SIGTERM) leaves by its finally clauses."""

    def __init__(self):
        self.count = self.failed = 0
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def skip(self, name, reason):
        self.count += 1
        reason = " ".join(str(reason).split())
        print(f"# NOT TESTED: {name}: {reason}\nok {self.count} - {name} # SKIP {reason}", flush=True)

    def run(self, name, function):
        import traceback
        self.count += 1
        try:
            function()
            print(f"ok {self.count} - {name}", flush=True)
        except Skip as reason:
            self.count -= 1
            self.skip(name, reason)
        except Exception:  # the test's own failure, whatever it is
            self.failed += 1
            print(f"not ok {self.count} - {name}")
            for line in traceback.format_exc().splitlines():
                print("# " + line)
            print(end="", flush=True)

    def end(self):
        print(f"1..{self.count}", flush=True)
        raise SystemExit(1 if self.failed else 0)
