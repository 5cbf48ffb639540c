"""clamav: Debian's clamd with a signature of our own, on a socket of our own."""

import os
import pwd
import shutil
import subprocess

import system as kopru

MARK = b"KOPRU-DENEME-ZARARLISI-7f3a91"  # harmless; what our only signature finds


def program():
    return shutil.which("clamd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Clamd:
    """May be stopped and started again."""

    def __init__(self, system):
        self.system, self.folder = system, system.path("clamav")
        os.makedirs(os.path.join(self.folder, "signatures"), mode=0o755)
        self.socket = os.path.join(self.folder, "clamd.sock")
        with open(os.path.join(self.folder, "signatures", "own.ndb"), "w", encoding="ascii") as file:
            file.write(f"Kopru.Test:0:*:{MARK.hex()}\n")
        with open(os.path.join(self.folder, "clamd.conf"), "w", encoding="utf-8") as file:
            file.write(f"LocalSocket {self.socket}\nDatabaseDirectory {self.folder}/signatures\nForeground yes\n"
                       f"User {pwd.getpwuid(os.geteuid()).pw_name}\nStreamMaxLength 25M\nMaxThreads 2\nLogVerbose no\n"
                       "Bytecode no\nConcurrentDatabaseReload no\n")

    @property
    def address(self):
        return "unix:" + self.socket

    def start(self):
        process = kopru.Process("clamd", [program(), "-c", os.path.join(self.folder, "clamd.conf")], dict(os.environ),
                                self.system.path("log", "clamd.log"))
        self.system.processes["clamd"] = process
        process.start()
        kopru.wait_until(lambda: kopru.listens(self.socket), 30, "clamd listens", lambda: self.system.tail("clamd"))

    def stop(self):
        self.system.processes["clamd"].stop()
        subprocess.run(["rm", "-f", self.socket], check=True)
