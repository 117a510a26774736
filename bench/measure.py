"""Measures what the README claims, as ratios within one run, and prints a Markdown table."""

import asyncio
import json
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tree

PROJECT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "release"
READER = TARGET / "code-reader"


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, figure, wanted):
        self.rows.append((what, figure, wanted))
        print(f"  {what}: {figure} (wanted {wanted})", file=sys.stderr, flush=True)

    def show(self):
        print("| what | measured | wanted |\n| --- | --- | --- |")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")


def timed(command, **more):
    """Wall seconds, CPU seconds and peak memory in MB of one run."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def median(values):
    return sorted(values)[len(values) // 2]


def spread(values):
    return f"{median(values):.2f} s ({min(values):.2f} to {max(values):.2f})"


def measure_static(table):
    with tempfile.TemporaryDirectory() as home:
        source = Path(home, "tree")
        lines = tree.build(PROJECT, source, 1_000_000)
        ctags, ours, memory = [], [], []
        for number in range(3):
            ctags.append(timed(["ctags", "-R", "-f", os.devnull, str(source)])[0])
            wall, _, peak = timed([str(TARGET / "examples" / "knowledge"), str(source), f"{home}/kb{number}.db"])
            ours.append(wall)
            memory.append(peak)
        table.add(f"`ctags -R` over {lines:,} lines", spread(ctags), "-")
        table.add("scan and index of the same tree", f"{spread(ours)}, {median(ours) / median(ctags):.2f} × ctags", "≤ 2 × ctags")
        table.add("peak memory of that", f"{max(memory):.0f} MB", "< 400 MB")


def measure_unchanged(table):
    with tempfile.TemporaryDirectory() as home:
        source = Path(home, "tree")
        tree.build(PROJECT, source, 100_000)
        files = sum(1 for path in source.rglob("*") if path.is_file())
        command = [str(READER), "--data-dir", f"{home}/data", "read", str(source)]
        first = timed(command)[0]
        again = [timed(command)[0] for _ in range(3)]
        table.add(f"first read of {files} files, to the pages", f"{first:.2f} s", "-")
        table.add("the same unchanged again", f"{spread(again)}, {median(again) * 100 / files:.3f} s per 100 files", "< 0.2 s per 100 files")


def measure_queue(table):
    def output(*command):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    text = output(str(TARGET / "examples" / "worker_throughput"))
    rate = re.search(r"end to end:.* (\d+) per second", text)[1]
    worked = re.search(r"run, stored, settled:.* (\d+) per second", text)[1]
    table.add("durable no-op tasks with results, sent and then run", f"{float(rate):,.0f}/s", "≥ 20,000/s")
    table.add("of that the worker: run, stored, settled", f"{float(worked):,.0f}/s", "≥ 20,000/s")
    text = output(str(TARGET / "examples" / "throughput"))
    table.add("enqueue to delivery at 100/s", re.search(r"p50 [^\n]*", text)[0], "p50 < 1 ms")
    table.add("an fsync of 4 KiB on this disk, the floor of that", re.search(r"fsync of 4 KiB: ([^\n]*)", text)[1], "-")


class Server:
    """A running `serve` on a free port."""

    def __init__(self, home):
        self.begun = time.monotonic()
        self.process = subprocess.Popen([str(READER), "--data-dir", f"{home}/data", "serve", "--port", "0"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        os.set_blocking(self.process.stderr.fileno(), False)

    def pids(self):
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        return [self.process.pid, *map(int, children)]

    def memory(self):
        """Proportional set size of all processes, in MB: shared pages count once."""
        total = 0
        for pid in self.pids():
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])
        return total / 1024

    async def request(self, method, path, body=None):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        data = json.dumps(body).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), body

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


async def load(server, path, rate, running):
    """Sends `rate` requests a second while `running()`; the milliseconds of each, counted from when it was due."""
    times, tasks = [], set()

    async def one(due):
        status, _ = await server.request("GET", path)
        if status != 200:
            raise SystemExit(f"GET {path}: {status}")
        times.append((time.monotonic() - due) * 1000)

    due = time.monotonic()
    while await running():
        for _ in range(rate // 10):
            due += 1 / rate
            await asyncio.sleep(max(0, due - time.monotonic()))
            task = asyncio.create_task(one(due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return sorted(times)


async def measure_api(table):
    with tempfile.TemporaryDirectory() as home:
        source = Path(home, "tree")
        tree.build(PROJECT, source, 600_000)
        server = Server(home)
        _, answer = await server.request("POST", "/api/v1/analyses", {"source": {"path": str(source)}})
        analysis = json.loads(answer)["id"]

        async def running():
            _, answer = await server.request("GET", f"/api/v1/analyses/{analysis}")
            return json.loads(answer)["status"] in ("queued", "running")

        times = await load(server, f"/api/v1/analyses/{analysis}", 200, running)
        server.stop()
        at = lambda share: times[min(len(times) - 1, int(len(times) * share))]
        table.add(f"API while an analysis runs, 200 req/s, {len(times)} requests",
                  f"p50 {at(.5):.2f} ms, p99 {at(.99):.2f} ms", "p99 < 5 ms")


async def measure_start(table):
    times, memory = [], 0
    for _ in range(5):
        with tempfile.TemporaryDirectory() as home:
            server = Server(home)
            while (await server.request("GET", "/api/v1/analyses"))[0] != 200:
                pass
            times.append((time.monotonic() - server.begun) * 1000)
            if len(times) == 5:
                await asyncio.sleep(5)
                memory = server.memory()
            server.stop()
    table.add("start to first API answer", f"{median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})", "< 200 ms")
    table.add("idle `serve`, all its processes", f"{memory:.0f} MB", "< 60 MB")


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    known = {
        "static": measure_static,
        "unchanged": measure_unchanged,
        "queue": measure_queue,
        "api": lambda table: asyncio.run(measure_api(table)),
        "start": lambda table: asyncio.run(measure_start(table)),
    }
    chosen = sys.argv[1:] or list(known)
    if unknown := set(chosen) - set(known):
        raise SystemExit(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    table = Table()
    for name in chosen:
        known[name](table)
    print(f"{os.cpu_count()} cores, {platform.machine()}, {time.strftime('%Y-%m-%d')}\n")
    table.show()


main()
