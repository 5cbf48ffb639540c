#!/usr/bin/env python3
"""bench: how many letters a second the notifier hands to a local mail server, by STARTTLS and in clear. run: by hand

    tests/run --exec 'python3 tests/bench/mail.py [LETTERS]'

Servers: ours (one Python process, with and without a flush to the disk for each letter) and Postfix's smtp-sink."""

import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import mail  # noqa: E402
import system as kopru  # noqa: E402

LETTERS = int(sys.argv[1]) if len(sys.argv) > 1 else 10000


def measure(name, port, **more):
    settings = {"NOTIFIER_PROVIDER": "smtp", "NOTIFIER_SMTP": f"smtp://127.0.0.1:{port}", "NOTIFIER_DOMAIN_MINUTE": "0",
                "NOTIFIER_SMTP_CONNECTIONS": "16", "NOTIFIER_DOMAIN_AT_ONCE": "32", **more}
    system = kopru.System(settings={"notifier": settings})
    try:
        mail.notices(system, LETTERS, "example.org")
        begun = time.monotonic()
        system.start("notifier")
        kopru.wait_until(lambda: system.value("SELECT count(*) FROM notifier.notice WHERE state = 'sent'") == str(LETTERS), 300,
                         "all are sent", lambda: system.tail("notifier"))
        seconds = time.monotonic() - begun
        return {"name": name, "letters": LETTERS, "seconds": round(seconds, 2), "a_second": round(LETTERS / seconds),
                "rss_mib": round(system.processes["notifier"].rss_kib() / 1024, 1)}
    finally:
        system.close()


def main():
    figures = []
    folder = kopru.tempfile.mkdtemp(prefix="kopru-mail.", dir="/tmp")
    with mail.Server(folder, no_fsync=True) as server:
        figures.append(measure("ours, STARTTLS", server.ports[0], NOTIFIER_SMTP_CA=os.path.join(folder, "ca.pem")))
        figures.append(measure("ours, in clear", server.ports[0], NOTIFIER_SMTP_TLS="off"))
        taken = server.taken()
        assert len(taken) == 2 * LETTERS and set(taken.values()) == {1}, len(taken)
    with mail.Server(folder) as server:
        figures.append(measure("ours, in clear, flushed", server.ports[0], NOTIFIER_SMTP_TLS="off"))
    sink = shutil.which("smtp-sink", path=os.environ["PATH"] + ":/usr/sbin")
    if sink:
        port = kopru.free_port()
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        process = subprocess.Popen([sink, *user, "-c", f"127.0.0.1:{port}", "100"], stdout=subprocess.DEVNULL)
        try:
            figures.append(measure("smtp-sink, in clear", port, NOTIFIER_SMTP_TLS="off"))
        finally:
            process.terminate()
            process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    for figure in figures:
        print(json.dumps(figure), flush=True)


main()
