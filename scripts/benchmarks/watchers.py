"""People who watch the fleet while webhooks come: what their open pages cost the webhook path.

Each watcher is a page of the console that keeps itself up to date: one answer of server-sent events that stays open. The
rounds with and without them are interleaved, and each kind begins as often as the other.
"""

import contextlib
import http.client
import os
import re
import selectors
import socket
import subprocess
import threading
import urllib.parse

from contenders import LOAD_CORE
from machine import HOOKGATE

WATCHERS = 20
FIRST_EVENT_SECONDS = 30


def ask(port, method, path, body=None, **headers):
    """One request; its status, headers and text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def sign_in(port, database_url, binary=HOOKGATE):
    """A viewer's cookie, had as a person has it: a link that signs in once, and the form behind it."""
    link = subprocess.run(
        [binary, "keys", "link", "--role", "viewer", "--base", f"http://127.0.0.1:{port}"], check=True, text=True,
        stdout=subprocess.PIPE, env={"PATH": os.environ["PATH"], "HOME": "/tmp", "DATABASE_URL": database_url}).stdout
    secret = link.strip().rsplit("/", 1)[-1].split()[0]
    _, headers, form = ask(port, "GET", "/login")
    fields = {"form_token": re.search(r'name="form_token" value="([^"]+)"', form)[1], "key": secret}
    status, headers, _ = ask(
        port, "POST", "/login", urllib.parse.urlencode(fields),
        **{"cookie": headers["set-cookie"].split(";")[0], "content-type": "application/x-www-form-urlencoded"})
    if status != 303:
        raise SystemExit(f"bench: signing in to the console is answered {status}")
    return headers["set-cookie"].split(";")[0]


class Watchers:
    """Open streams, read by one thread on the load's core so that they never wait for a reader."""

    def __init__(self, port, cookie, count=WATCHERS):
        self.request = f"GET /live/fleet HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\n\r\n".encode()
        self.port, self.count = port, count
        self.streams, self.heard = [], {}
        self.all_heard, self.is_over = threading.Event(), threading.Event()

    def open(self):
        for _ in range(self.count):
            stream = socket.create_connection(("127.0.0.1", self.port), timeout=10)
            stream.sendall(self.request)
            stream.setblocking(False)
            self.streams.append(stream)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if not self.all_heard.wait(FIRST_EVENT_SECONDS):
            raise SystemExit(f"bench: of {self.count} watchers {len(self.heard)} were told of the fleet")

    def read(self):
        os.sched_setaffinity(0, {LOAD_CORE})
        waiting = selectors.DefaultSelector()
        for stream in self.streams:
            waiting.register(stream, selectors.EVENT_READ, [])
        while not self.is_over.is_set():
            for key, _ in waiting.select(0.2):
                with contextlib.suppress(BlockingIOError):
                    self.take(key, waiting)
        waiting.close()

    def take(self, key, waiting):
        piece = key.fileobj.recv(1 << 16)
        if not piece:
            waiting.unregister(key.fileobj)
            return
        if key.fileobj in self.heard:
            self.heard[key.fileobj] += len(piece)
            return
        key.data.append(piece)
        if b"event: fleet" in b"".join(key.data):
            self.heard[key.fileobj] = sum(map(len, key.data))
            if len(self.heard) == self.count:
                self.all_heard.set()

    def close(self):
        """Says how many bytes were told to all of them."""
        self.is_over.set()
        self.reader.join()
        for stream in self.streams:
            stream.close()
        return sum(self.heard.values())


@contextlib.contextmanager
def watching(port, cookie, count=WATCHERS):
    watchers = Watchers(port, cookie, count)
    watchers.open()
    try:
        yield watchers
    finally:
        watchers.close()


def measure_watched(gateway, fleet, seconds, rounds, round_of, rest):
    """Both kinds of request, with nobody and with everybody watching.

    round_of and rest are the bench's own: one round of load, and what leads every round to the same start.
    """
    cookie = sign_in(gateway.port, fleet.server.url(fleet.database))
    result = {"watchers": WATCHERS, "refused": {"alone": [], "watched": []}, "accepted": {"alone": [], "watched": []}}
    for number in range(rounds):
        for kind in ("refused", "accepted"):
            for way in ("alone", "watched") if number % 2 == 0 else ("watched", "alone"):
                rest()
                with watching(gateway.port, cookie) if way == "watched" else contextlib.nullcontext():
                    figures = round_of(gateway, fleet, kind, seconds)
                result[kind][way].append(figures)
                print(f"  {kind}, {way}: {figures['requests'] / figures['microseconds'] * 1e6:.0f}/s, "
                      f"CPU {figures['cpu_seconds']}", flush=True)
    rest()
    return result
