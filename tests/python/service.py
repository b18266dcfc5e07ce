"""`quell run` as a process, and contacts for it. What soak.py and readers_loop.py share; standard library only."""

import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time

CHANNELS = ["phone", "email", "chat", "whatsapp", "web_form", "in_person"]
TEXTS = [
    "where is my parcel, it should have come yesterday",
    "¿dónde está mi pedido?",
    "I was charged twice for the same invoice",
    "la web no me deja pagar en el paso 3",
    "how do I change my address",
]


class Service:
    """One `quell run` on a data folder, started again and again on a free port."""

    def __init__(self, binary, data, settings=None):
        self.binary, self.data = binary, data
        self.environment = {**os.environ, **(settings or {})}
        self.process = None
        self.address = None

    def start(self):
        """Starts it and returns when it says its address; the seconds that took."""
        begun = time.monotonic()
        command = [self.binary, "--data", self.data, "run", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=self.environment)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if "http://" in line:
                self.address = line.split("http://")[1].split()[0]
                break
        else:
            raise SystemExit("quell run ended without listening:\n" + "".join(said))
        # Whatever it still says must not fill the pipe.
        stderr = self.process.stderr
        threading.Thread(target=lambda: [print("  quell: " + line, end="") for line in stderr], daemon=True).start()
        return time.monotonic() - begun

    def get(self, path):
        """Status and text of an answer."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def until_ready(self, bound_seconds=120):
        """Waits until /readyz says so; the seconds that took."""
        begun = time.monotonic()
        while time.monotonic() - begun < bound_seconds:
            if self.get("/readyz")[0] == 200:
                return time.monotonic() - begun
            time.sleep(0.02)
        raise SystemExit(f"not ready within {bound_seconds} s: {self.get('/readyz')[1]}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def drain(self):
        """Ends it as an operator does; the seconds that took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait()
        if code != 0:
            raise SystemExit(f"quell run ended with {code} after SIGTERM")
        return time.monotonic() - begun

    def quell(self, *arguments):
        """What another command of the program prints."""
        command = [self.binary, "--data", self.data, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment)
        if done.returncode != 0:
            raise SystemExit(f"{arguments}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def sql(self, query):
        return json.loads(self.quell("sql", query, "--format", "json"))


def contact(rng, record, days=90):
    """A contact of one of some thousand customers within so many days."""
    at = 1_767_225_600 + rng.randrange(days * 86_400)
    return {
        "record": record,
        "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
        "channel": rng.choice(CHANNELS),
        "customer": {"account": f"k-{rng.randrange(5_000)}"},
        "text": rng.choice(TEXTS),
        "orders": [f"o-{rng.randrange(20_000)}"],
        "handle_seconds": rng.randrange(30, 1_200),
    }


def percentile(values, share):
    """Nearest rank; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def temporary_folder(name):
    import tempfile

    return tempfile.mkdtemp(prefix=f"quell-{name}-")


def generator(seed):
    return random.Random(seed)
