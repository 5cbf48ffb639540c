#!/usr/bin/python3
"""telegram: Telegram's Bot API and its webhook, as a program that misbehaves on command.

    telegram.py LEDGER --token TOKEN [--port N]    prints {"port": N}; ends with its standard input

  GET  /botTOKEN/getFile?file_id=ID     {"ok": true, "result": {"file_id", "file_size", "file_path"}}
  GET  /file/botTOKEN/PATH              the file
  POST /botTOKEN/sendMessage            {"chat_id", "text"}

See provider.py for what else it takes.
"""

import json
import os
import secrets
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import provider  # noqa: E402


class Telegram(provider.Provider):
    def proof(self, body, order):
        kind = order.get("proof", "right")
        if kind == "missing":
            return {}
        return {"X-Telegram-Bot-Api-Secret-Token": order["secret"] + ("" if kind == "right" else "x")}

    def answer(self, request, method, path, query, body):
        if path.startswith(f"/file/bot{self.token}/files/"):
            return self.download(path.rsplit("/", 1)[1])
        if not path.startswith(f"/bot{self.token}/"):
            self.write(refused=path.split("/")[-1], why="no token")
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        verb = path.rsplit("/", 1)[1]
        if verb == "getFile":
            return self.lookup(urllib.parse.parse_qs(query).get("file_id", [""])[0])
        if verb == "sendMessage" and method == "POST":
            return self.message(json.loads(body))
        return 404, {"ok": False, "error_code": 404, "description": "Not Found"}

    def lookup(self, identity):
        do = self.rule("lookup", identity)
        media = self.media.get(identity)
        self.write(lookup=identity, known=media is not None)
        if do in ("lost", "drop"):
            raise provider.Drop
        if do and do.isdigit():
            return int(do), {"ok": False, "error_code": int(do)}
        if media is None:
            return 400, {"ok": False, "error_code": 400, "description": "Bad Request: invalid file_id"}
        return 200, {"ok": True, "result": {"file_id": identity, "file_unique_id": identity,
                                            "file_size": len(media["data"]), "file_path": "files/" + identity}}

    def download(self, identity):
        do = self.rule("download", identity)
        if do in ("lost", "drop"):
            raise provider.Drop
        answer = self.send_file(identity, do)
        self.write(download=identity, status=answer[0], misbehaved=do)
        return answer

    def message(self, body):
        to, text = body.get("chat_id"), body.get("text")
        do = self.rule("message", str(to))
        if do == "drop":
            raise provider.Drop
        if do and do.isdigit():
            self.write(message_refused=do, to=to)
            return int(do), {"ok": False, "error_code": int(do), "description": "no"}
        if not to or not text or len(text) > 4096:
            self.write(malformed=body)
            return 400, {"ok": False, "error_code": 400, "description": "Bad Request"}
        identity = 100000 + secrets.randbelow(10 ** 9)
        self.write(message=f"{to}/{identity}", to=to, text=text)
        if do == "lost":
            raise provider.Drop
        return 200, {"ok": True, "result": {"message_id": identity, "chat": {"id": to, "type": "private"}, "date": 1, "text": text}}


if __name__ == "__main__":
    provider.run(Telegram, __doc__.split("\n", 1)[0])
