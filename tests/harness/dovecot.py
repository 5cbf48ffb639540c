"""dovecot: a real IMAP server of our own on ports of 127.0.0.1, in a folder of its own, whose mailboxes are maildirs.

    D = dovecot.Dovecot(folder, ["basvuru", "kep"]); D.deliver("basvuru", raw); D.url("basvuru") ... D.close()

As root the mail belongs to nobody, otherwise to whoever runs it. Certificates are mail.certificates()'."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time

import mail
import system

PASSWORD = "deneme-parolası"
CONF = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
ssl = yes
ssl_cert = <{folder}/{cert}.pem
ssl_key = <{folder}/{cert}.key
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 100
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def why_not():
    """Why it cannot run here; "" when it can."""
    if not shutil.which("dovecot", path="/usr/sbin:/usr/bin"):
        return "Dovecot is not installed"
    said = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, timeout=20).stdout
    return "" if said.startswith("2.3") else f"Dovecot is {said.split(' ')[0]}; its configuration here is that of 2.3"


class Dovecot:
    def __init__(self, folder, users, plain=0, tls=0, cert="mail"):
        self.folder, self.users, self.cert = folder, users, cert
        self.plain, self.tls = plain or system.free_port(), tls or system.free_port()
        self.count = 0
        owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.getuid())
        self.uid, self.gid, self.user = owner.pw_uid, owner.pw_gid, owner.pw_name
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        if not os.path.exists(os.path.join(folder, "ca.pem")):
            mail.certificates(folder)
        for name in ("run", "mail"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        os.chown(os.path.join(folder, "mail"), self.uid, self.gid)
        for user in users:
            self.maildir(user)
        with open(os.path.join(folder, "users"), "w", encoding="utf-8") as file:
            file.writelines(f"{user}:{PASSWORD}\n" for user in users)
        os.chmod(os.path.join(folder, "users"), 0o644)
        self.start()

    def maildir(self, user):
        place = os.path.join(self.folder, "mail", user)
        for name in ("", "cur", "new", "tmp"):
            os.makedirs(os.path.join(place, name), exist_ok=True)
            os.chown(os.path.join(place, name), self.uid, self.gid)
        return place

    def start(self):
        values = {"folder": self.folder, "user": self.user, "group": grp.getgrgid(self.gid).gr_name, "uid": self.uid,
                  "gid": self.gid, "plain": self.plain, "tls": self.tls, "cert": self.cert}
        with open(os.path.join(self.folder, "dovecot.conf"), "w", encoding="utf-8") as file:
            file.write(CONF.format(**values).lstrip())
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "--", "dovecot", "-F", "-c",
                                         os.path.join(self.folder, "dovecot.conf")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, process_group=0)
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.tls)) == 0:
                    return
            time.sleep(0.05)
        self.stop()
        raise AssertionError("Dovecot does not listen: " + self.process.stderr.read().decode() + self.log())

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
                return log.read()[-4000:]
        except OSError:
            return ""

    def deliver(self, user, raw, folder="new"):
        """As a delivery agent does: written in tmp, then moved. Gives the file."""
        self.count += 1
        name = f"{int(time.time())}.M{self.count}P{os.getpid()}.test,S={len(raw)}"
        place = self.maildir(user) if self.count == 1 else os.path.join(self.folder, "mail", user)
        first, last = os.path.join(place, "tmp", name), os.path.join(place, folder, name)
        with open(first, "wb") as file:
            file.write(raw)
        os.chown(first, self.uid, self.gid)
        os.rename(first, last)
        return last

    def kept(self, user):
        """Names of all mails of a mailbox, flags and all, with the folder that they lie in."""
        place = os.path.join(self.folder, "mail", user)
        return sorted(os.path.join(part, name) for part in ("cur", "new") for name in os.listdir(os.path.join(place, part)))

    def forget_uids(self, user):
        """The next look finds another UIDVALIDITY."""
        place = os.path.join(self.folder, "mail", user)
        for name in os.listdir(place):
            if name.startswith("dovecot"):
                os.unlink(os.path.join(place, name))

    def url(self, scheme="imaps"):
        return f"{scheme}://127.0.0.1:{self.tls if scheme == 'imaps' else self.plain}/INBOX"

    def mailbox(self, user, scheme="imaps", **more):
        """What stands in the file of channels for this mailbox; its password stands beside it in "USER.password"."""
        path = os.path.join(self.folder, f"{user}.password")
        with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(PASSWORD + "\n")
        return {"name": user, "url": self.url(scheme), "user": user, "password_file": path, "poll_seconds": 1,
                "ca_file": os.path.join(self.folder, "ca.pem"), "own_addresses": ["basvuru@karatay.example"], **more}
