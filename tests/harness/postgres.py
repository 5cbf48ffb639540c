"""postgres: a PostgreSQL server of our own in a folder under /tmp, run without root's rights.

The server is a child of who started it, so that it ends with its test. Only the standard library.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("KOPRU_BUILD", os.path.join(TOP, "build")))
PROGRAMS = "/usr/lib/postgresql"
SETTINGS = {"listen_addresses": "''", "max_connections": "200", "shared_buffers": "'128MB'", "max_wal_size": "'2GB'",
            "timezone": "'UTC'", "log_timezone": "'UTC'", "log_line_prefix": "'%m [%p] %u@%d '",
            "dynamic_shared_memory_type": "mmap"}  # what a killed server leaves behind stays in its folder


def find_programs():
    found = os.listdir(PROGRAMS) if os.path.isdir(PROGRAMS) else []
    versions = sorted((v for v in found if os.path.exists(f"{PROGRAMS}/{v}/bin/initdb")), key=float)
    if not versions:
        raise SystemExit("no PostgreSQL here; deploy/tools/install test installs it")
    return f"{PROGRAMS}/{versions[-1]}/bin"


def find_user():
    """PostgreSQL refuses root: then it runs as the user of Debian's package."""
    return "postgres" if os.geteuid() == 0 else None


def as_user(user):
    """Arguments for subprocess."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def call(program, *arguments, user=None, **more):
    done = subprocess.run([os.path.join(find_programs(), program), *arguments], cwd="/", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **as_user(user), **more)
    if done.returncode != 0:
        raise RuntimeError(f"{program}: {done.stdout}")
    return done.stdout


def fill_template(conninfo, database, top=TOP, build=BUILD):
    """A database with all migrations and the demo municipality, of this tree or of another; conninfo is without dbname."""
    data = os.path.join(top, "deploy/data")
    call("psql", "-X", "-q", "-d", f"{conninfo} dbname=postgres", "-c", f'CREATE DATABASE "{database}"')
    rules = os.path.join(data, "rules.json")
    places = ["--data", data] if os.path.exists(os.path.join(data, "areas.geojson")) else []
    for command in (["migrate"],
                    ["demo", os.path.join(data, "topics.csv"), os.path.join(data, "holidays_tr_2020_2030.csv"), *places],
                    *([["rules", "save", rules, "--first", "--activate", "--by", "demo", "--reason", "demo"]]
                      if os.path.exists(rules) else [])):
        done = subprocess.run([os.path.join(build, "kopru"), *command], cwd=top, text=True, stdin=subprocess.DEVNULL,
                              env={**os.environ, "KOPRU_DATABASE": f"{conninfo} dbname={database}"},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"kopru {command[0]}: {done.stdout}")


class Server:
    """One server: its data and its socket are in folder, where only its user (and root) can enter."""

    def __init__(self, folder, settings=None, port=5432):
        self.folder, self.port, self.user = folder, port, find_user()
        self.data, self.log = os.path.join(folder, "data"), os.path.join(folder, "postgres.log")
        self.settings = {**SETTINGS, "unix_socket_directories": f"'{folder}'", "port": str(port), **(settings or {})}
        self.process = None
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if self.user:
            os.chown(folder, pwd.getpwnam(self.user).pw_uid, -1)

    def conninfo(self, user="kopru", dbname="postgres"):
        return f"host={self.folder} port={self.port} user={user} dbname={dbname}"

    def call(self, program, *arguments, **more):
        return call(program, *arguments, user=self.user, **more)

    def initdb(self, *more):
        self.call("initdb", "-D", self.data, "-A", "trust", "-U", "kopru", "--locale=C.UTF-8", "-E", "UTF8", "-N", *more)

    def set(self, **settings):
        """Settings as they stand in the file, quotes included; a server that runs reads them again."""
        self.settings.update(settings)
        path = os.path.join(self.data, "postgresql.auto.conf")
        with open(path, "w", encoding="utf-8") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in self.settings.items())
        if self.user:
            shutil.chown(path, self.user)
        if self.runs():
            self.process.send_signal(signal.SIGHUP)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def start(self, seconds=60):
        """Until it takes connections."""
        self.set()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([os.path.join(find_programs(), "postgres"), "-D", self.data], cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, **as_user(self.user))
        end = time.monotonic() + seconds
        while self.status() not in ("ready", "standby"):
            if not self.runs() or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.tail()}")
            time.sleep(.02)

    def status(self):
        """What the server says of itself in postmaster.pid."""
        try:
            with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as file:
                lines = file.read().split("\n")
        except OSError:
            return ""
        return lines[7].strip() if len(lines) > 7 and lines[0] == str(self.process.pid) else ""

    def tail(self, size=3000):
        with open(self.log, "rb") as log:
            return log.read()[-size:].decode("utf-8", "replace")

    def stop(self, how=signal.SIGQUIT, seconds=60):
        """SIGINT: fast, SIGQUIT: immediate, SIGKILL: without a word; until all of its processes are gone."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(how)
            self.process.send_signal(signal.SIGCONT)
        self.process.wait(seconds)
        end = time.monotonic() + 2  # a child notices by itself that its postmaster is gone, unless it is frozen
        while (left := self.processes()):
            for pid in left if time.monotonic() > end else ():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(.01)
        self.forget()
        self.process = None

    def processes(self):
        """All processes of the server work in its folder."""
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{name}/cwd") == os.path.realpath(self.data):
                        found.append(int(name))
        return found

    def forget(self):
        """What a killed server leaves behind: its shared memory, its lock and that of its socket."""
        path = os.path.join(self.data, "postmaster.pid")
        with contextlib.suppress(OSError, IndexError), open(path, encoding="utf-8") as file:
            subprocess.run(["ipcrm", "-m", file.read().split("\n")[6].split()[1]], stderr=subprocess.DEVNULL, check=False)
        for stale in (path, *(os.path.join(self.folder, f".s.PGSQL.{self.port}{end}") for end in ("", ".lock"))):
            with contextlib.suppress(OSError):
                os.unlink(stale)
