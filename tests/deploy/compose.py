#!/usr/bin/env python3
"""compose: docker-compose.yml for real, as deploy/README.md says word by word: installed, scaled, upgraded, killed, backed up,
destroyed, restored, keys rotated, with citizens sending all the while; a ledger knows what they were told. limit: 1500 s
run: by hand, `make test-deploy`; make check does so, too

Needs root and docker.io, docker-compose and debootstrap (`make test-deploy` installs them); an engine of the test's own
runs in a folder under /var/tmp, unless DOCKER_HOST names one. SUITE (trixie) is Debian's release for the images."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import engine  # noqa: E402
import ledger  # noqa: E402
import system as kopru  # noqa: E402
from citizens import Citizens  # noqa: E402

SUITE = os.environ.get("SUITE", "trixie")
SERVICES = ("intake", "router", "notifier", "reporting")
OURS = {"intake": {"access-code.key", "person.key", "pgpass"}, "router": {"pgpass", "router.key"},
        "notifier": {"access-code.key", "pgpass", "smtp-password"}, "reporting": {"pgpass"}}
README_SECONDS = 400


class Stack:
    """A copy of the tree in which the commands of deploy/README.md are typed."""

    def __init__(self, folder, machine):
        self.folder, self.engine = folder, machine
        self.tree = os.path.join(folder, "tree")
        self.port, self.plain = kopru.free_port(), kopru.free_port()
        self.project = "kopru" + os.urandom(3).hex()
        self.url = f"https://127.0.0.1:{self.port}"
        self.environment = {**machine.environment, "COMPOSE_PROJECT_NAME": self.project, "KOPRU_PUBLIC_URL": self.url,
                            "KOPRU_HTTP_PORT": str(self.plain), "KOPRU_HTTPS_PORT": str(self.port), "KOPRU_IMAGES": self.project,
                            "KOPRU_FEED_PORT": str(kopru.free_port()), "KOPRU_COMMAND_PORT": str(kopru.free_port())}
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # what this machine allows an engine of ours
        if hard != resource.RLIM_INFINITY:
            self.environment["KOPRU_DESCRIPTORS"] = str(min(hard, 24576))
        self._copy_tree()
        with open(os.path.join(self.tree, "deploy/README.md"), encoding="utf-8") as page:
            self.blocks = re.findall(r"^```([a-z-]+)\n(.*?)^```$", page.read(), re.M | re.S)
        self.typed = set()

    def _copy_tree(self):
        os.makedirs(self.tree)
        names = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=kopru.TOP, stdout=subprocess.PIPE,
                               check=False).stdout
        if not names:  # no clone
            names = b"\0".join(n.encode() for n in ("Makefile", "proto", "common", "services", "deploy", "docker-compose.yml",
                                                    ".dockerignore", ".env.example"))
        archive = subprocess.run(["tar", "--null", "-T", "-", "-c"], cwd=kopru.TOP, input=names, stdout=subprocess.PIPE,
                                 check=False)
        subprocess.run(["tar", "-x", "-C", self.tree], input=archive.stdout, check=True)

    def images(self):
        """The bases, where no registry has them; building needs them."""
        base = self.engine.base_image(SUITE)
        self.environment["KOPRU_BASE_IMAGE"] = base
        if base.startswith("kopru-test/"):
            name = f"kopru-test/postgres:{SUITE}"
            self.environment["KOPRU_POSTGRES_IMAGE"] = name
            self.postgres = subprocess.Popen(
                ["docker", "build", "-q", "--build-arg", "BASE=" + base, "-t", name, "tests/deploy/postgres"], cwd=self.tree,
                env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.compose("build")
            said = self.postgres.communicate()[0]
            assert self.postgres.returncode == 0, said

    def shell(self, text, seconds=README_SECONDS):
        """What it prints; a command that fails ends it and the test of it."""
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", text], cwd=self.tree, env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds,
                              check=False)
        assert done.returncode == 0, f"{text}\nended with {done.returncode}:\n{done.stdout[-6000:]}"
        return done.stdout

    def compose(self, *words):
        return self.shell("docker-compose " + " ".join(words))

    def page(self, name):
        """Types all blocks of the page with that name and looks for what the page says that one sees."""
        self.typed.add(name)
        said = "".join(self.shell(text) for block, text in self.blocks if block == name)
        rest = said
        for block, text in self.blocks:
            for line in text.splitlines() if block == name + "-seen" else ():
                found = re.search(".*".join(map(re.escape, line.split("…"))), rest)
                assert found, f'after "{name}" the page promises "{line}"; it was:\n{said[-6000:]}'
                rest = rest[found.end():]
        return said

    def container(self, service, number=1):
        found = [n for n in self.engine.docker("ps", "-a", "--format", "{{.Names}}").split()
                 if re.fullmatch(rf"{self.project}[-_]{service}[-_]{number}", n)]
        assert found, f"there is no container of {service}"
        return found[0]

    def inspect(self, service):
        return json.loads(self.engine.docker("inspect", self.container(service)))[0]

    def inside(self, service, text):
        return self.engine.docker("exec", self.container(service), "sh", "-c", text)

    def sql(self, text):
        return self.engine.docker("exec", self.container("postgres"), "psql", "-XAtq", "-U", "kopru", "-c", text).strip()

    def kept(self, volume, name):
        """The content of a file in a volume; nothing when there is none."""
        return self.engine.docker("run", "--rm", "-u", "0", "--network", "none", "-v", f"{self.project}_{volume}:/kept:ro",
                                  "--entrypoint", "sh", f"{self.project}/kopru:latest", "-c",
                                  f"[ ! -e /kept/{name} ] || cat /kept/{name}")

    def secret(self, name):
        return self.kept("secrets", name).strip()

    def healthy(self, service):
        return self.inspect(service)["State"].get("Health", {}).get("Status") == "healthy"

    def handled(self):
        """How far the department's consumer is: seq of its cursor."""
        return int((self.kept("departments", "TEM.cursor") or "x 0").split()[1])

    def head(self, stream):
        return int(self.sql(f"SELECT coalesce(max(seq), 0) FROM feed.event WHERE stream = '{stream}'"))


def soon(holds, seconds, what, detail=lambda: ""):
    """As wait_until, for questions that start a program."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"after {seconds} s not yet: {what}\n{detail()}"
        time.sleep(.5)


TAP = kopru.Tap()
BEGIN = time.monotonic()


def clock(text):
    print(f"# {time.monotonic() - BEGIN:5.0f} s  {text}", flush=True)


class Run:
    def __init__(self, stack):
        self.s, self.citizens, self.key = stack, None, None
        self.ledgers = os.path.join(stack.folder, "ledgers")
        os.makedirs(self.ledgers)

    def installed(self):
        self.s.page("install")
        with open(os.path.join(self.s.folder, "tls.crt"), "w", encoding="ascii") as file:
            file.write(self.s.secret("tls.crt") + "\n")
        made = self.s.shell("docker-compose run --rm -T kopru key create citizens --rights applications,reports 2>/dev/null")
        self.key = made.split()[-1]
        self.citizens = Citizens(self.s.port, self.key, file.name, os.path.join(self.ledgers, "sender-0.ledger"))

    def settled(self):
        """Everything that was accepted is everywhere; consumers are at the heads."""
        soon(lambda: self.s.head("case") >= self.s.head("intake") > 0, 30, "all are routed")
        soon(lambda: self.s.handled() == self.s.head("department/TEM"), 30, "the department has all",
                         lambda: f"{self.s.handled()} of {self.s.head('department/TEM')}\n"
                         + self.s.compose("logs --no-color --tail 20 department"))

    def stored(self):
        """The key and number of each application, as the ledger names them."""
        rows = self.s.sql("SELECT key, number FROM intake.application WHERE key_scope <> 'public'").split()
        return dict(row.split("|") for row in rows)

    def told(self):
        answers = {}
        for what, key, *rest in ledger.read(self.ledgers, "sender-"):
            if what == "S" and rest[0] == "201":
                assert answers.setdefault(key, rest[1]) == rest[1], f"{key} got two numbers"
        return answers

    def compared(self, more=0):
        """Nothing that was acknowledged is missing, nothing is there that nobody sent; each number stands for one."""
        told, stored = self.told(), self.stored()
        assert len(told) > 50, f"only {len(told)} were sent"
        missing = {k for k in told if stored.get(k) != told[k]}
        assert not missing, f"{len(missing)} of {len(told)} are not as they were told: {sorted(missing)[:3]}"
        assert len(stored) - len(told) == more and len(set(told.values())) == len(told), (len(stored), len(told))
        clock(f"{len(told)} acknowledged, {len(stored)} stored, {self.citizens.again} asked again")

    def settings(self):
        """What docker inspect says of each container."""
        for service in SERVICES + ("web", "postgres", "department", "secrets", "migrate"):
            c = self.s.inspect(service)
            host = c["HostConfig"]
            assert service == "secrets" or c["Config"]["User"] not in ("", "0", "0:0", "root"), service
            assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"], service
            assert bool(host["CapAdd"]) == (service == "secrets") and not host["Privileged"], service
            assert "no-new-privileges:true" in host["SecurityOpt"], service
            assert host["Memory"] > 0 and 0 < host["PidsLimit"] <= 300, service
            once = service in ("secrets", "migrate")
            assert host["RestartPolicy"]["Name"] == ("no" if once else "unless-stopped"), service
            assert once or c["State"]["Health"]["Status"] == "healthy", service
            assert service == "postgres" or host["Init"], service
        assert self.s.inspect("secrets")["HostConfig"]["NetworkMode"] == "none"

    def nothing_told(self):
        """No secret stands in what the engine or docker-compose tell of the stack, or in a log."""
        names = self.s.engine.docker("ps", "-aq").split()
        text = self.s.engine.docker("inspect", *names) + self.s.compose("config") + self.s.compose("logs", "--no-color")
        for name in [f"password-{role}" for role in ("owner", *SERVICES)] + ["router.key"]:
            secret = self.s.secret(name)
            assert len(secret) >= 40 and secret not in text, f"{name} is told"
        assert self.key not in text

    def probes(self):
        """What a process inside may do."""
        for service in SERVICES + ("web", "postgres", "department"):
            said = self.s.inside(service, "id -u; touch /x /usr/x 2>&1; grep -h -e ^CapEff -e ^NoNewPrivs /proc/1/status")
            assert not said.startswith("0\n") and said.count("Read-only file system") == 2, said
            assert "CapEff:\t0000000000000000" in said and "NoNewPrivs:\t1" in said, said
        for service in SERVICES + ("web", "department"):
            developer = self.s.inside(service, "dpkg-query -W -f '${Package}\\n' | grep -e '-dev$' -e ^gcc$ -e ^make$ || true")
            assert not developer, developer

    def own_secrets(self):
        for service, names in OURS.items():
            said = self.s.inside(service, "cd /run/kopru/secrets && stat -c '%n %a %u' *; touch x 2>&1 || true")
            found = {line.split()[0]: line.split()[1:] for line in said.splitlines() if re.fullmatch(r"\S+ \d+ \d+", line)}
            assert set(found) == names and all(v == ["400", "61000"] for v in found.values()), (service, said)
            assert "Read-only file system" in said, said
        assert "secrets" not in self.s.inside("web", "ls /run/kopru")
        assert self.s.inside("web", "stat -c %a /run/kopru/tls/tls.key") == "400\n"

    def one_role(self):
        """Who has one role's password cannot log in as another, and nobody without one."""
        image, network = self.s.inspect("postgres")["Config"]["Image"], f"{self.s.project}_database"

        def login(role, service):
            volume = f"{self.s.project}_secrets-{service}:/s:ro"
            return self.s.engine.docker("run", "--rm", "--network", network, "-u", "61000", "-v", volume,
                                        "-e", "PGPASSFILE=/s/pgpass", "-e", "PGCONNECT_TIMEOUT=5", "--entrypoint", "psql",
                                        image, "-XAtq", "-h", "postgres", "-U", role, "-d", "kopru", "-c", "SELECT current_user", check=False)
        for role in SERVICES:
            assert login(role, role) == role + "\n"
        for role, service in (("kopru", "intake"), ("intake", "router"), ("router", "notifier"), ("notifier", "reporting")):
            assert "no password supplied" in login(role, service), (role, service)
        stolen = self.s.secret("password-router")
        said = self.s.engine.docker("run", "--rm", "--network", network, "-e", "PGPASSWORD=" + stolen, "--entrypoint", "psql",
                                    image, "-XAtq", "-h", "postgres", "-U", "kopru", "-d", "kopru", "-c", "SELECT 1", check=False)
        assert "password authentication failed" in said, said

    def redirected(self):
        said = self.s.shell(f"curl -sS -o /dev/null -w '%{{http_code}} %{{redirect_url}}' http://127.0.0.1:{self.s.plain}/takip")
        assert said == f"308 {self.s.url}/takip", said
        head = self.s.shell(f"curl -sS -i --cacert {self.s.folder}/tls.crt {self.s.url}/takip")
        assert "HTTP/1.1 200" in head and "Strict-Transport" not in head, head[:600]

    def certified(self):
        """A certificate of an authority, in a folder: nginx serves it, and HSTS comes."""
        folder = os.path.join(self.s.folder, "authority")
        self.s.shell(f"""mkdir {folder} {folder}/tls && cd {folder}
            new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'
            openssl req -x509 $new -subj /CN=authority -keyout ca.key -out ca.pem
            openssl req $new -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout tls/privkey.pem -out web.csr
            openssl x509 -req -in web.csr -copy_extensions copy -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
              -out tls/fullchain.pem
            chown -R 61000 tls""")
        self.s.environment["KOPRU_TLS"] = os.path.join(folder, "tls")
        self.s.compose("up -d web")
        soon(lambda: self.s.healthy("web"), 40, "web is well")
        head = self.s.shell(f"curl -sS -i --cacert {folder}/ca.pem {self.s.url}/takip")
        assert "Strict-Transport-Security: max-age=" in head, head[:600]
        self.certificate_replaced(folder)
        del self.s.environment["KOPRU_TLS"]
        self.s.compose("up -d web")

    def certificate_replaced(self, folder):
        """A file that is half written when nginx's keeper looks does not end its looking."""
        self.s.shell(f"""cd {folder} && truncate -s 100 tls/fullchain.pem && sleep 6
            openssl x509 -req -in web.csr -copy_extensions copy -CA ca.pem -CAkey ca.key -set_serial 77 -days 2 \
              -out tls/fullchain.pem""")
        soon(lambda: "serial=4D" in self.s.shell(f"openssl s_client -connect 127.0.0.1:{self.s.port} </dev/null 2>/dev/null | "
                                                 "openssl x509 -noout -serial"), 15, "nginx has the next certificate")

    def scaled(self):
        self.s.page("scale")
        soon(lambda: self.s.inside("web", "cat /var/lib/kopru/nginx/intake.servers").count("intake-") == 3, 10,
                         "nginx knows three intakes")
        soon(lambda: all(self.accepted_by(number) > 5 for number in (1, 2, 3)), 60, "each of them serves citizens")
        at = [self.s.engine.docker("inspect", "-f", "{{.Config.Hostname}}", self.s.container("intake", n)).strip()
              for n in (1, 2, 3)]
        feeds = self.s.inside("router", "ls /run/kopru/bus")
        assert all(f"feed-intake-{name}.sock" in feeds for name in at), feeds

    def accepted_by(self, number):
        """How many applications that intake has acknowledged."""
        ask = ("perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Peer => shift); "
               "print $s \"GET /metrics HTTP/1.0\\r\\n\\r\\n\"; print <$s>' /run/kopru/http/intake-$HOSTNAME.sock")
        said = self.s.engine.docker("exec", self.s.container("intake", number), "sh", "-c", ask)
        return int(re.search(r"^kopru_intake_accepted_total (\d+)", said, re.M).group(1))

    def killed(self, service):
        """SIGKILL of everything in the container; its restart policy brings it back."""
        was = self.s.inspect(service)["State"]
        if os.environ.get("DOCKER_HOST"):
            self.s.engine.docker("restart", "-t", "0", self.s.container(service))
        else:
            os.kill(was["Pid"], signal.SIGKILL)
        soon(lambda: self.s.inspect(service)["State"]["StartedAt"] != was["StartedAt"] and self.s.healthy(service), 60,
                         f"{service} is well again", lambda: self.s.compose("logs --no-color --tail 20 " + service))
        before = self.citizens.accepted
        soon(lambda: self.citizens.accepted > before + 5, 20, "applications are accepted again")

    def unready(self):
        """Without its database a service says that it is not ready; with it, ready again."""
        self.s.compose("stop -t 20 postgres")
        for service in SERVICES + ("web",):
            soon(lambda s=service: not self.s.healthy(s), 40, f"{service} is not ready")
        assert "database" in self.s.inside("intake", "/usr/lib/kopru/container healthz intake || true")
        self.s.compose("start postgres")
        for service in SERVICES + ("web",):
            soon(lambda s=service: self.s.healthy(s), 40, f"{service} is ready again")

    def upgraded(self):
        """Another version: each image is another one, and each container is replaced."""
        was = {service: self.s.inspect(service)["Id"] for service in SERVICES + ("web", "department")}
        with open(os.path.join(self.s.tree, "deploy/tools/container"), "a", encoding="utf-8") as script:
            script.write("# a newer version\n")
        self.s.page("upgrade")
        for service, old in was.items():
            assert self.s.inspect(service)["Id"] != old, service
        self.s.environment["DEPARTMENT_CODE"] = "TEM"

    def restored(self):
        """What was acknowledged up to the backup is there, as it was told; numbers that came later are given to nobody."""
        self.s.page("passphrase")
        self.s.shell("docker-compose exec -T intake sh -c 'echo kept > /var/lib/kopru/files/kept'")
        said = self.s.page("backup")
        assert int(said.split()[-1]) > 500, said
        before = self.stored()
        assert self.s.kept("departments", "TEM.cursor")
        receipt = self.citizens.receipt
        self.backup_kept()
        later = [self.citizens.apply_one("after the backup " + str(i)) for i in range(5)]
        self.settled()
        ahead = self.s.kept("departments", "TEM.cursor")
        self.not_destroyed()
        self.s.page("restore")
        assert self.stored() == before, "what is restored is not what was backed up"
        assert self.s.kept("files", "kept").strip() == "kept", "files are not restored"
        status, tracked = self.citizens.track(receipt)
        assert status == 200 and tracked["number"] == receipt["number"], (status, tracked)
        fresh = self.citizens.apply_one("after the restore")
        assert fresh not in later and fresh not in before.values(), "a number was given twice"
        return ahead

    def refuses(self, name, spoiled):
        """The block ends with an error when typed with something spoiled."""
        text = "".join(text for block, text in self.s.blocks if block == name)
        try:
            said = self.s.shell(spoiled + "\n" + text)
        except AssertionError:
            return
        raise AssertionError(f"{name} with {spoiled!r} went well:\n{said[-3000:]}")

    def backup_kept(self):
        """A backup that fails leaves the one before."""
        sums = "cd backup && sha256sum *.enc"
        was = self.s.shell(sums)
        self.refuses("backup", "openssl() { cat >/dev/null; false; }")
        assert self.s.shell(sums) == was

    def not_destroyed(self):
        """With a wrong passphrase, or a file that is cut, a restore destroys nothing."""
        was = self.s.engine.docker("ps", "-aq", "--no-trunc").split()
        keep = "cp backup.passphrase backup/secrets.tar.enc backup/database.tar.gz.enc .."
        self.s.shell(keep)
        self.refuses("restore", "echo wrong > backup.passphrase")
        self.s.shell("cp ../backup.passphrase .")
        self.refuses("restore", "truncate -s -5000 backup/database.tar.gz.enc")
        self.s.shell("cp ../database.tar.gz.enc ../secrets.tar.enc backup")
        assert self.s.engine.docker("ps", "-aq", "--no-trunc").split() == was

    def diverged(self, ahead):
        """A department that is ahead of the backup stops; as the page says it begins again, and has every event."""
        self.s.environment["DEPARTMENT_CODE"] = "TEM"
        self.s.compose("up -d department")
        self.settled()
        self.s.compose("stop department")
        self.s.shell(f"docker-compose run --rm -T --no-deps --entrypoint sh kopru -c "
                     f"'echo \"{ahead.strip()}\" > /var/lib/kopru/departments/TEM.cursor'")
        self.s.compose("start department")
        soon(lambda: "feed.diverged" in self.s.compose("logs --no-color --tail 30 department"), 20, "it says that it diverged")
        self.s.page("diverged")
        self.settled()
        events = [json.loads(line) for line in self.s.engine.docker("logs", self.s.container("department")).splitlines()
                  if line.startswith("{")]
        have = {int(e["seq"]) for e in events if e.get("stream") == "department/TEM"}
        missing = set(range(1, self.s.head("department/TEM") + 1)) - have
        assert not missing, f"{len(missing)} events never came, such as {sorted(missing)[:5]}"

    def rotated(self, name):
        self.s.environment["DEPARTMENT_CODE"] = "TEM"
        old = self.s.secret("password-intake"), self.s.secret("router.key.pub"), self.s.secret("tls.crt")
        for _ in range(2 if name == "department-key" else 1):  # a second time there are revoked ones, too
            self.s.page(name)
        now = self.s.secret("password-intake"), self.s.secret("router.key.pub"), self.s.secret("tls.crt")
        assert [a != b for a, b in zip(old, now)] == [name == "passwords", name == "router-key", name == "tls"], name
        if name == "tls":
            with open(os.path.join(self.s.folder, "tls.crt"), "w", encoding="ascii") as file:
                file.write(now[2] + "\n")
            soon(lambda: subprocess.run(["curl", "-sS", "--cacert", file.name, "-o", "/dev/null", self.s.url + "/takip"],
                                                    check=False).returncode == 0, 15, "nginx has the new certificate")
            self.citizens.trust(file.name)
        self.citizens.apply_one("after rotating " + name)
        self.settled()


def all_blocks_typed(stack):
    missing = {name for name, _ in stack.blocks if not name.endswith("-seen")} - stack.typed
    assert not missing, f"never typed: {missing}"


def walk(stack):
    run = Run(stack)
    TAP.run("the images are built", stack.images)
    clock("built")
    TAP.run("install", run.installed)
    if TAP.failed:
        return  # nothing else could be said
    clock("installed")
    TAP.run("a department is added", lambda: stack.page("department"))
    TAP.run("a department's consumer", lambda: stack.page("consumer"))
    run.citizens.start()
    soon(lambda: stack.healthy("department"), 30, "the consumer is connected")
    clock("citizens send")
    for check in (run.settings, run.probes, run.own_secrets, run.one_role, run.nothing_told, run.redirected):
        TAP.run("security: " + check.__name__.replace("_", " "), check)
    clock("looked at")
    TAP.run("three intakes", run.scaled)
    for service in ("intake", "router", "notifier", "reporting", "web", "postgres", "department"):
        TAP.run(f"{service} is killed", lambda s=service: run.killed(s))
    clock("killed")
    TAP.run("without a database nobody is ready", run.unready)
    TAP.run("upgrade with traffic", run.upgraded)
    clock("upgraded")
    TAP.run("a certificate of an authority", run.certified)
    TAP.run("citizens are answered to the end", run.citizens.stop)
    TAP.run("all that was accepted has arrived", run.settled)
    TAP.run("the ledger and the database agree", run.compared)
    ahead = []
    TAP.run("backup, destruction, restore", lambda: ahead.append(run.restored()))
    clock("restored")
    TAP.run("a department that is ahead of the backup", lambda: run.diverged(ahead[0]))
    for name in ("passwords", "department-key", "router-key", "tls"):
        TAP.run("rotated: " + name, lambda n=name: run.rotated(n))
    clock("rotated")
    TAP.run("nothing is lost, doubled or out of order", lambda: stack.shell("docker-compose run --rm kopru reconcile"))
    TAP.run("every command of the page was typed", lambda: all_blocks_typed(stack))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="kopru-compose.", dir="/var/tmp")
    machine = None
    try:
        try:
            machine = engine.Engine(folder)
        except engine.Unable as reason:
            print(f"# NOT TESTED: docker-compose.yml and deploy/README.md: {reason}")
            print(f"ok 1 - the whole system in containers # SKIP {reason}\n1..1", flush=True)
            return
        stack = Stack(folder, machine)
        try:
            walk(stack)
        finally:
            stack.shell("docker-compose --profile operator --profile department down -v --remove-orphans -t 5 || true")
    finally:
        if machine:
            machine.stop()
        shutil.rmtree(folder, ignore_errors=True)
    clock("ended")
    TAP.end()


if __name__ == "__main__":
    main()
