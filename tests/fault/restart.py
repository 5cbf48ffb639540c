#!/usr/bin/env python3
"""fault: restarts (F-008, F-009, F-010, F-113; I-14, I-18). A killed service has its first success within 2 s of its start,
and so has the department behind a killed router; SIGTERM under load ends within 10 s and loses nothing, also when it comes
again and again; all killed at once go on within 5 s, in any order; a service that cannot start disturbs nobody, and the
supervisor backs off and says why; what is wrong with settings and key files is said in one sentence.

SEED makes a run repeatable; ROUNDS (2) of kills and of restarts in random order. limit: 300 s"""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import chain  # noqa: E402
import postgres  # noqa: E402
import system as kopru  # noqa: E402

RANDOM = random.Random(int(os.environ.get("SEED", "2020")))
ROUNDS = int(os.environ.get("ROUNDS", "2"))
EVERY = (*kopru.SERVICES, "department-TEM")
FIRST_SUCCESS, ALL_UP, DRAIN = 2.0, 5.0, 10.0  # seconds promised

TAP = kopru.Tap()
S = kopru.System()
C = chain.Chain(S)


def starts():
    S.start()
    S.department("TEM")
    C.settle("first")
    C.wait_through("first")


def soon(holds, seconds, what):
    """Seconds until it holds; looked at every 5 ms."""
    begin = time.monotonic()
    while not holds():
        if time.monotonic() - begin > seconds + 10:
            raise AssertionError(f"not after {seconds + 10} s: {what}\n{''.join(S.tail(name, 1500) for name in EVERY)}")
        time.sleep(0.005)
    return time.monotonic() - begin


def delivered(number):
    with open(S.path("departments", "TEM.jsonl"), "rb") as lines:
        return number.encode() in lines.read()


def success_of(name, key):
    """What shows that this service works on that application."""
    number = C.told[key]["number"] if key in C.told else ""
    return {
        "intake": lambda: C.send(key, timeout=2) == 201,
        "router": lambda: S.value(f"SELECT count(*) FROM router.case WHERE number = '{number}'") == "1",
        "notifier": lambda: any(file.startswith(number) for file in os.listdir(S.path("outbox"))),
        "reporting": lambda: reads(key),
        "department-TEM": lambda: delivered(number),
    }[name]


def reads(key):
    try:
        return S.track(C.told[key]["number"], C.told[key]["access_code"])[0] == 200
    except (OSError, kopru.http.client.HTTPException):
        return False


def first_success(name, count, before, after):
    """Seconds from the start of what was killed to the first success of a service on what waited for it meanwhile."""
    key = f"restart-{name}-{after}-{count}"
    S.processes[name].kill()
    S.processes[name].process.wait()
    if before:
        assert C.send(key) == 201
        time.sleep(0.1)
    begin = time.monotonic()
    S.processes[name].revive()
    soon(success_of(after, key), FIRST_SUCCESS, f"{after} works after the start of {name}")
    took = time.monotonic() - begin
    C.settle(key)
    C.wait_through(key)
    return took


def each_has_its_first_success_within_two_seconds():
    for process in S.processes.values():
        process.wanted = True
    for name, after in [(name, name) for name in EVERY] + [("router", "department-TEM")]:
        took = [first_success(name, count, name != "intake", after) for count in range(ROUNDS)]
        what = "" if name == after else f" to the first delivery to {after}"
        print(f"# {name}: killed {ROUNDS} times, start to first success{what} at most {max(took):.2f} s")
        assert max(took) <= FIRST_SUCCESS, (name, after, took)


def is_at_work(pid):
    """Whether it catches SIGTERM; before that it has begun nothing, and simply ends."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        caught = next(line for line in status if line.startswith("SigCgt:"))
    return int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1 == 1


def stop_by_terms(name, terms, gap):
    """SIGTERM so often; seconds to its end. Whoever is told to stop ends well, however often it is told."""
    kopru.wait_until(lambda: S.processes[name].process.poll() is None, 5, f"{name} is started again")
    kopru.wait_until(lambda: is_at_work(S.processes[name].process.pid), 5, f"{name} has begun")
    process = S.processes[name].process
    begin = time.monotonic()
    for _ in range(terms):
        if process.poll() is None:
            process.terminate()
            time.sleep(gap)
    code = process.wait(DRAIN + 5)
    took = time.monotonic() - begin
    assert code == 0, f"{name} ended with {code}\n{S.tail(name)}"
    return took


def ends_in_time_and_loses_nothing_under_load():
    S.supervise()
    stop = threading.Event()
    workers = [C.load(f"load-{number}", stop) for number in range(3)]
    try:
        for name in EVERY:
            took = [stop_by_terms(name, terms, gap) for terms, gap in ((1, 0), (2, 0.001), (30, 0.002))]
            print(f"# {name}: SIGTERM once, twice, 30 times under load: ended after "
                  f"{', '.join(f'{seconds:.2f}' for seconds in took)} s")
            assert max(took) <= DRAIN, (name, took)
            time.sleep(0.3)
        storm(stop_at=time.monotonic() + 3)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    for name in kopru.SERVICES:
        S.wait_healthy(name)
    print(f"# {C.settle_all()} of {len(C.told)} applications had no answer at first")


def storm(stop_at):
    """SIGTERM at everybody, in any order, also at who is just starting: that ends it at once, before it has begun."""
    count = 0
    while time.monotonic() < stop_at:
        S.processes[RANDOM.choice(EVERY)].kill(signal.SIGTERM)
        count += 1
        time.sleep(RANDOM.uniform(0.005, 0.06))
    print(f"# storm: {count} times SIGTERM")


def all_at_once_go_on_within_five_seconds():
    S.supervising = False
    time.sleep(0.1)
    took = []
    for count in range(ROUNDS):
        names = list(EVERY)
        for name in names:
            S.processes[name].kill()
        for name in names:
            S.processes[name].process.wait()
        RANDOM.shuffle(names)
        begin = time.monotonic()
        for name in names:
            time.sleep(RANDOM.uniform(0, 0.3))
            assert S.processes[name].revive()
        key = f"all-{count}"
        soon(lambda k=key: C.send(k, timeout=2) == 201, ALL_UP, "it is accepted")
        C.wait_through(key, ALL_UP)
        took.append(time.monotonic() - begin)
    print(f"# all killed at once, started in random order: an application went all the way after at most {max(took):.2f} s")
    assert max(took) <= ALL_UP, took


def nothing_is_lost_doubled_or_out_of_order():
    figures = C.check()
    print(f"# {figures['stored']} applications, {C.repeats} lines that the department got again")


# -- what cannot start

def wrong(name, text, settings=None, files=None):
    """Starts a second one beside the first with these settings, or with files of that (mode, content): it says so and ends."""
    # A service at sockets of its own; a department at its cursor, which it may not have twice.
    environment = dict(S.processes[name].environment)
    for setting, value in environment.items():
        if setting.startswith(name.upper() + "_"):
            environment[setting] = value.replace("-1.sock", "-9.sock").replace(f":{S.feed_port}", ":*").replace(
                f":{S.command_port}", ":*")
    for setting, (mode, content) in (files or {}).items():
        path = S.path("secrets", f"wrong-{name}-{setting}")
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
        environment[setting] = path
    for setting, value in (settings or {}).items():
        environment.pop(setting, None)
        if value is not None:
            environment[setting] = value
    program = "kopru-" + name.split("-")[0]
    done = subprocess.run([os.path.join(kopru.BUILD, program), ], env=environment, cwd=kopru.TOP, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=10, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 1, f"{name} {settings or files}: exit {done.returncode}: {said}"
    assert "event=failed" in said and re.search(text, said), f"{name} {settings or files}: does not say /{text}/: {said}"
    assert "postgresql://" not in said and "password" not in said, said


SECRET = b"x" * 32
WRONG = [
    ("intake", "INTAKE_DATABASE is not set; it is required", {"INTAKE_DATABASE": None}, None),
    ("intake", "INTAKE_QUEUE is .0.; allowed is a number from 1 to 100000", {"INTAKE_QUEUE": "0"}, None),
    ("intake", "INTAKE_LOG_LEVEL is .loud.; allowed are", {"INTAKE_LOG_LEVEL": "loud"}, None),
    ("intake", "INTAKE_PUBLIC_URL is .ftp://x.; allowed is", {"INTAKE_PUBLIC_URL": "ftp://x"}, None),
    ("intake", "INTAKE_ACCESS_CODE_KEY_FILE: /nowhere/key: cannot be opened: No such file",
     {"INTAKE_ACCESS_CODE_KEY_FILE": "/nowhere/key"}, None),
    ("intake", "mode is 0644; a secret must be closed to others", None, {"INTAKE_ACCESS_CODE_KEY_FILE": (0o644, SECRET)}),
    ("intake", "mode is 0640; a secret must be closed to others", None, {"INTAKE_PERSON_KEY_FILE": (0o640, SECRET)}),
    ("intake", "holds 3 bytes; a secret has 16 or more", None, {"INTAKE_ACCESS_CODE_KEY_FILE": (0o600, b"abc")}),
    ("intake", "holds 33 bytes; 32 are needed", None, {"INTAKE_PERSON_KEY_FILE": (0o600, b"x" * 33)}),
    ("intake", "INTAKE_HOLIDAYS_FILE: ", None, {"INTAKE_HOLIDAYS_FILE": (0o644, b"this,is,no,calendar\n1,2,3,4\n")}),
    ("intake", "INTAKE_COMMANDS is .*allowed is ipc://", {"INTAKE_COMMANDS": "tcp://127.0.0.1:1"}, None),
    ("intake", "cannot listen on .nonsense.: allowed are unix:/path", {"INTAKE_LISTEN": "nonsense"}, None),
    ("router", "ROUTER_DATABASE is not set; it is required", {"ROUTER_DATABASE": None}, None),
    ("router", "ROUTER_KEY_FILE: .*mode is 0644; a secret must be closed", None, {"ROUTER_KEY_FILE": (0o644, b"y" * 40)}),
    ("router", "ROUTER_KEY_FILE: ", None, {"ROUTER_KEY_FILE": (0o600, b"this is no key of CURVE at all\n")}),
    ("router", "ROUTER_KEY_FILE: .*cannot be opened", {"ROUTER_KEY_FILE": "/nowhere/router.key"}, None),
    ("router", "ROUTER_FEED", {"ROUTER_FEED": "carrier pigeon"}, None),
    ("notifier", "NOTIFIER_OUTBOX is not set; provider file needs it", {"NOTIFIER_OUTBOX": ""}, None),
    ("notifier", "outbox .* cannot be", {"NOTIFIER_OUTBOX": "/proc/no/such/folder"}, None),
    ("notifier", "NOTIFIER_PROVIDER is .pigeon.; allowed are file and smtp", {"NOTIFIER_PROVIDER": "pigeon"}, None),
    ("notifier", "NOTIFIER_TEMPLATES", {"NOTIFIER_TEMPLATES": "/nowhere"}, None),
    ("notifier", "NOTIFIER_QUIET", {"NOTIFIER_QUIET": "25-99"}, None),
    ("notifier", "NOTIFIER_PUBLIC_URL is .ftp://x.; allowed is", {"NOTIFIER_PUBLIC_URL": "ftp://x"}, None),
    ("notifier", "NOTIFIER_ACCESS_CODE_KEY_FILE: .*mode is 0604; a secret must be closed", None, {"NOTIFIER_ACCESS_CODE_KEY_FILE": (0o604, SECRET)}),
    ("reporting", "REPORTING_CASE_FEED is not set; it is required", {"REPORTING_CASE_FEED": None}, None),
    ("reporting", "REPORTING_KEY_FILE: .*mode is 0644; a secret must be closed", None, {"REPORTING_KEY_FILE": (0o644, SECRET)}),
    ("reporting", "REPORTING_HOLIDAYS_FILE: .*cannot be opened", {"REPORTING_HOLIDAYS_FILE": "/nowhere/days.csv"}, None),
    ("department-TEM", "DEPARTMENT_KEY_FILE: .*mode is 0644; a secret", None, {"DEPARTMENT_KEY_FILE": (0o644, b"z" * 40)}),
    ("department-TEM", "the cursor .* is used by another process", {}, None),
]


def what_is_wrong_is_said_and_the_old_one_goes_on():
    for name, text, settings, files in WRONG:
        wrong(name, text, settings, files)
    print(f"# {len(WRONG)} wrong settings and files: each said in a sentence")
    C.settle("after-wrong")
    C.wait_through("after-wrong")


class Local:
    """The system of `make start`, with its supervisor, in a folder of its own."""

    def __init__(self):
        self.folder = kopru.tempfile.mkdtemp(prefix="kopru-restart.", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.port, feed, command = kopru.free_port(), kopru.free_port(), kopru.free_port()
        self.environment = {**os.environ, "KOPRU_VAR": self.path("var"), "KOPRU_PORT": str(self.port), "KOPRU_FEED_PORT": str(feed),
                            "KOPRU_COMMAND_PORT": str(command), "KOPRU_BUILD": kopru.BUILD}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def make_cluster(self):
        """As its supervisor would, but nothing waits for the disk: this is about what crashes, not about what survives."""
        user = "kopru" if os.geteuid() == 0 else None
        if user and subprocess.run(["id", user], check=False, capture_output=True).returncode != 0:
            return  # the first start on a machine makes that user, and then the cluster
        os.mkdir(self.path("var"), 0o750)
        if user:
            kopru.shutil.chown(self.path("var"), user, user)
        postgres.call("initdb", "-D", self.path("var", "postgres"), "-U", "kopru", "-A", "peer", "--locale=C.UTF-8", "-E", "UTF8",
                      "-N", user=user)
        with open(self.path("var", "postgres", "postgresql.conf"), "a", encoding="ascii") as conf:
            conf.write("fsync = off\n")

    def call(self, what):
        # Its children keep a pipe open, so what it says goes to a file.
        with open(self.path("said"), "w+", encoding="utf-8") as said:
            done = subprocess.run([os.path.join(kopru.TOP, "deploy/local/kopru-local"), what], env=self.environment, stdout=said,
                                  stderr=said, stdin=subprocess.DEVNULL, timeout=120, check=False)
            said.seek(0)
            assert done.returncode == 0, said.read()

    def apply(self):
        connection = kopru.http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        body = kopru.json.dumps({"kind": "request", "text": "deneme"}).encode()
        try:
            connection.request("POST", "/api/v1/applications", body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        finally:
            connection.close()

    def value(self, query):
        with open(self.path("var/run/folder"), encoding="ascii") as folder:
            conninfo = f"host={folder.read().strip()} user=kopru dbname=kopru"
        return S.sql(query, conninfo).strip()

    def kill(self, name):
        with open(self.path("var/run", name + ".pid"), encoding="ascii") as pid:
            os.kill(int(pid.read()), signal.SIGKILL)

    def deaths(self, name):
        with open(self.path("var/log/supervisor.log"), encoding="utf-8") as log:
            return [line for line in log.read().split("\n") if f" {name} ended with " in line]


def a_crash_loop_disturbs_nobody_and_is_told():
    local = Local()
    try:
        local.make_cluster()
        local.call("start")
        key = local.path("var/secrets/router.key")
        os.chmod(key, 0o644)  # which the router refuses
        local.kill("router")
        kopru.wait_until(lambda: len(local.deaths("router")) >= 6, 30, "it crashes in a loop")
        begin, before = time.monotonic(), len(local.deaths("router"))
        statuses = []
        while time.monotonic() - begin < 4.5:
            statuses.append(local.apply())
            time.sleep(0.1)
        deaths = local.deaths("router")
        assert set(statuses) == {201}, statuses
        assert len(deaths) - before <= 3, f"it does not back off: {deaths}"
        assert "again in 2 s" in deaths[-1] and "mode is 0644; a secret must be closed to others" in deaths[-1], deaths[-1]
        assert not any(local.deaths(name) for name in ("intake", "notifier", "reporting", "postgres", "nginx"))
        os.chmod(key, 0o600)
        begin = time.monotonic()
        kopru.wait_until(lambda: local.value("SELECT count(*) FROM router.case") == str(len(statuses)), 10,
                         "it works by itself again")
        print(f"# crash loop: {len(deaths)} deaths, {len(statuses)} of {len(statuses)} applications accepted meanwhile, "
              f"at work {time.monotonic() - begin:.1f} s after its cause was gone")
        print("# " + deaths[-1])
    finally:
        local.call("stop")
        kopru.shutil.rmtree(local.folder, ignore_errors=True)


try:
    for test in (starts, each_has_its_first_success_within_two_seconds, ends_in_time_and_loses_nothing_under_load,
                 all_at_once_go_on_within_five_seconds, nothing_is_lost_doubled_or_out_of_order,
                 what_is_wrong_is_said_and_the_old_one_goes_on, a_crash_loop_disturbs_nobody_and_is_told):
        TAP.run(test.__name__, test)
finally:
    S.close()
TAP.end()
