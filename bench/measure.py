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


class Load:
    """The open-loop load generator, from now until it is ended; a program of its own that needs little of the processor."""

    def __init__(self, server, rate, paths):
        self.process = subprocess.Popen([str(TARGET / "examples" / "load"), f"127.0.0.1:{server.port}", str(rate), *paths],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end(self):
        output, _ = self.process.communicate()
        if self.process.returncode:
            raise SystemExit(f"the load generator ended with {self.process.returncode}")
        return json.loads(output)


def shown(times):
    return f"p50 {times['p50']:.2f} ms, p99 {times['p99']:.2f} ms, longest {times['max']:.1f} ms"


async def measure_api(table):
    with tempfile.TemporaryDirectory() as home:
        small, source = Path(home, "small"), Path(home, "tree")
        tree.build(PROJECT, small, 20_000)
        tree.build(PROJECT, source, 600_000)
        server = Server(home)

        async def submit(path):
            _, answer = await server.request("POST", "/api/v1/analyses", {"source": {"path": str(path)}})
            return json.loads(answer)["id"]

        async def ended(analysis):
            while True:
                _, answer = await server.request("GET", f"/api/v1/analyses/{analysis}")
                if json.loads(answer)["status"] not in ("queued", "running"):
                    return
                await asyncio.sleep(0.5)

        done = await submit(small)
        await ended(done)
        one = f"/api/v1/analyses/{done}"
        # What is asked while somebody reads one analysis and watches another.
        paths = lambda now: [f"/api/v1/analyses/{now}", "/api/v1/analyses", f"{one}/pages/overview",
                             f"{one}/files?limit=50", f"{one}/search?q=read+file"]
        idle = Load(server, 200, paths(done))
        await asyncio.sleep(10)
        idle = idle.end()["all"]
        now = await submit(source)
        load = Load(server, 200, paths(now))
        await ended(now)
        busy = load.end()
        server.stop()
        count = f"{busy['all']['count']:,} requests"
        table.add(f"API while an analysis runs, 200 req/s of five kinds, {count}", shown(busy["all"]), "p99 < 5 ms")
        table.add("of that the state of the analysis", shown(busy[f"/api/v1/analyses/{now}"]), "-")
        table.add("the same while nothing runs", shown(idle), "-")


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
