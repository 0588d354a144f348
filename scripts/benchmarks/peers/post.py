"""Posts webhooks to a gateway: at a rate, or as fast as each connection is answered, or so many. Every event is another
message of one of so many chats. Prints what it was answered, also when it is interrupted."""

import argparse
import asyncio
import json
import random
import re
import signal
import time
from pathlib import Path


class Bodies:
    """Requests made of one recorded body: another instance, chat and message id each."""

    def __init__(self, arguments):
        recorded = Path(arguments.body).read_text()
        fleet = [line.split() for line in Path(arguments.fleet).read_text().splitlines()]
        self.fleet, self.chats, self.prefix, self.number = fleet, arguments.chats, arguments.prefix, 0
        self.template = re.sub(r'"instance":"[^"]*"', '"instance":"@INSTANCE@"', recorded, count=1)
        self.template = re.sub(r'"remoteJid":"[^"]*"', '"remoteJid":"@CHAT@"', self.template, count=1)
        self.template = re.sub(r'"id":"[0-9A-F]+"', '"id":"@ID@"', self.template, count=1)
        assert all(mark in self.template for mark in ("@INSTANCE@", "@CHAT@", "@ID@")), "the body has another shape"

    def next(self):
        self.number += 1
        token, instance = self.fleet[self.number % len(self.fleet)]
        chat = f"5511{random.randrange(self.chats):08d}@s.whatsapp.net"
        body = (self.template.replace("@INSTANCE@", instance).replace("@CHAT@", chat)
                .replace("@ID@", f"{self.prefix:04d}{self.number:012d}")).encode()
        return (f"POST /webhooks/evolution/whatsapp/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


async def connection(port, next_request, counts, ending):
    """One connection: a request, its answer, the next."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while not ending.is_set():
            request = await next_request()
            if request is None:
                return
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE).group(1))
            body = await reader.readexactly(length)
            counts["accepted" if head[9:12] == b"200" and b'"ok"' in body else "refused"] += 1
    finally:
        writer.close()


async def main(arguments):
    bodies, counts, ending = Bodies(arguments), {"accepted": 0, "refused": 0}, asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, ending.set)
    begin = time.monotonic()
    sent = 0

    async def next_request():
        nonlocal sent
        if arguments.events is not None and sent >= arguments.events:
            return None
        due = begin + sent / arguments.rate if arguments.rate else time.monotonic()
        if arguments.seconds is not None and due - begin >= arguments.seconds:
            return None
        sent += 1
        # Each request has its instant, whatever the answers before it took.
        if (pause := due - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        return bodies.next()

    await asyncio.gather(*(connection(arguments.port, next_request, counts, ending) for _ in range(arguments.connections)))
    print(json.dumps({**counts, "seconds": round(time.monotonic() - begin, 3)}))


parser = argparse.ArgumentParser(description=__doc__)
for name, kind in {"port": int, "fleet": str, "body": str, "prefix": int, "chats": int, "connections": int}.items():
    parser.add_argument(f"--{name}", type=kind, required=True)
for name in ("rate", "seconds"):
    parser.add_argument(f"--{name}", type=float)
parser.add_argument("--events", type=int)
asyncio.run(main(parser.parse_args()))
