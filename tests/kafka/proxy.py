"""A network that fails when a script says so: a TCP proxy on the loopback, between clients and one broker. A broker tells its
clients where to come back to, so it is started with the proxy's port as its own (broker.sh start --advertise PORT)."""

import contextlib
import socket
import struct
import threading

CHUNK = 64 * 1024
"""Bytes that are read at once, at most."""


class Proxy:
    """Faults hold for what is connected and for what connects, until the next call."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port, self.target = self.listener.getsockname()[1], None
        self.changed = threading.Condition()
        self.fault, self.rate, self.pairs = None, None, set()
        # What the faults have hit: connections that were reset or refused, chunks that were held or came late.
        self.hits = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def cut(self):
        """Resets all connections, and every new one."""
        with self.changed:
            self.fault, pairs = "cut", list(self.pairs)
            self.hits += len(pairs)
            self.changed.notify_all()
        for pair in pairs:
            reset(*pair)

    def stall(self):
        """Connections stay and are made, but nothing arrives any more."""
        self.turn("stall")

    def slow(self, bytes_per_second):
        """At most so many bytes a second on each connection, each way."""
        self.turn("slow", bytes_per_second)

    def heal(self):
        self.turn(None)

    def turn(self, fault, rate=None):
        with self.changed:
            self.fault, self.rate = fault, rate
            self.changed.notify_all()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.connect, args=(client,), daemon=True).start()

    def connect(self, client):
        try:
            broker = socket.create_connection(self.target, timeout=5)
        except OSError:
            return reset(client)
        broker.settimeout(None)
        for end in (client, broker):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = (client, broker)
        with self.changed:
            if refused := self.fault == "cut":
                self.hits += 1
            else:
                self.pairs.add(pair)
        if refused:
            return reset(*pair)
        for source, sink in (pair, pair[::-1]):
            threading.Thread(target=self.carry, args=(source, sink, pair), daemon=True).start()

    def carry(self, source, sink, pair):
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                self.wait(len(chunk))
                sink.sendall(chunk)
        with self.changed:
            self.pairs.discard(pair)
        # Either end's end is both ends' end: Kafka's clients never half close.
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def wait(self, count):
        """Until so many bytes may go on."""
        with self.changed:
            if self.fault in ("stall", "slow"):
                self.hits += 1
            while self.fault == "stall":
                self.changed.wait()
            if self.fault == "slow":
                self.changed.wait_for(lambda: self.fault != "slow", count / self.rate)


def reset(*ends):
    for end in ends:
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # Wakes whoever reads; the reset goes out with the close.
            end.shutdown(socket.SHUT_RD)
        end.close()
