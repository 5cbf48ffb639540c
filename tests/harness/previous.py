"""previous: the programs of the last release, built from this repository's history, to run beside the present ones.

    build = previous.build()           # their folder, or None: the history is not there, or no git to read it
"""

import os
import shutil
import subprocess
import sys

import system as kopru

COMMIT = "b20efeb"  # the last release
TREE = os.path.join(kopru.TOP, "build", "previous", COMMIT)


def build():
    """Built once; make looks whether it is whole."""
    if not os.path.exists(os.path.join(TREE, "Makefile")):
        if not shutil.which("git") or subprocess.run(["git", "-C", kopru.TOP, "cat-file", "-e", COMMIT + "^{commit}"],
                                                     capture_output=True, check=False).returncode != 0:
            return None
        os.makedirs(TREE, exist_ok=True)
        archive = subprocess.run(["git", "-C", kopru.TOP, "archive", COMMIT], stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["tar", "-x", "-C", TREE], input=archive, check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MODE"}
    made = subprocess.run(["make", "-s", f"-j{os.cpu_count()}", "all"], cwd=TREE, env=environment, capture_output=True, text=True,
                          check=False)
    if made.returncode != 0:
        print(made.stdout + made.stderr, file=sys.stderr)
        raise AssertionError(f"the programs of {COMMIT} could not be built")
    return os.path.join(TREE, "build")
