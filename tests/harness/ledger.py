"""ledger: what somebody outside of the system wrote down about it: lines of words, appended, each whole.

A line is flushed before what it announces is done, so that after any end the ledger holds every attempt.
    sender       A KEY                                  about to send (again)
                 S KEY STATUS NUMBER SEQ                the answer; SEQ of stream "intake"; "-" for what there is not: 200 only
                                                        says that it was taken (a webhook, a mail, a row of a file)
                 U KEY REASON                           no answer: it will be sent again with the same key
    department   E CODE SEQ EVENT APPLICATION NUMBER VERSION KIND   handled, for the first time
                 R CODE SEQ                             came again and was only acknowledged
                 K CODE SEQ                             acknowledged up to there
                 C COMMAND CODE APPLICATION VERSION ACTION   about to be sent (again); VERSION is the expected one
                 P COMMAND RESULT VERSION SEQ           the reply; SEQ of stream "case"
"""

import os


class Ledger:
    def __init__(self, path):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lines = []

    def write(self, *words):
        self.lines.append(" ".join(map(str, words)))

    def flush(self):
        if self.lines:
            data = memoryview(("\n".join(self.lines) + "\n").encode())
            self.lines.clear()
            while data:
                data = data[os.write(self.descriptor, data):]

    def close(self):
        self.flush()
        os.close(self.descriptor)


def read(folder, prefix):
    """The words of each line of all ledgers whose names begin so; a last line without its end was never finished."""
    for name in sorted(os.listdir(folder)):
        if name.startswith(prefix) and name.endswith(".ledger"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                for line in file:
                    if line.endswith("\n"):
                        yield line.split()
