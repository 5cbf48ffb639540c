"""postfix: a real mail server of our own on a port of 127.0.0.1, that delivers what comes for example.org into a maildir.

Needs root, as Postfix does; its configuration, queue and mail are in a folder of their own."""

import email
import email.policy
import os
import pwd
import shutil
import socket
import subprocess
import time

import mail

PROGRAMS = "/usr/lib/postfix/sbin"
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
mynetworks =
relay_domains =
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {folder}/mail.pem
smtpd_tls_key_file = {folder}/mail.key
smtpd_forbid_bare_newline = yes
smtpd_client_connection_count_limit = 100
virtual_mailbox_domains = example.org
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:all/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
alias_maps =
alias_database =
"""


def why_not():
    """Why it cannot run here; "" when it can."""
    if os.geteuid() != 0:
        return "Postfix needs root"
    return "" if os.path.exists(f"{PROGRAMS}/master") else "Postfix is not installed"


class Postfix:
    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        os.chmod(folder, 0o755)
        mail.certificates(folder)
        nobody, postfix = pwd.getpwnam("nobody"), pwd.getpwnam("postfix")
        for name, owner in (("conf", 0), ("queue", 0), ("data", postfix.pw_uid), ("mail", nobody.pw_uid)):
            os.makedirs(os.path.join(folder, name))
            os.chown(os.path.join(folder, name), owner, -1)
        values = {"folder": folder, "port": port, "uid": nobody.pw_uid, "gid": nobody.pw_gid}
        for name, text in (("main.cf", MAIN), ("master.cf", MASTER)):
            with open(os.path.join(folder, "conf", name), "w", encoding="utf-8") as file:
                file.write(text.format(**values).lstrip())
        self.call("check")
        # Bound to us, so that it ends with the test whatever happens; master ends its process group.
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "--", f"{PROGRAMS}/master", "-d", "-c",
                                         os.path.join(folder, "conf")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, process_group=0)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("Postfix does not listen: " + self.log())

    def call(self, what):
        program = shutil.which("postfix", path="/usr/sbin:/usr/bin")
        done = subprocess.run([program, "-c", os.path.join(self.folder, "conf"), what], capture_output=True, text=True,
                              timeout=60, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise AssertionError(f"postfix {what}: {done.stdout}{done.stderr}{self.log()}")

    def log(self):
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
                return log.read()[-4000:]
        except OSError:
            return ""

    def letters(self):
        """All that were delivered, as email.message, in no order."""
        found = []
        for name in ("all/new", "all/cur"):
            folder = os.path.join(self.folder, "mail", name)
            for file_name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
                with open(os.path.join(folder, file_name), "rb") as file:
                    found.append(email.message_from_binary_file(file, policy=email.policy.default))
        return found

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
