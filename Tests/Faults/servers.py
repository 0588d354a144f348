"""The real servers of a run: PostgreSQL, Redis and gateways, each a child process of ours on a private place."""

import asyncio
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def unprivileged(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return command
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *command]


class Postgres:
    """One cluster. It keeps its data over kills, as a real one does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.process = folder, free_port(), None
        candidates = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
        self.bin = Path(candidates[-1] if candidates else Path(shutil.which("initdb")).parent)
        folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        command = [self.bin / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "--no-sync"]
        subprocess.run(unprivileged([str(word) for word in command]), check=True, stdout=subprocess.DEVNULL)

    def url(self, port: int | None = None, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{database}"

    async def start(self) -> None:
        command = [
            self.bin / "postgres", "-D", self.folder / "data", "-p", self.port, "-k", self.folder, "-h", "127.0.0.1",
            # Of gateways that run side by side each has its own.
            "-N", "500",
        ]
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(unprivileged([str(word) for word in command]), stdout=log, stderr=log)
        async with asyncio.timeout(60):
            while subprocess.run(
                [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
            ).returncode != 0:
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """As if the machine had gone: the server and everything it started, at once."""
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        for pid in [self.process.pid, *map(int, children)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        await asyncio.to_thread(self.process.wait)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    async def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            await asyncio.to_thread(self.process.wait)

    def _psql(self, statement: str, database: str) -> list[str]:
        command = [self.bin / "psql", "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.url(database=database)]
        return [str(word) for word in [*command, "-c", statement]]

    def sql(self, statement: str) -> list[list[str]]:
        done = subprocess.run(self._psql(statement, "postgres"), capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    async def ask(self, statement: str, database: str) -> list[list[str]]:
        """The same while others go on."""
        process = await asyncio.create_subprocess_exec(
            *self._psql(statement, database), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        async with asyncio.timeout(120):
            output, complaint = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(complaint.decode())
        return [line.split("\t") for line in output.decode().splitlines()]


class Redis:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.process = folder, free_port(), None
        folder.mkdir()

    async def start(self) -> None:
        command = ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder, "--save", ""]
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                except OSError:
                    await asyncio.sleep(0.02)

    async def kill(self) -> None:
        self.process.kill()
        await asyncio.to_thread(self.process.wait)


class Proxy:
    """Stands between the gateway and a server, so that the way to it can be slow, silent or shut."""

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self.delay = 0.0
        self.is_silent = False
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def shut(self) -> None:
        """Refuses new connections and cuts those there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            further_reader, further_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        for source, sink in ((reader, further_writer), (further_reader, writer)):
            pipe = asyncio.create_task(self._copy(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                while self.is_silent:
                    await asyncio.sleep(0.05)
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()


class Gateway:
    """One `hookgate serve`. The port stays the same over restarts, as behind a load balancer."""

    def __init__(self, binary: Path, folder: Path, environment: dict[str, str]) -> None:
        self.binary, self.folder, self.port, self.process = binary, folder, free_port(), None
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LOG_LEVEL": "error", **environment}
        self.log = folder.parent / f"{folder.name}.log"

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def launch(self) -> None:
        command = [self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--data-dir", self.folder]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command], env=self.environment, stdout=log, stderr=log)

    async def start(self) -> None:
        self.launch()
        async with asyncio.timeout(60):
            while await self.get("/health") is None:
                if self.process.poll() is not None:
                    raise RuntimeError(f"the gateway ended with {self.process.returncode}; see {self.log}")
                await asyncio.sleep(0.01)

    async def kill(self) -> None:
        self.process.kill()
        await asyncio.to_thread(self.process.wait)

    async def terminate(self) -> int:
        """SIGTERM; returns the exit code, within the half minute that hosts give."""
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait, 30)

    async def get(self, path: str) -> str | None:
        """The body of a GET, or nothing when nobody answers."""
        try:
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(*self.address)
                writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                answer = await reader.read()
                writer.close()
            return answer.decode().split("\r\n\r\n", 1)[1]
        except (OSError, TimeoutError, IndexError):
            return None

    async def emptied(self, patience: float = 60) -> None:
        """Waits until the inbox has everything, however much that is; gives up once nothing moves any more."""
        fewest, moved = None, time.monotonic()
        while (waiting := await self.metric("hookgate_spool_depth_records")) != 0:
            if waiting is not None and (fewest is None or waiting < fewest):
                fewest, moved = waiting, time.monotonic()
            if time.monotonic() - moved > patience:
                raise TimeoutError(f"{fewest} events stay in the spool")
            await asyncio.sleep(0.05)

    async def metric(self, name: str) -> float | None:
        """The sum of a metric over its labels."""
        text = await self.get("/metrics")
        if text is None:
            return None
        lines = [line for line in text.splitlines() if line.startswith((name + " ", name + "{"))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
