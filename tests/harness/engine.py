"""engine: a container engine of the test's own (Debian's docker.io): its containerd, folders, sockets, bridge and firewall
rules are its own and end with it; no other engine is touched. With DOCKER_HOST set, that engine is used instead.

    E = Engine(folder)            # raises Unable with the reason where no engine can run
    E.environment                 # DOCKER_HOST for docker and docker-compose
    E.docker("ps", "-q")          # what it prints
    E.base_image("trixie")        # the name of a Debian image: from a registry, else made with debootstrap (kept in CACHE)
    E.stop()
"""

import contextlib
import fcntl
import glob
import os
import re
import shutil
import subprocess
import sys
import time

POOLS = range(213, 245)  # 10.213.0.0/16 and on; each engine has one of its own
START_SECONDS = 90
PULL_SECONDS = 20
DOCKER_SECONDS = 300
# How a kernel, or who holds the container that we are in, forbids an engine.
FORBIDDEN = re.compile(r"operation not permitted|permission denied|read-only file system|cgroup\S* (isn't|not|un)\S* ?mounted|"
                       r"failed to mount|iptables.*(failed|not found|no such)|function not implemented", re.I)
PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


class Unable(Exception):
    """No engine can run here, and why: a program or root is missing, or the kernel forbids it. Anything else has failed."""


def call(*command, check=True, **more):
    """What it prints. One that fails raises, with its words."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, env={**os.environ, "PATH": PATH}, **more)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-4000:]}")
    return done.stdout


def cache_folder():
    """Where downloaded bases are kept: outside of the tree, for all clones."""
    top = os.environ.get("XDG_CACHE_HOME") or ("/var/cache" if os.geteuid() == 0 else os.path.expanduser("~/.cache"))
    folder = os.path.join(top, "kopru-images")
    os.makedirs(folder, mode=0o755, exist_ok=True)
    return folder


def apt_sources():
    """The Debian mirror that this machine's apt uses, and its security updates if it has them."""
    text = ""
    for name in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        if os.path.isfile(name):
            with open(name, encoding="utf-8", errors="replace") as file:
                text += "".join(line for line in file if not line.lstrip().startswith("#"))
    addresses = re.findall(r"https?://[^\s\]]+", text)
    mirror = next((a for a in addresses if re.search(r"/debian/?$", a)), None)
    security = next((a for a in addresses if re.search(r"/debian-security/?$", a)), None)
    if not mirror:
        raise Unable("apt knows no Debian mirror to make a base image from")
    return mirror, security


def take_pool():
    """The second octet of addresses that nobody here has, and the file whose lock says that they are ours."""
    taken = call("ip", "-4", "-o", "address") + call("ip", "-4", "route")
    for octet in POOLS:
        lock = open(os.path.join(cache_folder(), f"pool-{octet}.lock"), "ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not re.search(rf"\b10\.{octet}\.", taken):
                return octet, lock
        except BlockingIOError:
            pass
        lock.close()
    raise RuntimeError(f"all of 10.{POOLS[0]}.0.0/16 to 10.{POOLS[-1]}.0.0/16 are taken")


class Forwarding:
    """The machine passes packets on while any engine of ours lives; the last one sets it back."""

    SWITCH = "/proc/sys/net/ipv4/ip_forward"

    def __init__(self):
        self.found = open(os.path.join(cache_folder(), "forwarding.found"), "a+", encoding="ascii")
        fcntl.flock(self.found, fcntl.LOCK_SH)
        with open(self.SWITCH, "r+", encoding="ascii") as switch:
            if switch.read().strip() == "0":
                self.found.truncate(0)
                self.found.write("0")
                self.found.flush()
                switch.write("1")

    def close(self):
        try:
            fcntl.flock(self.found, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.found.seek(0)
            if self.found.read() == "0":
                with open(self.SWITCH, "w", encoding="ascii") as switch:
                    switch.write("0")
                self.found.truncate(0)
        except BlockingIOError:
            pass  # another one needs it
        self.found.close()


class Engine:
    def __init__(self, folder):
        self.folder, self.processes, self.rules, self.bridge = folder, [], [], None
        self.forwarding = self.lock = None
        if os.environ.get("DOCKER_HOST"):
            self.environment = {**os.environ, "PATH": PATH}
            try:
                call("docker", "version")
            except (OSError, RuntimeError) as error:
                raise RuntimeError(f"DOCKER_HOST is set, and nobody answers there: {error}") from error
            return
        if os.geteuid() != 0:
            raise Unable("it needs root (or DOCKER_HOST)")
        for program in ("dockerd", "containerd", "docker-compose", "iptables", "ip"):
            if not shutil.which(program, path=PATH):
                raise Unable(f"{program} is not installed")
        self.environment = {**os.environ, "PATH": PATH, "DOCKER_HOST": f"unix://{folder}/docker.sock"}
        try:
            self._network_up()
            self._start()
        except RuntimeError as error:
            self.stop()
            if FORBIDDEN.search(str(error)):
                raise Unable(error) from error
            raise
        except BaseException:
            self.stop()
            raise

    def _network_up(self):
        octet, self.lock = take_pool()
        self.pool = f"10.{octet}.0.0/16"
        self.bridge = "kopru" + os.urandom(3).hex()
        call("ip", "link", "add", self.bridge, "type", "bridge")
        call("ip", "address", "add", f"10.{octet}.255.1/24", "dev", self.bridge)
        call("ip", "link", "set", self.bridge, "up")
        self.forwarding = Forwarding()
        for rule in (["nat", "POSTROUTING", "-s", self.pool, "!", "-d", self.pool, "-j", "MASQUERADE"],
                     ["filter", "FORWARD", "-s", self.pool, "-j", "ACCEPT"],
                     ["filter", "FORWARD", "-d", self.pool, "-j", "ACCEPT"]):
            call("iptables", "-w", "-t", rule[0], "-I", *rule[1:])
            self.rules.append(rule)

    def _spawn(self, name, *command):
        with open(os.path.join(self.folder, name + ".log"), "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env={**self.environment, "TMPDIR": self.folder})
        self.processes.append(process)
        return process

    def _start(self):
        place = self.folder
        with open(f"{place}/containerd.toml", "w", encoding="ascii") as conf:
            conf.write('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        with open(f"{place}/daemon.json", "w", encoding="ascii") as conf:
            conf.write("{}\n")
        self._spawn("containerd", "containerd", "--config", f"{place}/containerd.toml", "--root", f"{place}/containerd",
                    "--state", f"{place}/containerd.run", "--address", f"{place}/containerd.sock")
        self._wait(lambda: os.path.exists(f"{place}/containerd.sock"), "containerd")
        self._spawn("dockerd", "dockerd", "--containerd", f"{place}/containerd.sock", "--data-root", f"{place}/data",
                    "--exec-root", f"{place}/exec", "--pidfile", f"{place}/docker.pid", "-H", f"unix://{place}/docker.sock",
                    "--config-file", f"{place}/daemon.json", "--bridge", self.bridge, "--iptables=false", "--ip6tables=false",
                    "--default-address-pool", f"base={self.pool},size=24")
        self._wait(lambda: "Server Version" in call("docker", "-H", self.environment["DOCKER_HOST"], "info", check=False,
                                                    timeout=START_SECONDS),
                   "dockerd")

    def _wait(self, holds, name):
        end = time.monotonic() + START_SECONDS
        while not holds():
            ended = self.processes[-1].poll() is not None
            if ended or time.monotonic() > end:
                with open(os.path.join(self.folder, name + ".log"), encoding="utf-8", errors="replace") as log:
                    said = [line.strip() for line in log if "level=info" not in line] or ["it says nothing"]
                if ended:
                    raise RuntimeError(f"{name} does not come up: {said[-1][-300:]}")
                print("\n".join(said[-20:]), file=sys.stderr)  # whatever it says there, it is at it
                raise TimeoutError(f"{name} is not up after {START_SECONDS} s")
            time.sleep(.1)

    def docker(self, *arguments, timeout=DOCKER_SECONDS, **more):
        return call("docker", "-H", self.environment["DOCKER_HOST"], *arguments, timeout=timeout, **more)

    def base_image(self, suite):
        """Today's image of a registry, or one that debootstrap makes; CACHE keeps the latter for a week."""
        name = f"debian:{suite}-slim"
        try:
            self.docker("pull", "-q", name, timeout=PULL_SECONDS)
            return name
        except (RuntimeError, subprocess.TimeoutExpired):
            pass
        name = f"kopru-test/debian:{suite}"
        self.docker("import", self._base_archive(suite), name)
        return name

    def _base_archive(self, suite):
        week = time.strftime("%G-%V", time.gmtime())
        archive = os.path.join(cache_folder(), f"{suite}-{week}.tar")
        if os.path.exists(archive):
            return archive
        for old in glob.glob(os.path.join(cache_folder(), f"{suite}-*.tar")):
            os.unlink(old)
        mirror, security = apt_sources()
        root = os.path.join(self.folder, "base-" + suite)
        call("debootstrap", "--variant=minbase", suite, root, mirror)
        with open(f"{root}/etc/apt/sources.list", "w", encoding="utf-8") as sources:
            sources.write(f"deb {mirror} {suite} main\n" + (f"deb {security} {suite}-security main\n" if security else ""))
        proxies = re.findall(r'^(Acquire::https?::Proxy) "(.+)";$', call("apt-config", "dump"), re.M)
        with open(f"{root}/etc/apt/apt.conf.d/80kopru-test", "w", encoding="utf-8") as conf:
            conf.writelines(f'{name} "{value}";\n' for name, value in proxies)
            conf.write('APT::Install-Recommends "false";\nAcquire::Languages "none";\nDpkg::Options {"--force-unsafe-io";};\n')
        call("tar", "-C", root, "--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*",
             "--exclude=./usr/share/doc/*", "--exclude=./usr/share/man/*", "--exclude=./usr/share/locale/*", "--exclude=./dev/*",
             "-cf", archive + ".new", ".")
        os.rename(archive + ".new", archive)
        shutil.rmtree(root, ignore_errors=True)
        return archive

    def stop(self):
        """Containers first, then the engine by its processes, then all that it changed on this machine."""
        if len(self.processes) > 1:
            with contextlib.suppress(subprocess.TimeoutExpired):
                left = self.docker("ps", "-aq", check=False, timeout=30).split()
                if left:
                    self.docker("rm", "-f", "-v", *left, check=False, timeout=90)
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()
        for rule in reversed(self.rules):
            call("iptables", "-w", "-t", rule[0], "-D", *rule[1:], check=False)
        self.rules.clear()
        self._links_remove()
        for held in (self.forwarding, self.lock):
            if held:
                held.close()
        self.forwarding = self.lock = None

    def _links_remove(self):
        """dockerd leaves mounts, and bridges of its networks, when containers were not removed in time. The pool is locked and
        was nobody's when we began: bridges in it are ours."""
        if self.bridge:
            for line in call("ip", "-o", "-4", "address").splitlines():
                name, address = line.split()[1], line.split()[3]
                if name.startswith("br-") and address.startswith(self.pool.removesuffix("0.0/16")):
                    call("ip", "link", "delete", name, check=False)
            call("ip", "link", "delete", self.bridge, check=False)
            self.bridge = None
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            ours = [line.split()[1] for line in mounts if line.split()[1].startswith(self.folder + "/")]
        for place in sorted(ours, reverse=True):
            call("umount", "-l", place, check=False)
