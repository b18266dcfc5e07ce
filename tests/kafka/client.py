"""An open-loop client: contacts come at their rate whatever is answered, and those without a 202 stay in its own backlog."""

import asyncio
import collections
import json
import threading
import time

BATCH = 25
"""Contacts of a request with new contacts."""
AGAIN = 500
"""Most contacts of a request that offers the backlog again."""
AT_ONCE = 40
"""Most requests under way that do."""


class Offers:
    """The contacts `make(0)`, `make(1)` ..., `rate` of them a second, offered in turn to whom `addresses()` names. Runs on
    its own loop."""

    def __init__(self, addresses, make, rate, timeout=45):
        self.addresses, self.make, self.rate, self.timeout = addresses, make, rate, timeout
        # The backlog: when each batch may be offered again, and its numbers.
        self.backlog, self.under_way, self.again = collections.deque(), 0, 0
        self.made, self.acknowledged = 0, set()
        # Of each answer: when, status, Retry-After, seconds that it took, contacts.
        self.answers, self.broken = [], 0
        self.idle = collections.defaultdict(list)
        self.stopped, self.turn = False, 0

    async def run(self):
        """Makes contacts until it is stopped, and then offers the backlog until nothing is left of it."""
        begun, tasks = time.monotonic(), set()
        while not self.stopped or self.backlog or self.under_way:
            now = time.monotonic()
            while not self.stopped and self.made / self.rate <= now - begun:
                self.begin(tasks, range(self.made, self.made + BATCH))
                self.made += BATCH
            # What was not taken is offered again when the answer asked for it, a few requests at a time.
            if self.backlog and self.backlog[0][0] <= now and self.again < AT_ONCE:
                self.begin(tasks, self.due(now), again=1)
            await asyncio.sleep(0.01)
        await asyncio.gather(*tasks)

    def due(self, now):
        numbers = []
        while self.backlog and self.backlog[0][0] <= now and len(numbers) + len(self.backlog[0][1]) <= AGAIN:
            numbers.extend(self.backlog.popleft()[1])
        return numbers

    def begin(self, tasks, numbers, again=0):
        self.under_way += 1
        self.again += again
        task = asyncio.ensure_future(self.offer(list(numbers), again))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def offer(self, numbers, again_under_way):
        self.turn += 1
        addresses = self.addresses()
        address = addresses[self.turn % len(addresses)]
        body = "\n".join(json.dumps(self.make(n)) for n in numbers).encode()
        began, again = time.monotonic(), 1.0
        try:
            status, after = await asyncio.wait_for(self.request(address, body), self.timeout)
            self.answers.append((time.monotonic(), status, after, time.monotonic() - began, len(numbers)))
            if status == 202:
                self.acknowledged.update(numbers)
                numbers = []
            elif after is not None:
                again = float(after)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            self.broken += 1
        finally:
            self.under_way -= 1
            self.again -= again_under_way
            if numbers:
                # In pieces, so that they can be put together again with others.
                for first in range(0, len(numbers), BATCH):
                    self.backlog.append((time.monotonic() + again, numbers[first:first + BATCH]))

    async def request(self, address, body):
        """Status and Retry-After of the answer."""
        host, port = address.split(":")
        reader, writer = self.idle[address].pop() if self.idle[address] else \
            await asyncio.open_connection(host, int(port))
        kept = False
        try:
            head = f"POST /v1/contacts HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-ndjson\r\n"
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in answer[1:] if line)
            await reader.readexactly(int(fields["content-length"]))
            kept = fields.get("connection") != "close"
            return int(answer[0].split()[1]), fields.get("retry-after")
        finally:
            if kept:
                self.idle[address].append((reader, writer))
            else:
                writer.close()

    def start(self):
        thread = threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True)
        thread.start()
        return thread

    def waiting(self):
        """Contacts that were made and not acknowledged."""
        return self.made - len(self.acknowledged)
