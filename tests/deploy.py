#!/usr/bin/env python3
"""Does deploy/ hold together? Reads compose.yaml, prometheus.yml, alerts.yml and the Dockerfile, and names everything that
refers to nothing. The settings of each service are checked by the program itself.

    deploy.py QUELL [--start]

--start also starts three brokers of Apache Kafka with the settings of compose.yaml, and on them every service of Quell's with
its own command and settings, runs its health check, and asks for the metrics that alerts.yml needs. Ports are other ones,
and the server for the vault is the one that QUELL_POSTGRES names:

    tests/postgres/run.sh tests/deploy.py target/debug/quell --start

Needs PyYAML. Containers are not started, so images and mounts are taken at their word.
"""

import argparse
import contextlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

try:
    import yaml
except ImportError:
    print("SKIP deploy.py: PyYAML is missing (on Debian: python3-yaml)", file=sys.stderr)
    sys.exit(0)

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
sys.path.insert(0, str(ROOT / "tests" / "kafka"))
from cluster import Process  # noqa: E402

CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"


def resolved(text):
    """As compose resolves ${NAME:-default} and ${NAME:?message} where only what must be set is set."""
    given = {"KAFKA_CLUSTER_ID": CLUSTER_ID}
    return re.sub(r"\$\{(\w+)(?::([-?])([^}]*))?\}", lambda m: given.get(m[1], m[3] if m[2] == "-" else ""), text)


def read(name):
    return yaml.safe_load(resolved((DEPLOY / name).read_text()))


class Check:
    def __init__(self, quell):
        self.quell, self.wrong = quell, []
        self.compose, self.prometheus, self.alerts = read("compose.yaml"), read("prometheus.yml"), read("alerts.yml")
        self.services = self.compose["services"]
        self.own = {n: s for n, s in self.services.items() if s.get("build")}
        self.image = (DEPLOY / "Dockerfile").read_text()

    def that(self, true, what):
        if not true:
            self.wrong.append(what)

    # --- what refers to what

    def references(self):
        used = {"volumes": set(), "secrets": set()}
        for name, service in self.services.items():
            self.that(service.get("image"), f"{name} has no image")
            self.depends(name, service)
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.that((DEPLOY / source).is_file(), f"{name} mounts {source}, which is no file")
                else:
                    used["volumes"].add(source)
            secrets = service.get("secrets", [])
            used["secrets"].update(secrets)
            for value in service.get("environment", {}).values():
                for secret in re.findall(r"/run/secrets/(\w+)", value):
                    self.that(secret in secrets, f"{name} reads the secret {secret}, which it is not given")
        for kind, names in used.items():
            defined = set(self.compose[kind])
            self.that(names == defined, f"{kind}: {sorted(names ^ defined)} are used or defined, not both")

    def depends(self, name, service):
        for other, how in service.get("depends_on", {}).items():
            self.that(other in self.services, f"{name} depends on {other}, which is no service")
            healthy = how["condition"] != "service_healthy" or self.services.get(other, {}).get("healthcheck")
            self.that(healthy, f"{name} waits for the health of {other}, which has no health check")
            once = how["condition"] != "service_completed_successfully"
            self.that(once or self.services[other]["restart"] == "no", f"{name} waits for the end of {other}")

    # --- who listens where

    def ports(self):
        listened = {}
        for name, service in self.services.items():
            self.that(service.get("network_mode") == "host", f"{name} is not in the machine's network")
            for port in self.listens(service):
                self.that(port not in listened, f"{name} and {listened.get(port)} both listen on {port}")
                listened[port] = name
            checked = re.findall(r"127\.0\.0\.1:(\d+)", " ".join(service.get("healthcheck", {}).get("test", [])))
            self.that(set(checked) <= self.listens(service), f"the health check of {name} asks {checked}")
        return listened

    @staticmethod
    def listens(service):
        settings = service.get("environment", {})
        said = [settings.get("QUELL_HTTP_LISTEN", ""), settings.get("KAFKA_LISTENERS", "")]
        said += [a.split("=")[1] for a in service.get("command", []) if "listen-address=" in a]
        said += ["127.0.0.1:5432" for a in service.get("command", []) if a == "listen_addresses=127.0.0.1"]
        return set(re.findall(r"127\.0\.0\.1:(\d+)", " ".join(said)))

    def brokers(self):
        kafka = {n: s["environment"] for n, s in self.services.items() if "KAFKA_NODE_ID" in s.get("environment", {})}
        for name, settings in kafka.items():
            listeners = dict(part.split("://") for part in settings["KAFKA_LISTENERS"].split(","))
            advertised = dict(part.split("://") for part in settings["KAFKA_ADVERTISED_LISTENERS"].split(","))
            voters = dict(part.split("@") for part in settings["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(","))
            self.that(advertised == {"CLIENT": listeners["CLIENT"]}, f"{name} advertises {advertised}")
            node = settings["KAFKA_NODE_ID"]
            self.that(voters.get(node) == listeners["CONTROLLER"], f"{name} is not the voter {node} of {voters}")
            self.that(len(voters) == len(kafka), f"{name} knows {len(voters)} voters of {len(kafka)}")
            for name_of_own, own in self.own.items():
                known = own["environment"]["QUELL_KAFKA_BROKERS"].split(",")
                self.that(listeners["CLIENT"] in known, f"{name_of_own} does not know {name}")

    def scraped(self):
        targets = {}
        for job in self.prometheus["scrape_configs"]:
            for group in job["static_configs"]:
                targets.update({target: group["labels"]["role"] for target in group["targets"]})
        roles = {s["environment"]["QUELL_HTTP_LISTEN"]: s["command"][0] for s in self.own.values()
                 if "QUELL_HTTP_LISTEN" in s["environment"]}
        self.that(targets == roles, f"Prometheus asks {targets}, and {roles} listen")
        mounts = " ".join(self.services["prometheus"]["volumes"])
        for file in [*self.prometheus["rule_files"], "prometheus.yml"]:
            self.that(f"./{file}:/etc/prometheus/{file}" in mounts, f"Prometheus does not see {file}")

    def needed(self):
        """Metrics of Quell's that the alerts ask for."""
        rules = [rule for group in self.alerts["groups"] for rule in group["rules"]]
        return {name for rule in rules for name in re.findall(r"\bquell_\w+", rule["expr"])}

    def metrics(self):
        listed = set(re.findall(r'"(quell_\w+)"', (ROOT / "crates/quell/src/serve/metrics.rs").read_text()))
        self.that(self.needed() <= listed, f"alerts ask for {sorted(self.needed() - listed)}, which is no metric")

    # --- what the program says

    def settings(self, name, folder, **instead):
        """A service's environment, with places of this machine where its own has others."""
        secret = pathlib.Path(folder, "password")
        if not secret.exists():
            secret.write_text("secret")
        found = {k: v.replace("/run/secrets/postgres_password", str(secret))
                 for k, v in self.own[name]["environment"].items()}
        clean = {k: v for k, v in os.environ.items() if not k.startswith("QUELL_")}
        return {**clean, **found, "QUELL_DATA": os.path.join(folder, "data"), **instead}

    def program(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, service in self.own.items():
                said = self.run(self.settings(name, folder), "config", "show")
                self.that(said is None, f"the settings of {name}: {said}")
                said = self.run(self.settings(name, folder), *service["command"], "--help")
                self.that(said is None, f"the command of {name}: {said}")
            # Else the program would take anything, and the above would say nothing.
            name = next(iter(self.own))
            said = self.run(self.settings(name, folder, QUELL_LOG_BAKEND="kafka"), "config", "show")
            self.that(said, "the program takes a setting that does not exist")

    def run(self, environment, *arguments):
        """What it says where it fails."""
        done = subprocess.run([self.quell, *arguments], capture_output=True, text=True, env=environment)
        return None if done.returncode == 0 else done.stderr.strip()

    def dockerfile(self):
        users = re.findall(r"^USER (\S+)", self.image, re.M)
        self.that(users and users[-1] != "root", "the image runs as root")
        data = re.search(r"^ENV QUELL_DATA=(\S+)", self.image, re.M)[1]
        for name, service in self.own.items():
            self.that(f"quell:{data}" in service["volumes"], f"{name} does not keep {data}")
            build = service["build"]
            self.that((DEPLOY / build["context"] / build["dockerfile"]).is_file(), f"{name}: no Dockerfile")
        made = re.search(r"COPY --from=build /source/(\S+)", self.image)[1]
        self.that("make release" in self.image and made == "target/release/quell", f"the image copies {made}")

    # --- started

    @contextlib.contextmanager
    def started_brokers(self, folder):
        """The brokers of the file, as containers would start them; their addresses."""
        script, ports, clients = ROOT / "tests" / "kafka" / "broker.sh", {}, []
        kafka = [s["environment"] for s in self.services.values() if "KAFKA_NODE_ID" in s.get("environment", {})]
        subprocess.run([script, "fetch"], check=True)
        for settings in kafka:
            place = pathlib.Path(folder, settings["KAFKA_NODE_ID"])
            place.mkdir(parents=True)
            # As the image does it: KAFKA_NODE_ID is node.id.
            lines = {k[6:].lower().replace("_", "."): v for k, v in settings.items() if k.startswith("KAFKA_")}
            lines["log.dirs"] = str(place / "data")
            lines.pop("heap.opts")
            text = "".join(f"{k}={v}\n" for k, v in lines.items())
            text = re.sub(r"127\.0\.0\.1:(\d+)", lambda m: f"127.0.0.1:{ports.setdefault(m[1], free_port())}", text)
            (place / "server.properties").write_text(text)
            clients.append(re.search(r"^advertised\.listeners=CLIENT://(\S+)", text, re.M)[1])
        said = {key: ",".join(clients) for key in ("BOOTSTRAP", "LISTEN", "DIRECT")}
        said["PIDS"] = ",".join(f"{folder}/{settings['KAFKA_NODE_ID']}/pid" for settings in kafka)
        said["VERSION"] = "as fetched"
        pathlib.Path(folder, "env").write_text("".join(f"{k}={v}\n" for k, v in said.items()))
        try:
            subprocess.run([script, "format", folder, CLUSTER_ID], check=True)
            subprocess.run([script, "start", "--owner", str(os.getpid()), folder], check=True, stdout=subprocess.DEVNULL)
            yield ",".join(clients)
        finally:
            subprocess.run([script, "stop", folder], check=True)

    def start(self):
        with tempfile.TemporaryDirectory() as folder, self.started_brokers(os.path.join(folder, "kafka")) as brokers:
            self.start_on(folder, brokers)

    def start_on(self, folder, brokers):
        with open(os.path.join(folder, "log"), "w+") as log:
            places = {
                "QUELL_KAFKA_BROKERS": brokers,
                "QUELL_VAULT_POSTGRES_ADDRESS": os.environ["QUELL_POSTGRES"],
                "QUELL_VAULT_POSTGRES_PASSWORD_FILE": os.environ["QUELL_POSTGRES_PASSWORD_FILE"],
            }
            for command in (self.own["topics"]["command"], ["topics", "check"]):
                said = self.run(self.settings("topics", folder, **places), *command)
                self.that(said is None, f"quell {' '.join(command)}: {said}")
            processes = {}
            try:
                for name, service in self.own.items():
                    if "healthcheck" in service:
                        (role,) = service["command"]
                        environment = self.settings(name, folder, **places)
                        processes[name] = Process(self.quell, environment["QUELL_DATA"], environment, log, role)
                for name, process in processes.items():
                    self.lives(name, process)
                # Ends and lags are told of once they have been looked at.
                deadline, told = time.monotonic() + 60, set()
                while not self.needed() <= told and time.monotonic() < deadline:
                    told = set().union(*(metrics(process) for process in processes.values()))
                self.that(self.needed() <= told, f"nobody tells {sorted(self.needed() - told)}")
            finally:
                for process in processes.values():
                    process.end()
            for name, process in processes.items():
                self.that(process.process.returncode == 0, f"{name} ended with {process.process.returncode}")
            log.flush()
            if self.wrong:
                print(pathlib.Path(log.name).read_text(), file=sys.stderr)

    def lives(self, name, process):
        """Runs the service's health check."""
        process.listening.wait(60)
        if not process.address:
            return self.that(False, f"{name} does not listen")
        service = self.own[name]
        how, *command = service["healthcheck"]["test"]
        self.that(how == "CMD", f"the health check of {name} is {how}")
        command = [word.replace(service["environment"]["QUELL_HTTP_LISTEN"], process.address) for word in command]
        deadline = time.monotonic() + 60
        while (done := subprocess.run(command, capture_output=True, text=True)).returncode != 0:
            if time.monotonic() > deadline:
                return self.that(False, f"{name} is not healthy: {done.stderr.strip()}")
            time.sleep(0.5)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def metrics(process):
    """Names of the metrics that a process tells."""
    if not process.address:
        return set()
    with urllib.request.urlopen(f"http://{process.address}/metrics", timeout=30) as answer:
        return set(re.findall(r"^# TYPE (quell_\w+)", answer.read().decode(), re.M))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quell")
    parser.add_argument("--start", action="store_true")
    args = parser.parse_args()
    check = Check(os.path.abspath(args.quell))
    for part in (check.references, check.ports, check.brokers, check.scraped, check.metrics, check.program,
                 check.dockerfile):
        part()
    if args.start:
        check.start()
    for wrong in check.wrong:
        print(f"deploy: {wrong}", file=sys.stderr)
    print(f"deploy: {len(check.services)} services, {len(check.wrong)} wrong")
    sys.exit(1 if check.wrong else 0)


if __name__ == "__main__":
    main()
