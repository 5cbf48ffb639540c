"""channels: the file of channels for a test's intake, with secrets, and the simulators that stand for the providers."""

import http.client
import json
import os
import subprocess

import system

WHATSAPP_ID, PAGE_ID, INSTAGRAM_ID = "106540352242922", "200000000000001", "17841400000000001"
TOKEN = "test-access-token-0123456789"


class Simulator:
    """One simulator as a process; its ledger lies in the folder of the system."""

    def __init__(self, name, folder):
        self.name, self.ledger = name, os.path.join(folder, f"{name}.jsonl")
        self.process = subprocess.Popen(
            ["/usr/bin/python3", os.path.join(system.TOP, "tests/simulators", name + ".py"), self.ledger, "--token", TOKEN],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def post(self, path, body, timeout=120):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        connection.request("POST", path, body=json.dumps(body), headers={"Content-Type": "application/json"})
        response = connection.getresponse()
        data = json.loads(response.read())
        connection.close()
        assert response.status == 200, data
        return data

    def rules(self, *rules):
        self.post("/_rules", list(rules))

    def media(self, identity, file, kind):
        self.post("/_media", {"id": identity, "file": file, "type": kind})

    def deliver(self, bodies, **order):
        return self.post("/_deliver", {"bodies": bodies, **order})

    def lines(self, name):
        """What the ledger says under this name."""
        try:
            with open(self.ledger, encoding="utf-8") as file:
                return [line for line in map(json.loads, filter(lambda l: l.endswith("\n"), file)) if name in line]
        except OSError:
            return []

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def secret(folder, name, text):
    path = os.path.join(folder, name)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(descriptor, text.encode())
    os.close(descriptor)
    return path


SECRETS = {name: [f"{name}-secret-{n}-0123456789" for n in (1, 2)]
           for name in ("whatsapp", "messenger", "instagram", "telegram")}


def write(folder, graph_url, telegram_url=None, idle=1, tell=True, **more):
    """Writes channels.json with WhatsApp, Messenger and Instagram at graph_url, and Telegram; gives its path."""
    token, verify = secret(folder, "access.token", TOKEN), secret(folder, "verify.token", "verify-0123456789abcdef")
    conf = {}
    for name, identity in (("whatsapp", WHATSAPP_ID), ("messenger", PAGE_ID), ("instagram", INSTAGRAM_ID)):
        conf[name] = {"secret_files": [secret(folder, f"{name}-{n}.secret", text) for n, text in enumerate(SECRETS[name])],
                      "verify_token_file": verify, "access_token_file": token, "graph_url": graph_url + "/v21.0",
                      "ids": [identity], "idle_seconds": idle, "tell": tell}
    if telegram_url:
        conf["telegram"] = {
            "secret_files": [secret(folder, f"telegram-{n}.secret", text) for n, text in enumerate(SECRETS["telegram"])],
            "access_token_file": token, "api_url": telegram_url, "idle_seconds": idle}
    conf.update(more)
    path = os.path.join(folder, "channels.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(conf, file)
    os.chmod(path, 0o600)
    return path


# -- bodies

def whatsapp(*messages, user_id=None, number="905000000000", phone_number_id=WHATSAPP_ID, **more):
    """The body of a webhook with these messages of one sender; number None: he has a username only."""
    contact = {"profile": {"name": "Deneme Kişi"}}
    if number:
        contact["wa_id"] = number
    if user_id:
        contact["user_id"] = user_id
    who = {"from": number} if number else {"from_user_id": user_id}
    value = {"messaging_product": "whatsapp",
             "metadata": {"display_phone_number": "905000000001", "phone_number_id": phone_number_id},
             "contacts": [contact], "messages": [{**who, **message} for message in messages], **more}
    return {"object": "whatsapp_business_account",
            "entry": [{"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}]}


def message(identity, kind, part, when=1764100000, **more):
    return {"id": identity, "timestamp": str(when), "type": kind, kind: part, **more}


def text(identity, words, **more):
    return message(identity, "text", {"body": words}, **more)
