"""inject: faults into one running program of system.py: strace (a signal, an error or a delay at the Nth system call),
libfiu (calls of libc fail) and libfaketime (the wall clock lies; the database keeps the true one). Only the standard library.

    with inject.Strace(pid, "sendto:signal=KILL:when=7", tid=...): ...    while it runs; each name has its own count
    F = inject.Fiu(S.folder); S.settings["router"] = F.settings; F.fail(pid, "libc/mm/*", 0.01); F.heal(pid, "libc/mm/*")
    clock = inject.Clock(S.path("clock")); S.settings["intake"] = clock.settings; clock.set("+1d"); clock.set(None)
"""

import collections
import glob
import os
import re
import select
import shutil
import subprocess
import time

# What changes something outside of the process, or learns of it. What is left out (futex, epoll_wait, mmap ...) lies
# between two of these, and a death there is one at the next of these.
CALLS = ("read,write,readv,writev,pwrite64,sendto,sendmsg,sendmmsg,recvfrom,recvmsg,fsync,fdatasync,syncfs,rename,renameat,"
         "renameat2,openat,close,connect,accept,accept4,unlink,unlinkat,mkdir,ftruncate,flock,shutdown,socket,bind")


def missing(*programs):
    """Why faults of this kind cannot be injected here; "" when they can."""
    absent = [program for program in programs if not shutil.which(program)]
    if absent:
        return f"{', '.join(absent)} is not installed; deploy/tools/install test installs it"
    if "strace" in programs:
        done = subprocess.run(["strace", "-o", "/dev/null", "-e", "inject=getpid:delay_exit=1", "true"], capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            return "strace may not trace here: " + done.stderr.strip()
    return ""


def threads(pid):
    """The threads of a process by their names."""
    found = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/comm", encoding="ascii") as name:
            found[name.read().strip()] = int(tid)
    return found


class Strace:
    """Traces a process, or one thread of it, and injects; by close it is let go, when it still lives. record: a file that
    gets a line for each call."""

    def __init__(self, pid, *rules, tid=None, record="/dev/null"):
        command = ["strace", "-qq", "-o", record, "-e", "trace=" + ",".join(rule.split(":")[0] for rule in rules)]
        for rule in rules:
            command += ["-e", "inject=" + rule] if ":" in rule else []
        command += ["-p", str(tid)] if tid else ["-f", "-p", str(pid)]
        self.traced = [tid] if tid else threads(pid).values()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        self._wait(pid)

    def _wait(self, pid):
        """Until the kernel says that it is traced; strace itself is quiet about it."""
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            if all(self._is_traced(pid, tid) for tid in self.traced):
                return
            time.sleep(0.002)
        self.process.kill()
        raise AssertionError(f"strace did not take hold of {pid}: {self.process.communicate()[1]}")

    @staticmethod
    def _is_traced(pid, tid):
        try:
            with open(f"/proc/{pid}/task/{tid}/status", encoding="utf-8") as status:
                return "TracerPid:\t0\n" not in status.read()
        except OSError:
            return True  # it is dead already: that was the fault

    def close(self):
        self.process.terminate()
        self.process.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def calls_recorded(path):
    """How often each call was made, from a record of one thread."""
    with open(path, encoding="utf-8", errors="replace") as lines:
        return collections.Counter(found[1] for found in (re.match(r"(\w+)\(", line) for line in lines) if found)


def library(*patterns):
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            return path
    raise AssertionError(f"none of {', '.join(patterns)} is here; deploy/tools/install test installs it")


def injected(path):
    """How many calls strace made to fail, from a record."""
    with open(path, encoding="utf-8", errors="replace") as lines:
        return sum("(INJECTED" in line for line in lines)


class Fiu:
    """Calls of libc fail in programs that were started with its settings, from when they are told so: points are
    posix/io/rw/write/reduce (short), posix/io/*, libc/mm/* ... The control is libfiu's, two named pipes a process."""

    def __init__(self, folder):
        self.base = os.path.join(folder, "fiu")
        libraries = [library("/usr/lib/fiu/" + name, "/usr/lib/*/fiu/" + name) for name in
                     ("fiu_run_preload.so", "fiu_posix_preload.so")]
        self.settings = {"LD_PRELOAD": ":".join(libraries), "FIU_CTRL_FIFO": self.base}

    def fail(self, pid, point, probability):
        return self._tell(pid, f"enable_random name={point},probability={probability}")

    def heal(self, pid, point):
        return self._tell(pid, f"disable name={point}")

    def _tell(self, pid, command, seconds=2):
        """Whether the process took it; one that died meanwhile did not."""
        path, end = f"{self.base}-{pid}", time.monotonic() + seconds
        while time.monotonic() < end and os.path.exists(f"/proc/{pid}/fd"):
            try:
                descriptor = os.open(path + ".in", os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # it has not made them yet, or does not listen at this moment
                time.sleep(0.01)
                continue
            os.write(descriptor, command.encode() + b"\n")
            os.close(descriptor)
            return self._answer(path + ".out", end)
        return False

    @staticmethod
    def _answer(path, end):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            while time.monotonic() < end:
                if select.select([descriptor], [], [], 0.05)[0]:
                    said = os.read(descriptor, 100)
                    if said:
                        return said.strip() == b"0"
            return False
        finally:
            os.close(descriptor)


class Clock:
    """The wall clock of programs that were started with its settings; monotonic time goes on as it is."""

    def __init__(self, path):
        self.path = path
        self.set(None)
        self.settings = {"LD_PRELOAD": library("/usr/lib/*/faketime/libfaketimeMT.so.1"), "FAKETIME_TIMESTAMP_FILE": path,
                         "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}

    def set(self, what):
        """An offset ("+1d", "-3600") or an instant that goes on from now ("@2038-01-19 03:14:00", in UTC); None: the truth."""
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write((what or "+0") + "\n")
        os.replace(self.path + ".new", self.path)
