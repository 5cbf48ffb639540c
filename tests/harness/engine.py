"""engine: a container engine of the test's own (Debian's docker.io): its containerd, folders, sockets, bridge and firewall
rules are its own and end with it; no other engine is touched. With DOCKER_HOST set, that engine is used instead.

    E = Engine(folder)            # raises Unable with the reason where no engine can run
    E.environment                 # DOCKER_HOST for docker and docker-compose
    E.docker("ps", "-q")          # what it prints
    E.base_image("trixie")        # the name of a Debian image: from a registry, else made with debootstrap (kept in CACHE)
    E.stop()
"""

import glob
import os
import re
import shutil
import subprocess
import time

POOL = "10.213.0.0/16"
BRIDGE_ADDRESS = "10.213.255.1/24"
START_SECONDS = 40
PULL_SECONDS = 20
PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


class Unable(Exception):
    """No engine can run here, and why."""


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


class Engine:
    def __init__(self, folder):
        self.folder, self.processes, self.rules, self.bridge = folder, [], [], None
        self.forwarding = None
        if os.environ.get("DOCKER_HOST"):
            self.environment = {**os.environ, "PATH": PATH}
            try:
                call("docker", "version")
            except (OSError, RuntimeError) as error:
                raise Unable(f"DOCKER_HOST is set and nobody answers there: {str(error).strip().splitlines()[-1]}") from error
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
        except BaseException:
            self.stop()
            raise

    def _network_up(self):
        self.bridge = "kopru" + os.urandom(3).hex()
        call("ip", "link", "add", self.bridge, "type", "bridge")
        call("ip", "address", "add", BRIDGE_ADDRESS, "dev", self.bridge)
        call("ip", "link", "set", self.bridge, "up")
        with open("/proc/sys/net/ipv4/ip_forward", "r+", encoding="ascii") as switch:
            self.forwarding = switch.read().strip()
            switch.write("1")
        for rule in (["nat", "POSTROUTING", "-s", POOL, "!", "-d", POOL, "-j", "MASQUERADE"],
                     ["filter", "FORWARD", "-s", POOL, "-j", "ACCEPT"],
                     ["filter", "FORWARD", "-d", POOL, "-j", "ACCEPT"]):
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
                    "--default-address-pool", f"base={POOL},size=24")
        self._wait(lambda: "Server Version" in call("docker", "-H", self.environment["DOCKER_HOST"], "info", check=False),
                   "dockerd")

    def _wait(self, holds, name):
        end = time.monotonic() + START_SECONDS
        while not holds():
            if self.processes[-1].poll() is not None or time.monotonic() > end:
                with open(os.path.join(self.folder, name + ".log"), encoding="utf-8", errors="replace") as log:
                    said = [line.strip() for line in log if "level=info" not in line] or ["it says nothing"]
                raise Unable(f"{name} does not come up: {said[-1][-300:]}")
            time.sleep(.1)

    def docker(self, *arguments, **more):
        return call("docker", "-H", self.environment["DOCKER_HOST"], *arguments, **more)

    def base_image(self, suite):
        """Today's image of a registry, or one that debootstrap makes; CACHE keeps the latter for a week."""
        name = f"debian:{suite}-slim"
        try:
            self.docker("pull", "-q", name, timeout=PULL_SECONDS)
            return name
        except (RuntimeError, subprocess.TimeoutExpired):
            pass
        name = f"kopru-test/debian:{suite}"
        call("docker", "-H", self.environment["DOCKER_HOST"], "import", self._base_archive(suite), name)
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
        if self.processes:
            left = self.docker("ps", "-aq", check=False).split()
            if left:
                self.docker("rm", "-f", "-v", *left, check=False)
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
        if self.forwarding:
            with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as switch:
                switch.write(self.forwarding)
            self.forwarding = None

    def _links_remove(self):
        """dockerd leaves the bridges of its networks and mounts when containers were not removed in time."""
        if self.bridge:
            for name in re.findall(r"^\d+: (br-[0-9a-f]{12}):.*?inet 10\.213\.", call("ip", "-o", "-4", "address"), re.M):
                call("ip", "link", "delete", name, check=False)
            for line in call("ip", "-o", "-4", "address").splitlines():
                if " 10.213." in line and line.split()[1].startswith("br-"):
                    call("ip", "link", "delete", line.split()[1], check=False)
            call("ip", "link", "delete", self.bridge, check=False)
            self.bridge = None
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            ours = [line.split()[1] for line in mounts if line.split()[1].startswith(self.folder + "/")]
        for place in sorted(ours, reverse=True):
            call("umount", "-l", place, check=False)
