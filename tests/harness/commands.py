"""commands: a client of the router's commands for tests: one DEALER, any number of commands under way.

    C = commands.Client(S.commands)                                          # over ipc:// the actor is believed
    C = commands.Client(endpoint, key="TEM.key", server="router.key.pub")    # over tcp:// the key says who speaks
    (several endpoints, with commas, are asked in turn)
    reply = C.do("accept", application_id, expected_version=2, actor=commands.officer("TEM"))
    reply.code, reply.text, reply.version, reply.seq

An action is the name of its field in command.proto (accept, hand_back, citizen_reply ...). pyzmq and protobuf of Debian.
"""
import os
import subprocess
import sys
import tempfile
import time
import uuid

import zmq

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")
with tempfile.TemporaryDirectory() as generated:
    subprocess.run(["protoc", "-I", PROTO, "--python_out", generated] +
                   [f"kopru/v1/{name}.proto" for name in ("application", "event", "feed", "command")], check=True)
    sys.path.insert(0, generated)
    from kopru.v1 import command_pb2, event_pb2, feed_pb2  # noqa: F401

ACTOR = event_pb2.Actor


def actor(kind, id_, role, department=""):
    return ACTOR(type=ACTOR.Type.Value("TYPE_" + kind), id=id_, role=ACTOR.Role.Value("ROLE_" + role),
                 department=department)


def clerk(id_="clerk1"):
    return actor("CLERK", id_, "CLERK")


def officer(department, id_="officer1"):
    return actor("SYSTEM", id_, "OFFICER", department)


def manager(department, id_="manager1"):
    return actor("SYSTEM", id_, "MANAGER", department)


def arbiter(id_="arbiter1"):
    return actor("CLERK", id_, "ARBITER")


def applicant():
    return actor("CITIZEN", "public", "APPLICANT")


def uuid_bytes(value):
    return value if isinstance(value, bytes) else uuid.UUID(str(value)).bytes


def code(reply):
    """"ok", "conflict" ..."""
    return command_pb2.Reply.Code.Name(reply.code)[len("CODE_"):].lower()


class Client:
    def __init__(self, endpoint, key=None, server=None):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger, self.socket.sndhwm, self.socket.rcvhwm, self.socket.sndtimeo = 0, 10000, 10000, 30000
        if key:
            with open(key, "rb") as own, open(server, "rb") as public:
                secret = own.read().strip()
                self.socket.curve_secretkey, self.socket.curve_publickey = secret, zmq.curve_public(secret)
                self.socket.curve_serverkey = public.read().strip()
        for one in endpoint.split(","):
            self.socket.connect(one)
        self.replies = {}

    @classmethod
    def of_department(cls, endpoint, key, server, seconds=30):
        """A new key counts within a second, and whoever was refused before must connect anew."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            client = cls(endpoint, key, server)
            client.socket.sndtimeo = 1000
            try:
                client.wait(client.send("note", uuid.uuid4(), {"text": "?"}), 1)
                client.socket.sndtimeo = 30000
                return client
            except (AssertionError, zmq.Again):
                client.close()
        raise AssertionError("the router does not let this key in")

    def close(self):
        self.socket.close()

    def send(self, action, application_id, fields=None, id_=None, **command):
        """Sends and gives the command's id. fields: of the action; command: expected_version, actor, language ..."""
        id_ = id_ or uuid.uuid4().bytes
        message = command_pb2.Command(id=id_, application_id=uuid_bytes(application_id), **command)
        part = getattr(message, action)
        part.SetInParent()
        for name, value in (fields or {}).items():
            if name == "parts":
                for department, task in value:
                    part.parts.add(department=department, task=task)
            elif name == "attachments":
                for file in value:
                    part.attachments.add(**file)
            else:
                setattr(part, name, value)
        self.socket.send(command_pb2.CommandEnvelope(command=message).SerializeToString())
        return id_

    def receive(self, seconds=30):
        """The next reply, whosever it is; None when none came in time."""
        if not self.socket.poll(int(seconds * 1000)):
            return None
        return command_pb2.CommandEnvelope.FromString(self.socket.recv()).reply

    def wait(self, id_, seconds=30):
        end = time.monotonic() + seconds
        while id_ not in self.replies:
            reply = self.receive(max(0, end - time.monotonic()))
            if reply is None:
                raise AssertionError("no reply came in time")
            self.replies[reply.id] = reply
        return self.replies.pop(id_)

    def do(self, action, application_id, fields=None, **command):
        return self.wait(self.send(action, application_id, fields, **command))
