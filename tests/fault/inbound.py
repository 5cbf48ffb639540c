#!/usr/bin/env python3
"""fault: two intakes are killed at many moments while webhooks arrive, drafts close and senders are told; leases run out under
the living, too. Every body that was answered 200 is in exactly one application. limit: 180 s"""

import hashlib
import hmac
import http.client
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from system import System, Tap, wait_until  # noqa: E402

OURS, SECRET = "106540352242922", "0123456789abcdef"
SECONDS, SENDERS = 25, 60


def channels_file(folder):
    with open(os.open(os.path.join(folder, "secret"), os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        file.write(SECRET)
    path = os.path.join(folder, "channels.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"whatsapp": {"secret_files": ["secret"], "verify_token_file": "secret", "ids": [OURS],
                                "idle_seconds": 1}}, file)
    return path


class Storm:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="kopru-storm.", dir="/tmp")
        self.system = System(instances=2, settings={"intake": {"INTAKE_CHANNELS_FILE": channels_file(self.folder)}})
        self.acknowledged, self.kills, self.made = [], 0, 0
        self.ended = False
        self.lock = threading.Lock()

    def close(self):
        self.ended = True
        self.system.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def body(self):
        with self.lock:
            self.made += 1
            number = self.made
        word = f"kelime-{number:06d}"
        sender = f"9050000000{number % SENDERS:02d}"
        message = {"from": sender, "id": f"wamid.{number}", "timestamp": str(int(time.time())), "type": "text",
                   "text": {"body": word}}
        return word, json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{
            "field": "messages", "value": {"messaging_product": "whatsapp", "metadata": {"phone_number_id": OURS},
                                           "contacts": [{"wa_id": sender}], "messages": [message]}}]}]}).encode()

    def deliver(self, body):
        """As a provider does: again and again until it is taken; now and then once more after that."""
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        while not self.ended:
            try:
                status = self.system.request("intake", "POST", "/webhooks/whatsapp", body, {
                    "Content-Type": "application/json", "X-Hub-Signature-256": signature})[0]
                if status == 200:
                    return True
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        return False

    def provider(self, until):
        while time.monotonic() < until:
            word, body = self.body()
            if self.deliver(body):
                self.acknowledged.append(word)
            if random.random() < 0.2:
                self.deliver(body)
            time.sleep(0.02)

    def killer(self, until):
        while time.monotonic() < until:
            time.sleep(random.uniform(0.3, 1.5))
            name = random.choice(["intake-1", "intake-2"])
            self.system.processes[name].kill()
            self.kills += 1
            self.expire()

    def expire(self):
        """All leases end at once, also those of the living: their tokens have to stop them."""
        self.system.sql("UPDATE intake.inbound SET next_at = now() WHERE state = 'stored'; "
                        "UPDATE intake.draft SET next_at = now() WHERE state = 'closing'")

    def under_way(self):
        self.expire()
        time.sleep(0.5)
        return self.system.value("SELECT (SELECT count(*) FROM intake.inbound WHERE state = 'stored') + "
                                 "(SELECT count(*) FROM intake.draft WHERE state <> 'done')") != "0"


def every_acknowledged_message_is_in_one_application(storm):
    storm.system.start("intake", "router")
    storm.system.supervise()
    until = time.monotonic() + SECONDS
    threads = [threading.Thread(target=storm.provider, args=(until,)) for _ in range(3)]
    threads.append(threading.Thread(target=storm.killer, args=(until,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: not storm.under_way(), 90, "nothing is under way", lambda: storm.system.sql(
        "SELECT state, verdict, count(*) FROM intake.inbound GROUP BY 1, 2; SELECT state, ended_as, count(*) "
        "FROM intake.draft GROUP BY 1, 2") + storm.system.tail("intake"))
    bodies = "\n".join(storm.system.rows("SELECT body FROM intake.application"))
    found = [line for line in bodies.split("\n") if line]
    print(f"# {storm.kills} kills, {len(storm.acknowledged)} acknowledged, {len(found)} found in "
          f"{storm.system.value('SELECT count(*) FROM intake.application')} applications", flush=True)
    assert storm.kills >= 10 and len(storm.acknowledged) >= 100, (storm.kills, len(storm.acknowledged))
    lost = set(storm.acknowledged) - set(found)
    twice = {word for word in found if found.count(word) > 1}
    assert not lost and not twice, (sorted(lost)[:10], sorted(twice)[:10])
    assert storm.system.value("SELECT count(*) FROM intake.inbound WHERE state = 'triage'") == "0"
    assert storm.system.value("SELECT count(*) FROM (SELECT contact_id FROM intake.contact_key GROUP BY 1) AS c") == str(SENDERS)


def main():
    tap, storm = Tap(), Storm()
    try:
        tap.run("every_acknowledged_message_is_in_one_application",
                lambda: every_acknowledged_message_is_in_one_application(storm))
    finally:
        storm.close()
    tap.end()


if __name__ == "__main__":
    main()
