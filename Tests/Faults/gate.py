"""Gates stand before servers and stop a command at the step that it is told to: its caller hangs there, and is killed."""

import asyncio
import re

from servers import free_port


class Steps:
    """Counts the steps of one command over all gates, and says when the awaited one is reached."""

    def __init__(self) -> None:
        self.after, self.reached = False, asyncio.Event()
        self._awaited = self._count = 0

    def begin(self, awaited: int, after: bool) -> None:
        """`after` means: when the server has done it and the caller does not know."""
        self._awaited, self._count = awaited, 0
        self.after, self.reached = after, asyncio.Event()

    def end(self) -> None:
        self._awaited = 0

    @property
    def was_begun(self) -> bool:
        """Whether the awaited step was come to, though its server may never have done it."""
        return 0 < self._awaited <= self._count

    def stops_at_next(self) -> bool:
        if not self._awaited:
            return False
        self._count += 1
        return self._count == self._awaited


class Gate:
    """Takes connections to a server and counts the steps in them, as its kind knows them."""

    def __init__(self, target: int, steps: Steps) -> None:
        self.target, self.port, self.steps = target, free_port(), steps
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
            await self.passing(reader, writer)
        except (OSError, EOFError, asyncio.CancelledError):
            # Nobody but `shut` cancels it, and whoever made the task would complain of that.
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def passing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    async def stop(self, reader: asyncio.StreamReader) -> None:
        """Until the caller is gone."""
        self.steps.reached.set()
        while await reader.read(65_536):
            pass


class WebGate(Gate):
    """Passes HTTP requests on, one a connection. Which of them are steps of the command, the caller says."""

    def __init__(self, target: int, steps: Steps, is_step=lambda head: True) -> None:
        super().__init__(target, steps)
        self._is_step = is_step

    async def passing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head) or 0)
        stops = self._is_step(head.lower()) and self.steps.stops_at_next()
        if stops and not self.steps.after:
            await self.stop(reader)
            return
        answer = await self._exchange(head, body)
        if stops:
            await self.stop(reader)
            return
        writer.write(answer)
        await writer.drain()

    async def _exchange(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            writer.write(_closing(head) + body)
            await writer.drain()
            return _closing(await reader.read())
        finally:
            writer.close()


class StatementGate(Gate):
    """Passes what goes to PostgreSQL on. A step is what makes a change durable: a COMMIT, or a write outside a
    transaction. Between two of them nobody else can see a difference."""

    _WRITE = re.compile(rb"\b(INSERT INTO|UPDATE|DELETE FROM)\b")
    # The codes of an opening message that is followed by another: SSLRequest and GSSENCRequest.
    _PRELUDES = {80_877_103, 80_877_104}
    _READY = b"Z\x00\x00\x00\x05"

    async def passing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        further_reader, further_writer = await asyncio.open_connection("127.0.0.1", self.target)
        is_held = asyncio.Event()
        answers = asyncio.create_task(self._answers(further_reader, writer, is_held))
        try:
            await self._opening(reader, further_writer)
            await self._questions(reader, further_writer, is_held)
        finally:
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)
            further_writer.close()

    async def _opening(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while True:
            length = await source.readexactly(4)
            message = await source.readexactly(int.from_bytes(length) - 4)
            sink.write(length + message)
            if int.from_bytes(message[:4]) not in self._PRELUDES:
                return

    async def _questions(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_held: asyncio.Event,
    ) -> None:
        statement, is_inside = b"", False
        while True:
            head = await source.readexactly(5)
            statement += head + await source.readexactly(int.from_bytes(head[1:]) - 4)
            # What is parsed, bound and executed goes out with the message that ends it.
            if head[:1] in b"PBDEC":
                continue
            text, statement = statement, b""
            is_durable = b"COMMIT" in text or not is_inside and self._WRITE.search(text) is not None
            if b"BEGIN" in text:
                is_inside = True
            if b"COMMIT" in text or b"ROLLBACK" in text:
                is_inside = False
            stops = is_durable and self.steps.stops_at_next()
            if stops and not self.steps.after:
                await self.stop(source)
                return
            if stops:
                is_held.set()
            sink.write(text)
            await sink.drain()

    async def _answers(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_held: asyncio.Event,
    ) -> None:
        tail = b""
        while data := await source.read(65_536):
            if is_held.is_set():
                tail = (tail + data)[-6:]
                if tail[:5] == self._READY:
                    self.steps.reached.set()
                continue
            sink.write(data)
            await sink.drain()
        sink.close()


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
