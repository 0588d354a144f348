"""The servers that the gateway's benchmark compares, each on one core: hookgate, and its peers."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from machine import HERE, HOOKGATE, ROOT, cpu_of, disk_core, signal_all

SERVER_CORE = disk_core((0, 1))
LOAD_CORE = 1 - SERVER_CORE
PEERS = HERE / "peers"
VENV = ROOT / ".build/benchmarks/venv"
BARE = ROOT / ".build/benchmarks/swift/release/bare-nio"
PYTHON_PACKAGES = ["fastapi", "uvicorn[standard]", "redis", "asyncpg"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def install():
    """What comes neither with the system nor with us: the original's stack, and the bare handler, built here."""
    if not (VENV / "bin/uvicorn").exists():
        subprocess.run(["/usr/bin/python3", "-m", "venv", VENV], check=True)
        subprocess.run([VENV / "bin/python", "-m", "pip", "install", "-q", *PYTHON_PACKAGES], check=True)
    subprocess.run(
        ["swift", "build", "-c", "release", "--static-swift-stdlib", "--package-path", "Benchmarks",
         "--scratch-path", ".build/benchmarks/swift"],
        check=True, cwd=ROOT)


def peer_versions():
    def words(*command):
        done = subprocess.run(command, text=True, capture_output=True)
        return (done.stdout or done.stderr).strip()
    frozen = [line for line in words(VENV / "bin/python", "-m", "pip", "freeze").splitlines()
              if line.split("==")[0] in ("fastapi", "uvicorn", "redis", "asyncpg", "uvloop", "httptools")]
    return {"nginx": words("nginx", "-v").split("/")[-1], "redis": words("redis-server", "--version").split()[2][2:],
            "python": frozen}


class Contender:
    """One process on the server's core, and the helpers whose processor time is its cost too."""

    def __init__(self, name, command, port, environment=None, helpers=(), folder="/tmp"):
        self.name, self.port, self.helpers = name, port, helpers
        self.log = Path(folder) / f"{name.replace(' ', '-')}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(SERVER_CORE), *map(str, command)], stdout=log, stderr=log, cwd=folder,
                env={"PATH": os.environ["PATH"], "HOME": str(folder), **(environment or {})})

    def wait(self, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"bench: {self.name} does not listen: {self.log.read_text(errors='replace')[-800:]}")

    def cpu(self):
        """Processor seconds of the server, and of its helpers by name."""
        return {"server": cpu_of(self.process.pid), **{name: cpu_of(pid) for name, pid in self.helpers}}

    def resident_mb(self):
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    def stop(self):
        if self.process.poll() is None:
            signal_all(self.process.pid, signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()


class Stage:
    """The servers' core, which one contender has at a time; the others stand still. Each of them does a little even when
    nobody asks for anything, and a dozen of them together is what the one that is measured would wait for."""

    # What a contender catches up with when it goes on: timers, and what its database told it meanwhile.
    CATCHING_UP_SECONDS = 1

    def __init__(self, contenders):
        self.pids = {contender.process.pid for contender in contenders}
        self.pid = None

    def give(self, contender):
        if contender.process.pid == self.pid:
            return
        for pid in self.pids:
            signal_all(pid, signal.SIGCONT if pid == contender.process.pid else signal.SIGSTOP)
        self.pid = contender.process.pid
        time.sleep(self.CATCHING_UP_SECONDS)


class Redis:
    """Holds what the peers look up."""

    def __init__(self, folder):
        self.socket = f"{folder}/redis.sock"
        self.process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), "redis-server", "--port", "0", "--unixsocket", self.socket,
             "--unixsocketperm", "777", "--save", "", "--dir", str(folder)], stdout=subprocess.DEVNULL)
        while not os.path.exists(self.socket):
            time.sleep(0.02)

    def load(self, tenants):
        """Writes all of them through one pipelined connection, and makes sure that all have arrived."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.socket)
            for token, tenant in tenants:
                words = ("SET", f"token:{token}", tenant)
                client.sendall((f"*{len(words)}\r\n" + "".join(f"${len(w)}\r\n{w}\r\n" for w in words)).encode())
            wanted, answers = b"+OK\r\n" * len(tenants), b""
            while len(answers) < len(wanted) and (part := client.recv(65_536)):
                answers += part
        assert answers == wanted, "Redis did not take every token"

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def hookgate(name, folder, server, database, counts_server=False, environment=None):
    """`hookgate serve` as it is shipped: logging and metrics on, nothing tuned."""
    port, data = free_port(), folder / f"data-{database}"
    helpers = [("postgres", server.postmaster)] if counts_server else []
    made = Contender(
        name, [HOOKGATE, "serve", "--listen", f"127.0.0.1:{port}", "--data-dir", data], port,
        {"DATABASE_URL": server.url(database), **(environment or {})}, helpers, folder)
    made.data = data
    return made.wait(300)


def bare_nio(folder):
    port = free_port()
    return Contender("bare SwiftNIO", [BARE, port], port, folder=folder).wait()


def nginx(folder, redis, tenants):
    """One nginx, two servers: a pair of contenders that share a process, measured one at a time."""
    (folder / "tenants").write_text("".join(f"{token} {tenant}\n" for token, tenant in tenants))
    ports = free_port(), free_port()
    text = (PEERS / "nginx.conf").read_text()
    for word, value in {"FOLDER": folder, "DICTIONARY_PORT": ports[0], "REDIS_PORT": ports[1],
                        "REDIS_SOCKET": redis.socket}.items():
        text = text.replace(f"@{word}@", str(value))
    (folder / "nginx.conf").write_text(text)
    command = ["nginx", "-c", folder / "nginx.conf", "-p", folder]
    both = Contender("nginx + Lua", command, ports[0], folder=folder).wait()
    other = object.__new__(Contender)
    other.__dict__ = {**both.__dict__, "name": "nginx + Lua + Redis", "port": ports[1],
                      "helpers": [("redis", redis.process.pid)]}
    return both, other


def original(folder, redis, store=None, server=None):
    """The original's stack: FastAPI on uvicorn, with Redis, and with a durable insert where a database is given."""
    port = free_port()
    environment = {"REDIS_SOCKET": redis.socket, **({"STORE": store} if store else {})}
    helpers = [("redis", redis.process.pid)] + ([("postgres", server.postmaster)] if store else [])
    command = [VENV / "bin/python", "-m", "uvicorn", "--app-dir", PEERS, "--host", "127.0.0.1", "--port", port,
               "--no-access-log", "--log-level", "warning", "original_app:app"]
    name = "FastAPI + Redis" + (" + PostgreSQL" if store else "")
    return Contender(name, command, port, {**environment, "PYTHONDONTWRITEBYTECODE": "1"}, helpers, folder).wait()
