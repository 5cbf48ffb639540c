"""front: nginx in front of a System, from the configuration that installations use (deploy/nginx/nginx.conf.in)."""

import os
import shutil
import socket
import subprocess

import system as kopru


class Front:
    def __init__(self, system, public_rate=20):
        self.system, self.port = system, kopru.free_port()
        os.makedirs(system.path("nginx"), mode=0o700, exist_ok=True)
        with open(os.path.join(kopru.TOP, "deploy/nginx/nginx.conf.in"), encoding="utf-8") as template:
            text = template.read()
        values = {"STATE": system.folder, "RUN": system.folder, "TREE": kopru.TOP, "PORT": str(self.port),
                  "PUBLIC_RATE": str(public_rate)}
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        if os.geteuid() == 0:  # the workers must reach the sockets, whose folder is its owner's only
            text = "user root;\n" + text
        with open(system.path("nginx", "nginx.conf"), "w", encoding="utf-8") as config:
            config.write(text)

    def upstreams(self, *pid_file):
        return ["bash", os.path.join(kopru.TOP, "deploy/nginx/upstreams"), self.system.folder, self.system.path("nginx"), *pid_file]

    def start(self):
        subprocess.run(self.upstreams(), check=True)
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        command = [program, "-p", self.system.path("nginx"), "-c", self.system.path("nginx", "nginx.conf"),
                   "-e", self.system.path("log", "nginx.log")]
        process = kopru.Process("nginx", command, dict(os.environ), self.system.path("log", "nginx.log"))
        self.system.processes["nginx"] = process
        process.start()
        kopru.wait_until(self.listens, 10, "nginx listens", lambda: self.system.tail("nginx"))
        if self.system.instances > 1:
            watch = kopru.Process("upstreams", self.upstreams(self.system.path("nginx", "nginx.pid")), dict(os.environ),
                                  self.system.path("log", "upstreams.log"))
            self.system.processes["upstreams"] = watch
            watch.start()

    def listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0
