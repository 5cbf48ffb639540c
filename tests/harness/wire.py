"""wire: the protobuf classes of proto/kopru/v1, made by protoc when this is imported. Debian's python3-protobuf."""

import os
import subprocess
import sys
import tempfile

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")
with tempfile.TemporaryDirectory() as generated:
    subprocess.run(["protoc", "-I", PROTO, "--python_out", generated,
                    *(f"kopru/v1/{name}.proto" for name in ("application", "event", "feed", "command"))], check=True)
    sys.path.insert(0, generated)
    from kopru.v1 import application_pb2, command_pb2, event_pb2, feed_pb2  # noqa: F401
    sys.path.remove(generated)
