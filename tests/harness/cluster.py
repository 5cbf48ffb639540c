"""cluster: PostgreSQL as an installation with high availability has it: a primary and a synchronous standby.

One connection string names both; a commit waits for the standby. What may happen to such a pair can be made to happen:
death, promotion, return, freezing, cancelled waits, full disks. As root both live in memory (tmpfs), in a namespace of
mounts of the process that made the cluster: start other programs from that process. Where that is not allowed they live
on the disk, and all of it takes longer. Only the standard library.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time

import postgres

NAMES = ("a", "b")
CLONE_NEWNS = 0x20000
SETTINGS = {"wal_level": "replica", "max_wal_senders": "10", "wal_keep_size": "'64MB'", "hot_standby": "on",
            "wal_receiver_timeout": "'5s'", "wal_sender_timeout": "'5min'", "wal_retrieve_retry_interval": "'200ms'",
            "max_wal_size": "'256MB'", "shared_buffers": "'64MB'"}
HOW = {"kill": signal.SIGKILL, "immediate": signal.SIGQUIT, "fast": signal.SIGINT}


def fill(path, leave=0):
    """Grows a file until its disk is full."""
    size = 0
    with open(path, "ab", buffering=0) as ballast:
        for chunk in (65536, 4096):
            with contextlib.suppress(OSError):
                while True:
                    size += ballast.write(bytes(chunk))
        if leave:
            ballast.truncate(max(size - leave, 0))


class Cluster:
    """The interface of tests; conninfo() works whichever of the two is the primary."""

    def __init__(self, folder=None, standby=True, disk_mib=None, wal_mib=None, settings=None):
        self.folder = folder or tempfile.mkdtemp(prefix="kopru-cluster.", dir="/tmp")
        self.disk_mib, self.wal_mib, self.template = disk_mib, wal_mib, "kopru_template"
        self.mounts, self.servers = [], []
        if self.unshare():
            self.mount(self.folder, "75%")
        elif disk_mib or wal_mib:
            raise PermissionError("volumes of our own need root and a namespace of mounts")
        more = {**SETTINGS, **(settings or {})}
        if wal_mib:
            more.update(max_wal_size=f"'{wal_mib // 3}MB'", min_wal_size=f"'{wal_mib // 6}MB'", wal_keep_size="0")
        try:
            for name in NAMES[:2 if standby else 1]:
                self.servers.append(self.make_server(name, more))
            self.primary, self.standby = self.servers[0], None
            self.primary.initdb("-k", "--wal-segsize=1" if wal_mib else "--wal-segsize=16", *self.wal_option("-X", "a"))
            self.primary.start()
            postgres.fill_template(self.primary.conninfo().replace(" dbname=postgres", ""), self.template)
            if standby:
                self.follow(self.servers[1])
        except BaseException:
            self.stop()
            raise

    # -- making

    def make_server(self, name, settings):
        server = postgres.Server(os.path.join(self.folder, name), settings)
        server.ballast = {}
        for kind, size in (("disk", self.disk_mib), ("wal", self.wal_mib)):
            if size:
                volume = os.path.join(server.folder, kind)
                self.mount(volume, f"{size}m", server.user)
                server.ballast["data" if kind == "disk" else kind] = os.path.join(volume, "ballast")
        if self.disk_mib:
            server.data = os.path.join(server.folder, "disk", "data")
        return server

    @staticmethod
    def unshare():
        """What we mount goes away with us, however we end. Whether we may."""
        return os.geteuid() == 0 and ctypes.CDLL(None).unshare(CLONE_NEWNS) == 0 and \
            subprocess.run(["mount", "--make-rprivate", "/"], stderr=subprocess.DEVNULL, check=False).returncode == 0

    def mount(self, path, size, user=None):
        os.makedirs(path, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=711", "kopru-test", path], check=True)
        self.mounts.append(path)
        if user:
            shutil.chown(path, user)

    def wal_option(self, option, name):
        return (option, os.path.join(self.folder, name, "wal", "pg_wal")) if self.wal_mib else ()

    def name(self, server):
        return NAMES[self.servers.index(server)]

    def follow(self, server):
        """server becomes the standby, from a copy of the primary; from then on every commit waits for it."""
        server.stop()
        wal = os.path.join(server.folder, "wal", "pg_wal")
        for old in (server.data, wal):
            shutil.rmtree(old, ignore_errors=True)
        server.call("pg_basebackup", "-D", server.data, "-d", self.primary.conninfo(), "-c", "fast", "-X", "stream", "-N",
                    *self.wal_option("--waldir", self.name(server)))
        with open(os.path.join(server.data, "standby.signal"), "wb"):
            pass
        server.set(primary_conninfo=self.upstream(server), synchronous_standby_names="''")
        server.start()
        self.primary.set(synchronous_standby_names=f"'{self.name(server)}'")
        self.standby = server
        self.wait_synchronous()

    def wait_synchronous(self, seconds=20):
        """The checkpointer is the one that tells the backends of a changed setting, so it is asked for something, too."""
        self.wait(lambda: self.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'sync'"
                                   " AND current_setting('synchronous_standby_names') <> ''") == "1", seconds, "synchronous")
        self.sql("CHECKPOINT")
        position = self.sql("SELECT pg_current_wal_lsn()")
        self.wait(lambda: self.sql(f"SELECT count(*) FROM pg_stat_replication WHERE flush_lsn >= '{position}'") == "1", seconds,
                  "caught up")

    def wait(self, holds, seconds, what):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"after {seconds} s the standby is not {what}:\n"
                                     + "\n".join(server.tail(1500) for server in self.servers))
            time.sleep(.03)

    # -- asking

    def conninfo(self, user="kopru", dbname="postgres"):
        """Of whichever server is the primary now; the time-out is for programs, services have their own."""
        hosts = ",".join(server.folder for server in self.servers)
        ports = ",".join(str(server.port) for server in self.servers)
        return f"host={hosts} port={ports} user={user} dbname={dbname} target_session_attrs=read-write connect_timeout=2"

    def sql(self, text, dbname="postgres", server=None):
        """On the present primary (or the server given); the answer without its last newline."""
        return postgres.call("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                             (server or self.primary).conninfo(dbname=dbname), "-c", text, timeout=60).strip()

    # -- what happens to it

    def kill_primary(self):
        self.primary.stop(signal.SIGKILL)

    def restart(self, mode="immediate"):
        self.primary.stop(HOW[mode])
        self.primary.start()

    def promote(self):
        """The old primary is killed, the standby takes its place; nobody follows it until rejoin."""
        self.primary.stop(signal.SIGKILL)
        self.thaw_standby()
        self.primary, self.standby = self.standby, None
        self.sql("SELECT pg_promote(true, 30)")

    def rejoin(self):
        """The server that is not the primary follows it (again)."""
        self.follow(next(server for server in self.servers if server is not self.primary))

    def split(self):
        """The two lose each other and the standby is promoted: the old primary stays up with all its sessions, and waits for
        nobody's copy."""
        self.cut_standby()
        old, self.primary, self.standby = self.primary, self.standby, None
        old.set(synchronous_standby_names="''")
        self.sql("SELECT pg_promote(true, 30)")
        return old

    def start_old(self):
        """The old primary comes back as it was, writable, and waits for nobody's copy: a split brain."""
        old = next(server for server in self.servers if server is not self.primary)
        old.set(synchronous_standby_names="''")
        old.start()
        return old

    def freeze_standby(self):
        self.signal_all(self.standby, signal.SIGSTOP)

    def thaw_standby(self):
        self.signal_all(self.standby, signal.SIGCONT)

    def cut_standby(self):
        """Nothing reaches it any more. (A frozen one still finds in its socket, afterwards, what was sent meanwhile.)"""
        self.standby.set(primary_conninfo="''")
        self.wait(lambda: self.sql("SELECT count(*) FROM pg_stat_replication") == "0", 10, "cut off")

    def mend_standby(self):
        self.standby.set(primary_conninfo=self.upstream(self.standby))
        self.wait_synchronous()

    def upstream(self, server):
        return f"'host={self.primary.folder} user=kopru application_name={self.name(server)}'"

    @staticmethod
    def signal_all(server, how):
        for pid in server.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)

    def cancel_waiting_commits(self):
        """How many were told success, with a warning, though no standby has them."""
        return int(self.sql("SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity "
                            "WHERE wait_event = 'SyncRep'"))

    def terminate_backends(self, role, where="true"):
        """How many sessions of a role (that are as where says) were ended."""
        return int(self.sql(f"SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity "
                            f"WHERE usename = '{role}' AND {where}"))

    def fill_disk(self, volume, leave=0):
        """Fills the primary's volume "data" or "wal" but for so many bytes."""
        fill(self.primary.ballast[volume], leave)

    def free_disk(self, volume):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.primary.ballast[volume])

    def stop(self, keep=False):
        for server in self.servers:
            server.stop()
        for path in reversed(self.mounts):
            subprocess.run(["umount", path], check=False)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
