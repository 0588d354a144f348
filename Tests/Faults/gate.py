"""Stands before an HTTP server and stops a command at the request that it is told to: its caller hangs there, and is killed."""

import asyncio

from servers import free_port


class Steps:
    """Counts the requests of one command over all gates, and says when the awaited one is reached."""

    def __init__(self) -> None:
        self.awaited, self.after, self.count = 0, False, 0
        self.reached = asyncio.Event()

    def begin(self, awaited: int, after: bool) -> None:
        """`after` means: when the server has answered and the caller does not know."""
        self.awaited, self.after, self.count = awaited, after, 0
        self.reached = asyncio.Event()

    def end(self) -> None:
        self.awaited = 0


class Gate:
    """Passes requests on, one a connection. Which of them are steps of the command, the caller says."""

    def __init__(self, target: int, steps: Steps, is_step=lambda head: True) -> None:
        self.target, self.port, self._steps, self._is_step = target, free_port(), steps, is_step
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._pass(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head) or 0)
        stops = False
        if self._steps.awaited and self._is_step(head.lower()):
            self._steps.count += 1
            stops = self._steps.count == self._steps.awaited
        if stops and not self._steps.after:
            await self._stop(reader)
            return
        answer = await self._exchange(head, body)
        if stops:
            await self._stop(reader)
            return
        writer.write(answer)
        await writer.drain()

    async def _stop(self, reader: asyncio.StreamReader) -> None:
        """Until the caller is gone."""
        self._steps.reached.set()
        await reader.read()

    async def _exchange(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            writer.write(_closing(head) + body)
            await writer.drain()
            return _closing(await reader.read())
        finally:
            writer.close()


def _length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return None


def _closing(message: bytes) -> bytes:
    """The same, and the connection ends with it."""
    head, separator, rest = message.partition(b"\r\n\r\n")
    if not separator:
        return message
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close"]) + separator + rest
