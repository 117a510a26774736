"""Measures our worker beside Python's Celery on one Redis, in one run, and prints a Markdown table.

Needs redis-server and the Python environment that ./test makes; run with that environment's python:
bench/run celery does both.
"""

import base64
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import redis

PROJECT = Path(__file__).resolve().parent.parent
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "release"
OURS, CELERY = "ours", "Celery"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Server:
    """A Redis of its own, with nothing on the disk."""

    def __init__(self, folder):
        self.socket = f"{folder}/redis.sock"
        self.port = free_port()
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", self.socket]
        self.process = subprocess.Popen([*command, "--save", "", "--appendonly", "no", "--dir", folder], **QUIET)
        self.broker = redis.Redis(unix_socket_path=self.socket, db=0)
        self.results = redis.Redis(unix_socket_path=self.socket, db=1)
        until("Redis is up", lambda: answers(self.broker), 10)

    def environment(self, folder):
        return os.environ | {
            "CELERY_BROKER_URL": f"redis://127.0.0.1:{self.port}/0",
            "CELERY_RESULT_BACKEND": f"redis://127.0.0.1:{self.port}/1",
            "LATDIR": folder,
            "PYTHONPATH": str(PROJECT / "bench"),
            "C_FORCE_ROOT": "1",
        }


def free_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


def until(what, condition, seconds=600):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"it never happens that {what}")
        time.sleep(0.005)


def message(task, args, queue="celery"):
    """A task message as Celery's client writes it."""
    identity = str(uuid.uuid4())
    body = json.dumps([args, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    headers = {
        "lang": "py", "task": task, "id": identity, "shadow": None, "eta": None, "expires": None, "group": None,
        "group_index": None, "retries": 0, "timelimit": [None, None], "root_id": identity, "parent_id": None,
        "argsrepr": repr(tuple(args)), "kwargsrepr": "{}", "origin": "gen1@bench", "ignore_result": False,
        "replaced_task_nesting": 0, "stamped_headers": None, "stamps": {},
    }
    properties = {
        "correlation_id": identity, "reply_to": str(uuid.uuid4()), "delivery_mode": 2, "priority": 0,
        "delivery_info": {"exchange": "", "routing_key": queue}, "body_encoding": "base64",
        "delivery_tag": str(uuid.uuid4()),
    }
    return json.dumps({
        "body": base64.b64encode(body.encode()).decode(), "content-encoding": "utf-8",
        "content-type": "application/json", "headers": headers, "properties": properties,
    })


def push(server, count, queue="celery"):
    batch = []
    for number in range(count):
        batch.append(message("t.integration.tasks.noop", [number], queue))
        if len(batch) == 1000 or number + 1 == count:
            server.broker.lpush(queue, *batch)
            batch.clear()


class Worker:
    """A worker of either kind, ended with its block."""

    def __init__(self, kind, server, folder, events=False):
        name = f"{kind}@bench"
        if kind == OURS:
            command = [str(RELEASE / "examples" / "suite_worker"), "--hostname", name, "--concurrency", "64"]
        else:
            command = [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "-c", "2", "-n", name, "-l", "ERROR"]
            command += ["--without-gossip", "--without-mingle"]
        self.command = command + (["-E"] if events else [])
        self.environment = server.environment(folder)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, env=self.environment, **QUIET)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def resident(self):
        """Megabytes of the process and its children that are its own."""
        pids = [self.process.pid, *children(self.process.pid)]
        return sum(int(line.split()[1]) for pid in pids for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")) / 1024


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def throughput(kind, server, folder, count, events, backlog=0):
    """Tasks per second from the first result to the last."""
    server.broker.flushall()
    push(server, count + backlog)
    with Worker(kind, server, folder, events):
        until("the first result is there", lambda: server.results.dbsize() > 0)
        begun, first = time.monotonic(), server.results.dbsize()
        until("all have run", lambda: server.results.dbsize() >= count)
        done = server.results.dbsize()
        return (done - first) / (time.monotonic() - begun)


def send_paced(server, _):
    """A thousand tasks from Python, a hundred in a second."""
    start = time.time()
    for number in range(1000):
        pause = start + number / 100 - time.time()
        if pause > 0:
            time.sleep(pause)
        server.broker.lpush("celery", message("t.integration.tasks.lat", [time.time()]))


def send_paced_by_us(server, folder):
    """The same from our client."""
    command = [str(RELEASE / "examples" / "enqueue"), "0", "0", "1000"]
    subprocess.run(command, env=server.environment(str(folder)), check=True, capture_output=True)


def latency(kind, server, folder, backlog=0, sends=send_paced):
    """Milliseconds from enqueue to start at 100 tasks a second: median, 99th percentile."""
    server.broker.flushall()
    if backlog:
        push(server, backlog, queue="idle")
    place = Path(folder, f"latency-{kind}-{backlog}-{sends.__name__}")
    place.mkdir()
    with Worker(kind, server, str(place)):
        server.broker.lpush("celery", message("t.integration.tasks.noop", [0]))
        until("the worker is up", lambda: server.results.dbsize() > 0)
        time.sleep(1)
        sends(server, place)
        until("all have run", lambda: len(lines(place)) >= 1000, 60)
    times = sorted(lines(place))
    return times[len(times) // 2], times[len(times) * 99 // 100]


def lines(folder):
    return [float(line) for file in folder.iterdir() for line in file.read_text().split("\n")[:-1]]


def bare_latency(server):
    """What 100 values a second take through Redis to a Python client that waits for them: median, 99th percentile."""
    script = (
        "import redis, sys, time\n"
        "client, times = redis.Redis(port=int(sys.argv[1])), []\n"
        "for _ in range(1000):\n"
        "    sent = float(client.brpop('bare')[1])\n"
        "    times.append((time.time() - sent) * 1000)\n"
        "times.sort()\n"
        "print(times[500], times[990])"
    )
    command = [sys.executable, "-c", script, str(server.port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as waiting:
        time.sleep(1)
        start = time.time()
        for number in range(1000):
            time.sleep(max(0, start + number / 100 - time.time()))
            server.broker.lpush("bare", repr(time.time()))
        return tuple(float(number) for number in waiting.communicate()[0].split())


def bare_enqueue(server):
    """What redis-benchmark pushes in a second over one connection, one at a time, of a message's size."""
    command = ["redis-benchmark", "-p", str(server.port), "-c", "1", "-n", "20000", "-t", "lpush", "-d", "1000", "--csv"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(output.splitlines()[-1].split(",")[1].strip('"'))


def idle(kind, server, folder):
    """Megabytes, and the commands of 20 quiet seconds that are no heartbeats."""
    server.broker.flushall()
    with Worker(kind, server, folder) as worker:
        server.broker.lpush("celery", message("t.integration.tasks.noop", [0]))
        until("the worker is up", lambda: server.results.dbsize() > 0)
        time.sleep(3)
        server.broker.config_resetstat()
        time.sleep(20)
        stats = server.broker.info("commandstats")
        calls = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()}
        for ours in ("info", "config|resetstat"):
            calls.pop(ours, None)
        return worker.resident(), calls


def enqueue(server, folder):
    """Tasks per second that clients send: ours in batches, ours one at a time, Celery's delay()."""
    server.broker.flushall()
    output = subprocess.run(
        [str(RELEASE / "examples" / "enqueue"), "200000", "20000"],
        env=server.environment(folder), check=True, capture_output=True, text=True,
    ).stdout
    batched, single = (float(number) for number in output.split())
    script = (
        "import time, celery_app\n"
        "celery_app.noop.delay(0)\n"
        "begun = time.monotonic()\n"
        "for x in range(3000): celery_app.noop.delay(x)\n"
        "print(3000 / (time.monotonic() - begun))"
    )
    theirs = subprocess.run(
        [sys.executable, "-c", script], env=server.environment(folder), check=True, capture_output=True, text=True
    )
    return batched, single, float(theirs.stdout)


def main():
    rows = []

    def row(what, ours, theirs, wanted):
        rows.append((what, ours, theirs, wanted))
        print(f"  {what}: {ours}; {theirs} (wanted {wanted})", file=sys.stderr, flush=True)

    quick = "--quick" in sys.argv
    tasks, backlog = (20_000, 100_000) if quick else (200_000, 1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            for events in (False, True):
                what = "no-op tasks with results" + (" and events" if events else "")
                ours = throughput(OURS, server, folder, tasks, events)
                theirs = throughput(CELERY, server, folder, tasks // 50, events)
                ratio = f"{theirs:,.0f}/s, {ours / theirs:.0f} × less"
                row(what, f"{ours:,.0f}/s", ratio, "≥ 20,000/s" if events else "≥ 35,000/s")
            deep = throughput(OURS, server, folder, tasks, False, backlog)
            row(f"the same with {backlog:,} more waiting", f"{deep:,.0f}/s", "-", "within 10 %")
            batched, single, theirs = enqueue(server, folder)
            row("enqueue in batches", f"{batched:,.0f}/s", "-", "≥ 100,000/s")
            row("enqueue one at a time", f"{single:,.0f}/s", f"{theirs:,.0f}/s", "≥ 10,000/s")
            row("the same, bare: LPUSH by redis-benchmark", f"{bare_enqueue(server):,.0f}/s", "-", "-")
            shown = [f"p50 {p50:.2f} ms, p99 {p99:.2f} ms" for p50, p99 in (latency(k, server, folder) for k in (OURS, CELERY))]
            row("enqueue to start at 100/s", *shown, "p50 ≤ 0.4 ms, p99 ≤ 1.5 ms")
            p50, p99 = latency(OURS, server, folder, sends=send_paced_by_us)
            row("the same, sent by our client", f"p50 {p50:.2f} ms, p99 {p99:.2f} ms", "-", "-")
            p50, p99 = bare_latency(server)
            row("the same, bare: LPUSH to BRPOP in Python", f"p50 {p50:.2f} ms, p99 {p99:.2f} ms", "-", "-")
            p50, p99 = latency(OURS, server, folder, backlog)
            row(f"the same with {backlog:,} in another queue", f"p50 {p50:.2f} ms, p99 {p99:.2f} ms", "-", "within 10 %")
            (ours, calls), (theirs, more) = idle(OURS, server, folder), idle(CELERY, server, folder)
            row("idle worker", f"{ours:.0f} MB", f"{theirs:.0f} MB", "< 20 MB")
            row("its commands in 20 s", json.dumps(calls), json.dumps(more), "heartbeats only")
        finally:
            server.process.terminate()
            server.process.wait()
    version = subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout.split()[2]
    print(f"{os.cpu_count()} cores, {platform.machine()}, Redis {version[2:]}, Celery {__import__('celery').__version__}\n")
    print("| what | ours | Celery prefork -c 2 | wanted |\n| --- | --- | --- | --- |")
    for cells in rows:
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
