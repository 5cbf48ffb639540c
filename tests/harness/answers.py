"""answers: what departments do with a share of the cases that they get, as commands to the router, over CURVE.

Each case gets a short script, drawn by the event's id; a step is sent when the one before was answered "ok", with the
version that the answer told. Every command is in the ledger before it is sent; busy, unknown or no answer at all means
the same id again.
"""

import uuid
import zlib

import zmq

import commands

UNDER_WAY = 16  # commands of one department without an answer
AGAIN_SECONDS, SILENCE_SECONDS = .2, 5
ANSWER = "Başvurunuz incelenmiş, ekiplerimiz yerinde gerekli çalışmayı yapmıştır. Bilgilerinize sunarız."
TEXTS = {
    "answer": {"text": ANSWER},
    "interim_answer": {"text": "Başvurunuz için keşif yapılmıştır; çalışma programa alınınca size kesin cevap verilecektir."},
    "ask": {"text": "Sokağınızın adını ve kapı numarasını bildirir misiniz?"},
    "note": {"text": "Ekip yönlendirildi."},
    "close": {"reason": "Cevaplandı."},
    "hand_back": {"reason": "Konu müdürlüğümüzün görev alanında değildir."},
    "reject": {"reason": 3, "text": "Başvuruda 3071 sayılı Kanunun 4. maddesinde sayılan bilgiler yoktur."},
    "forward": {"letter": "3071 sayılı Kanunun 5. maddesi uyarınca gereği için gönderilmiştir.", "letter_number": "E-2020-1"},
}
# Of a thousand cases that a department gets, how many go which way. The rest lies there, as it does.
ROUTED = ((130, "accept answer"), (70, "answer"), (15, "accept interim_answer answer"), (15, "accept ask"),
          (15, "note answer close"), (15, "transfer"), (15, "hand_back"), (5, "reject"), (5, "forward"))
ASSIGNED = ((500, "accept answer"), (100, "answer"))
DESK = ((250, "assign"), (20, "answer"))


def script(ways, event):
    draw = zlib.crc32(event.id) % 1000
    for share, steps in ways:
        if draw < share:
            return steps.split()
        draw -= share
    return []


class Step:
    __slots__ = ("id", "application", "version", "action", "rest", "sent")

    def __init__(self, application, version, steps):
        self.id, self.application, self.version = uuid.uuid4().bytes, application, version
        self.action, self.rest, self.sent = steps[0], steps[1:], 0.0


class Answers:
    """One department's commands. others: codes of departments to hand cases to; outside: codes of institutions."""

    def __init__(self, department, endpoints, others, outside):
        self.department, self.code = department, department.code
        self.others = [code for code in others if code != self.code]
        self.outside = [code for code in outside if code != self.code]
        self.waiting, self.under_way, self.due = [], {}, []
        self.socket, self.done = department.connect(endpoints, immediate=True), 0
        department.on_event = self.on_event

    def on_event(self, _, event):
        kind = event.WhichOneof("body")
        if kind == "application_routed":
            steps = script(DESK if event.application_routed.triage else ROUTED, event)
        elif kind in ("case_assigned", "case_transferred") and getattr(event, kind).HasField("application"):
            steps = script(ASSIGNED, event)
        elif kind == "case_handed_back" and self.code == "HM" and not event.standing.with_arbiter:
            steps = ["assign"]
        else:
            return
        if steps and (self.code != "HM" or steps[0] not in ("hand_back", "transfer")):
            self.waiting.append(Step(event.application_id, event.version, steps))

    def fields(self, step):
        other = zlib.crc32(step.id)
        if step.action == "transfer":
            return {"department": self.others[other % len(self.others)], "reason": "Konu sizin görev alanınızdadır."}
        if step.action == "assign":
            return {"department": self.others[other % len(self.others)]}
        if step.action == "forward":
            return {"institution": self.outside[other % len(self.outside)], **TEXTS["forward"]}
        return TEXTS.get(step.action, {})

    def prepare(self, now):
        """What is to be sent now, written into the ledger; it is sent after the ledger was flushed."""
        while self.waiting and len(self.under_way) < UNDER_WAY:
            step = self.waiting.pop(0)
            self.under_way[step.id] = step
            self.due.append(step)
        for step in self.under_way.values():
            if step.sent and now - step.sent > SILENCE_SECONDS:
                self.due.append(step)
        for step in self.due:
            self.department.book.write("C", step.id.hex(), self.code, step.application.hex(), step.version, step.action)

    def send(self, now):
        for step in self.due:
            step.sent = now
            command = commands.command_pb2.Command(id=step.id, application_id=step.application, expected_version=step.version)
            action = getattr(command, step.action)
            action.SetInParent()
            for name, value in self.fields(step).items():
                setattr(action, name, value)
            try:
                self.socket.send(commands.command_pb2.CommandEnvelope(command=command).SerializeToString(), zmq.NOBLOCK)
            except zmq.Again:
                step.sent = now - SILENCE_SECONDS + AGAIN_SECONDS
        self.due.clear()

    def receive(self, now):
        """Takes in the answers; says how many were final."""
        before = self.done
        try:
            while True:
                self.take(commands.command_pb2.CommandEnvelope.FromString(self.socket.recv(zmq.NOBLOCK)).reply, now)
        except zmq.Again:
            return self.done - before

    def take(self, reply, now):
        step = self.under_way.get(reply.id)
        if not step:
            return  # a second answer to what was sent twice
        result = commands.command_pb2.Reply.Code.Name(reply.code)[len("CODE_"):].lower()
        self.department.book.write("P", step.id.hex(), result, reply.version, reply.seq)
        if result in ("busy", "unknown"):
            step.sent = now - SILENCE_SECONDS + AGAIN_SECONDS
            return
        del self.under_way[step.id]
        self.done += 1
        if result == "ok" and step.rest:
            self.waiting.append(Step(step.application, reply.version, step.rest))
