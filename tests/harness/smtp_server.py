#!/usr/bin/env python3
"""smtp_server: a mail server that misbehaves on command, in a program of its own, with a ledger of its own.

    smtp_server.py LEDGER [--cert FILE --key FILE] [--bad-cert FILE --bad-key FILE] [--user NAME --password WORD]
                   [--messages FOLDER] [--port N] [--places N] [--no-fsync]

Listens on so many ports of 127.0.0.1 and prints one line of JSON: {"ports": [...], "control": ...}. Every connection and every letter is a
line of the ledger, flushed to the disk before the letter is answered. The control port takes one line of JSON for each
connection, and answers "ok": a list of rules {"verb", "do", "times", "to", "place"}: at this verb (CONNECT EHLO STARTTLS AUTH MAIL
RCPT DATA TEXT DOT RSET QUIT) it does that, so many times (-1: always), for recipients that contain "to" only (from RCPT on), on the port of that place only.
An empty list ends all rules.

  4xx 5xx        that class of refusal                   421      refuses, and closes
  hang           says nothing more                       drop     closes without an answer
  garbage        says what is no answer                  endless  says a line that never ends
  trickle        says the right thing, a byte a second   double   says the right thing twice
  wrong          says an answer that does not belong there
  strip          STARTTLS: does not offer it             badcert  STARTTLS: with the bad certificate
  inject         STARTTLS: says more, in clear, before it begins
  accept-hang accept-drop   DOT: takes the letter, and then says nothing, or closes

Only the standard library.
"""

import argparse
import asyncio
import base64
import functools
import json
import os
import ssl
import time

SLOW_SECONDS = 1  # from the go-ahead to the end of a letter: a machine so busy makes its server misbehave, too


class Close(Exception):
    pass


class Server:
    def __init__(self, arguments):
        self.arguments = arguments
        self.rules = []
        self.ledger = os.open(arguments.ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.contexts = {}
        for name, cert, key in (("good", arguments.cert, arguments.key), ("bad", arguments.bad_cert, arguments.bad_key)):
            if cert:
                self.contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self.contexts[name].load_cert_chain(cert, key)
        self.count = self.open = 0

    def write(self, **line):
        os.write(self.ledger, (json.dumps({"at": time.time(), **line}) + "\n").encode())
        if not self.arguments.no_fsync:
            os.fsync(self.ledger)

    def rule(self, verb, recipient, place, only=None):
        """What to do now, if anything; only: whether it is this, without using it up."""
        for rule in self.rules:
            if rule["verb"] != verb or rule.get("times", -1) == 0 or rule.get("to", "") not in (recipient or "") \
                    or rule.get("place", place) != place:
                continue
            if only:
                if rule["do"] == only:
                    return only
            else:
                if rule.get("times", -1) > 0:
                    rule["times"] -= 1
                return rule["do"]
        return None

    async def control(self, reader, writer):
        try:
            line = await reader.readline()
            self.rules = json.loads(line)
            writer.write(b"ok\n")
            await writer.drain()
        finally:
            writer.close()

    async def serve(self, place, reader, writer):
        self.open += 1
        self.count += 1
        session = Session(self, place, reader, writer, self.count)
        try:
            await session.run()
        except (Close, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError, OSError):
            pass
        finally:
            self.open -= 1
            writer.close()


class Session:
    def __init__(self, server, place, reader, writer, number):
        self.server, self.place, self.reader, self.writer, self.number = server, place, reader, writer, number
        self.tls = self.login = False
        self.sender = self.recipient = None

    async def say(self, text):
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()

    async def misbehave(self, what, right):
        """right: what a good server would say."""
        if what == "4xx":
            await self.say(f"451 4.3.0 not now, {self.recipient or 'friend'}")
        elif what == "5xx":
            await self.say(f"550 5.7.1 never, <{self.recipient or 'x@example.org'}>")
        elif what == "421":
            await self.say("421 4.3.2 closing")
            raise Close
        elif what == "hang":
            await asyncio.sleep(3600)
        elif what == "drop":
            raise Close
        elif what == "garbage":
            await self.say("\x00\x01 ceci n'est pas une réponse")
        elif what == "endless":
            while not self.writer.transport.is_closing():
                self.writer.write(b"250-" + b"x" * 900 + b"\r\n")
                await self.writer.drain()
                await asyncio.sleep(0.01)
            raise Close
        elif what == "trickle":
            for byte in right.encode():
                self.writer.write(bytes([byte]))
                await self.writer.drain()
                await asyncio.sleep(1)
            await self.say("")
        elif what == "double":
            await self.say(right + "\r\n" + right)
        elif what == "wrong":
            await self.say("354 go on" if not right.startswith("354") else "250 fine")
        else:
            raise ValueError(what)

    def rule(self, verb, only=None):
        return self.server.rule(verb, self.recipient, self.place, only)

    def note(self, event, **more):
        self.server.write(event=event, session=self.number, place=self.place, **more)

    async def answer(self, verb, right):
        """Says what is right, unless a rule says otherwise; whether it was right."""
        what = self.rule(verb)
        if not what:
            await self.say(right)
            return True
        self.note(event="misbehaved", verb=verb, do=what, to=self.recipient)
        await self.misbehave(what, right)
        return what in ("trickle", "double")

    async def run(self):
        self.note(event="connected")
        if not await self.answer("CONNECT", "220 mail.example.org ESMTP"):
            return
        while True:
            line = (await self.reader.readuntil(b"\n")).decode("utf-8", "replace").rstrip("\r\n")
            verb = line.split(" ")[0].upper()
            handler = getattr(self, "on_" + verb.lower(), None)
            if handler:
                await handler(line)
            else:
                await self.say("500 5.5.1 what?")

    async def on_ehlo(self, line):
        offers = ["mail.example.org", "8BITMIME", "SIZE 1000000"]
        if self.server.contexts and not self.tls and self.rule("STARTTLS", "strip") is None:
            offers.append("STARTTLS")
        if self.server.arguments.user and self.tls:
            offers.append("AUTH PLAIN LOGIN")
        await self.answer("EHLO", "\r\n".join(f"250{'-' if i + 1 < len(offers) else ' '}{o}" for i, o in enumerate(offers)))

    async def on_starttls(self, line):
        what = self.rule("STARTTLS")
        if what and what not in ("badcert", "inject"):
            self.note(event="misbehaved", verb="STARTTLS", do=what)
            await self.misbehave(what, "220 go ahead")
            return
        await self.say("220 go ahead" + ("\r\n250 injected" if what == "inject" else ""))
        context = self.server.contexts["bad" if what == "badcert" else "good"]
        await self.writer.start_tls(context)
        self.tls = True

    async def on_auth(self, line):
        words = line.split(" ")
        if words[1].upper() == "PLAIN":
            given = words[2] if len(words) > 2 else await self.ask("")
            _, user, password = base64.b64decode(given).decode().split("\0")
        else:
            user = base64.b64decode(words[2] if len(words) > 2 else await self.ask("VXNlcm5hbWU6")).decode()
            password = base64.b64decode(await self.ask("UGFzc3dvcmQ6")).decode()
        right = user == self.server.arguments.user and password == self.server.arguments.password
        self.login = await self.answer("AUTH", "235 2.7.0 welcome" if right else "535 5.7.8 no") and right

    async def ask(self, text):
        await self.say("334 " + text)
        return (await self.reader.readuntil(b"\n")).decode().strip()

    async def on_mail(self, line):
        self.sender, self.recipient = line[line.index("<") + 1:line.index(">")], None
        if self.server.arguments.user and not self.login:
            await self.say("530 5.7.0 login first")
            return
        if not await self.answer("MAIL", "250 2.1.0 ok"):
            self.sender = None

    async def on_rcpt(self, line):
        self.recipient = line[line.index("<") + 1:line.index(">")]
        if self.sender is None:
            await self.say("503 5.5.1 MAIL first")
        elif not await self.answer("RCPT", "250 2.1.5 ok"):
            self.recipient = None

    async def on_data(self, line):
        if self.recipient is None:
            await self.say("503 5.5.1 RCPT first")
            return
        if not await self.answer("DATA", "354 end with a dot"):
            return
        begun, what = time.monotonic(), self.rule("TEXT")
        if what:
            self.note(event="misbehaved", verb="TEXT", do=what, to=self.recipient)
            await self.reader.readuntil(b"\n")
            await self.misbehave(what, "250 too early")
        data = await self.text()
        await self.dot(data, begun)
        self.sender = self.recipient = None

    async def text(self):
        """Lines up to the dot, taken strictly: CR LF only, dots unstuffed."""
        lines = []
        while True:
            line = await self.reader.readuntil(b"\n")
            if not line.endswith(b"\r\n") or b"\r" in line[:-2] or b"\n" in line[:-1] or len(line) > 1000:
                self.note(event="malformed", line=line.decode("latin-1"))
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)

    async def dot(self, data, begun):
        headers = data.split(b"\r\n\r\n")[0].decode("latin-1")
        message_id = next((h[12:].strip() for h in headers.split("\r\n") if h.lower().startswith("message-id:")), "")
        what = self.rule("DOT")
        taken = what in (None, "accept-hang", "accept-drop", "trickle", "double")
        if self.server.arguments.messages and taken:
            path = os.path.join(self.server.arguments.messages, f"{self.number}-{time.time_ns()}.eml")
            with open(path, "wb") as file:
                file.write(data)
        self.note(event="taken" if taken else "refused", message_id=message_id, to=self.recipient,
                          sender=self.sender, tls=self.tls, login=self.login, size=len(data), do=what,
                          repeated="X-Kopru-Repeated: yes" in headers)
        if time.monotonic() > begun + SLOW_SECONDS:
            self.note(event="slow", message_id=message_id)
        if what == "accept-hang":
            await asyncio.sleep(3600)
        elif what == "accept-drop":
            raise Close
        elif what:
            await self.misbehave(what, "250 2.0.0 taken")
        else:
            await self.say("250 2.0.0 taken")

    async def on_rset(self, line):
        self.sender = self.recipient = None
        await self.answer("RSET", "250 2.0.0 ok")

    async def on_quit(self, line):
        await self.answer("QUIT", "221 2.0.0 bye")
        raise Close


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ledger")
    for name in ("--cert", "--key", "--bad-cert", "--bad-key", "--user", "--password", "--messages"):
        parser.add_argument(name)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--places", type=int, default=1)
    parser.add_argument("--no-fsync", action="store_true")
    server = Server(parser.parse_args())
    servers = [await asyncio.start_server(functools.partial(server.serve, place), "127.0.0.1",
                                          server.arguments.port if place == 0 else 0, limit=1 << 20)
               for place in range(server.arguments.places)]
    servers.append(await asyncio.start_server(server.control, "127.0.0.1", 0))
    ports = [s.sockets[0].getsockname()[1] for s in servers]
    print(json.dumps({"ports": ports[:-1], "control": ports[-1]}), flush=True)
    await asyncio.gather(*(s.serve_forever() for s in servers))


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
