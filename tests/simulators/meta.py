#!/usr/bin/python3
"""meta: Meta's Graph API for WhatsApp, Facebook pages and Instagram, and its webhooks, as a program that misbehaves on command.

    meta.py LEDGER --token TOKEN [--port N]        prints {"port": N}; ends with its standard input

  GET  /v21.0/MEDIA           {"url", "mime_type", "sha256", "file_size", "id"}, with the token
  GET  /media/MEDIA?ticket=   the file, with the token, while the ticket is valid (an address is good for five minutes)
  GET  /public/MEDIA          the file, without one: attachments of Messenger and Instagram
  POST /v21.0/ID/messages     WhatsApp's messages (messaging_product) and the Send API (recipient), checked as documented
  POST /_statuses             {"socket" or "port", "path", "secret", "phone_number_id", "words"}: from now on each WhatsApp message
                              has its statuses delivered, in this order

See provider.py for what else it takes.
"""

import hashlib
import hmac
import os
import secrets
import sys
import threading
import time
import json

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import provider  # noqa: E402


class Meta(provider.Provider):
    def __init__(self, ledger, token):
        super().__init__(ledger, token)
        self.tickets, self.statuses = {}, None

    def proof(self, body, order):
        kind = order.get("proof", "right")
        if kind == "missing":
            return {}
        secret = order["secret"] if kind == "right" else order["secret"] + "x"
        return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}

    def control(self, path, body):
        if path == "/_statuses":
            self.statuses = body
            return {}
        return super().control(path, body)

    def answer(self, request, method, path, query, body):
        known = request.headers.get("Authorization") == "Bearer " + self.token
        parts = path.strip("/").split("/")
        if parts[0] == "public" and len(parts) == 2:
            if request.headers.get("Authorization"):
                self.write(leaked="the token was sent to " + path)
            return self.download(parts[1])
        if not known:
            self.write(refused=path, why="no token")
            return 401, {"error": {"message": "Invalid OAuth access token", "type": "OAuthException", "code": 190}}
        if parts[0] == "media" and len(parts) == 2:
            ticket = self.tickets.get(query.removeprefix("ticket="))
            if ticket is None or ticket[0] != parts[1] or ticket[1] < time.monotonic():
                self.write(expired=parts[1])
                return 404, {"error": {"code": 100}}
            return self.download(parts[1])
        if parts[0] == "v21.0" and len(parts) == 2 and method == "GET":
            return self.lookup(parts[1])
        if parts[0] == "v21.0" and len(parts) == 3 and parts[2] == "messages" and method == "POST":
            return self.message(parts[1], json.loads(body))
        return 404, {"error": {"code": 100}}

    def lookup(self, identity):
        do = self.rule("lookup", identity)
        media = self.media.get(identity)
        self.write(lookup=identity, known=media is not None)
        if do in ("lost", "drop"):
            raise provider.Drop
        if do and do.isdigit():
            return int(do), {"error": {"code": {"400": 80007, "401": 190, "403": 10, "429": 4}.get(do, 1)}}
        if do == "garbage":
            return 200, b"<html>"
        if media is None:
            return 404, {"error": {"code": 100, "error_subcode": 33}}
        ticket = secrets.token_hex(8)
        self.tickets[ticket] = (identity, time.monotonic() + (300 if do != "expired" else -1))
        data = media["data"] if do != "checksum" else media["data"] + b"x"
        url = f"http://127.0.0.1:{self.port}/media/{identity}?ticket={ticket}"
        if do == "private":
            url = "http://10.0.0.1/secret"
        return 200, {"messaging_product": "whatsapp", "url": url, "mime_type": media["type"], "id": identity,
                     "sha256": hashlib.sha256(data).hexdigest(), "file_size": len(media["data"])}

    def download(self, identity):
        do = self.rule("download", identity)
        if do in ("lost", "drop"):
            raise provider.Drop
        if do == "redirect":
            return 302, b""
        answer = self.send_file(identity, do)
        self.write(download=identity, status=answer[0], misbehaved=do)
        return answer

    def message(self, sender, body):
        whatsapp = body.get("messaging_product") == "whatsapp"
        to = body.get("to") or body.get("recipient")
        text = (body.get("text") or {}).get("body") if whatsapp else (body.get("message") or {}).get("text")
        do = self.rule("message", json.dumps(to))
        if do == "drop":
            raise provider.Drop
        if do and do.isdigit():
            self.write(message_refused=do, to=to)
            return int(do), {"error": {"code": {"429": 130429, "400": 131047}.get(do, 0), "message": "(#1) no"}}
        wrong = not text or len(text) > 4096 or not to or (whatsapp and body.get("type") != "text") or \
            (not whatsapp and (not isinstance(to, dict) or len(to) != 1 or body.get("messaging_type") != "RESPONSE"))
        if wrong:
            self.write(malformed=body)
            return 400, {"error": {"code": 100, "message": "Invalid parameter"}}
        identity = "wamid." + secrets.token_hex(10)
        self.write(message=identity, sender=sender, to=to, text=text, tracker=body.get("biz_opaque_callback_data"))
        if whatsapp and self.statuses:
            threading.Thread(target=self.tell_statuses, args=(identity, to, body), daemon=True).start()
        if do == "lost":
            raise provider.Drop
        if whatsapp:
            return 200, {"messaging_product": "whatsapp", "contacts": [{"input": to, "wa_id": to}],
                         "messages": [{"id": identity}]}
        return 200, {"recipient_id": to.get("id", "1"), "message_id": identity}

    def tell_statuses(self, identity, to, body):
        bodies = [{"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "905000000001", "phone_number_id": self.statuses["phone_number_id"]},
            "statuses": [{"id": identity, "status": word, "timestamp": str(int(time.time()) + n), "recipient_id": to,
                          "biz_opaque_callback_data": body.get("biz_opaque_callback_data")}]}}]}]}
                  for n, word in enumerate(self.statuses["words"])]
        self.deliver({**self.statuses, "bodies": bodies, "patience": 10})


if __name__ == "__main__":
    provider.run(Meta, __doc__.split("\n", 1)[0])
