"""Runs Celery's own integration suite against a worker that is not Celery's.

    python integration.py --worker target/debug/examples/suite_worker

The suite (t/integration of Celery's source distribution) is fetched by pip when it is not there. It starts its worker
inside of the test process; here the worker is another program on a Redis of its own, and all else is as the suite has
it. What looks into the worker's process cannot pass then; `UNSERVED` lists those cases and why. Prints one line of JSON
in the end, and fails when a case fails that is not on the list.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time

SUITE = "celery==5.6.3"
NODE = "suite@lab"
CASES = ["t/integration/test_tasks.py", "t/integration/test_canvas.py", "t/integration/test_inspect.py"]

SIGNALS = "waits for a signal that only a worker in the test's process sends"
LOGS = "reads what a worker in the test's process logs"
REVOKED = "clears what a worker in the test's process has revoked"
SETTINGS = "reads settings that only a worker in the test's process has"
UNSERVED = {
    "test_tasks.py::test_tasks::test_revoked_by_headers_simple_canvas": REVOKED,
    "test_tasks.py::test_trace_log_arguments::test_task_success": LOGS,
    "test_tasks.py::test_trace_log_arguments::test_task_failed": LOGS,
    "test_tasks.py::test_task_replacement::test_replaced_task_nesting_level_0": SIGNALS,
    "test_tasks.py::test_task_replacement::test_replaced_task_nesting_level_1": SIGNALS,
    "test_tasks.py::test_task_replacement::test_replaced_task_nesting_chain": SIGNALS,
    "test_canvas.py::test_stamping_mechanism::test_task_received_has_access_to_stamps": SIGNALS,
    "test_canvas.py::test_stamping_mechanism::test_linking_stamped_sig": SIGNALS,
    "test_canvas.py::test_stamping_mechanism::test_err_linking_stamped_sig": SIGNALS,
    "test_inspect.py::test_Inspect::test_stats": SETTINGS,
    "test_inspect.py::test_Inspect::test_conf": SETTINGS,
}

# Cases that wait for seconds, with any worker: a `--quick` run leaves them out, and those of `UNSERVED`.
SLOW = {
    "test_canvas.py::test_chain::test_chain_error_handler_with_eta",
    "test_canvas.py::test_chain::test_group_results_in_chain",
    "test_canvas.py::test_chain::test_nested_chain_group_lone",
    "test_canvas.py::test_chain::test_parent_ids",
    "test_canvas.py::test_chord::test_chain_to_a_chord_with_large_header",
    "test_canvas.py::test_chord::test_disabling_flag_allow_error_cb_on_chord_header",
    "test_canvas.py::test_chord::test_enabling_flag_allow_error_cb_on_chord_header",
    "test_canvas.py::test_chord::test_flag_allow_error_cb_on_chord_header_on_upgraded_chord",
    "test_canvas.py::test_chord::test_generator",
    "test_canvas.py::test_chord::test_immutable_errback_called_by_chord_from_group_fail_multiple",
    "test_canvas.py::test_chord::test_large_header",
    "test_canvas.py::test_chord::test_nested_chord_header_link_error",
    "test_canvas.py::test_chord::test_redis_subscribed_channels_leak",
    "test_canvas.py::test_group::test_large_group",
    "test_canvas.py::test_group::test_nested_group",
    "test_canvas.py::test_group::test_nested_group_chord_body_chain",
    "test_canvas.py::test_group::test_parent_ids",
    "test_canvas.py::test_result_set::test_result_set",
    "test_canvas.py::test_result_set::test_result_set_error",
    "test_tasks.py::test_tasks::test_eta",
    "test_tasks.py::test_tasks::test_expired",
    "test_tasks.py::test_tasks::test_retry",
    "test_tasks.py::test_tasks::test_revoked_by_headers_complex_canvas",
    "test_tasks.py::test_tasks::test_timeout",
}


# As a plugin of pytest.


class Stranger:
    """Stands for the worker, wherever it is."""


@contextlib.contextmanager
def no_worker(app, **_settings):
    yield Stranger()


def pytest_configure(config):
    config.addinivalue_line("markers", "celery(**overrides): settings of the test's app")
    if "SUITE_REFERENCE" in os.environ:
        return
    from celery.contrib.testing import worker
    from celery.utils import nodenames

    worker.start_worker = no_worker
    # A worker in the test's process would have this name.
    nodenames.anon_nodename = lambda *_parts, **_named: NODE


def pytest_collection_modifyitems(config, items):
    if "SUITE_QUICK" in os.environ:
        left_out = [item for item in items if short_name(item.nodeid) in SLOW | UNSERVED.keys()]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
    part, parts = (int(text) for text in os.environ.get("SUITE_PART", "0/1").split("/"))
    # Neighbours are alike in how long they take.
    gone = [item for index, item in enumerate(items) if index % parts != part]
    items[:] = [item for index, item in enumerate(items) if index % parts == part]
    config.hook.pytest_deselected(items=gone)


def pytest_terminal_summary(terminalreporter):
    said = {}
    for outcome, reports in terminalreporter.stats.items():
        for report in reports:
            case = getattr(report, "nodeid", None)
            if case and outcome in ("passed", "failed", "error", "skipped", "xfailed", "xpassed"):
                if outcome in ("failed", "error") or said.get(case, {}).get("outcome") not in ("failed", "error"):
                    seconds = round(getattr(report, "duration", 0), 1)
                    said[case] = {"outcome": outcome, "why": why(report), "seconds": seconds}
    pathlib.Path(os.environ["SUITE_OUTCOMES"]).write_text(json.dumps(said))


def short_name(case):
    """A case without its folder and parameters."""
    return case.removeprefix("t/integration/").split("[")[0]


def why(report):
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    return (crash.message if crash else "").split("\n")[0][:300]


# As a program.


def suite(folder):
    """The folder that holds the suite's package `t`, and nothing else of Celery."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "t").is_dir():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, SUITE, "--no-deps", "--no-binary", "celery", "--dest", str(folder)],
            check=True,
        )
        archive = next(folder.glob("celery-*.tar.gz"))
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        shutil.copytree(next(folder.glob("celery-*/t")), folder / "t")
    return folder


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Part:
    """One Redis, one worker, and a part of the cases."""

    def __init__(self, number, options, home, folder):
        self.folder = folder
        folder.mkdir()
        port = free_port()
        url = f"redis://127.0.0.1:{port}"
        self.outcomes = folder / "outcomes.json"
        scripts = str(pathlib.Path(__file__).parent)
        self.env = {
            **os.environ,
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(port),
            "TEST_BROKER": f"{url}/0",
            "TEST_BACKEND": f"{url}/0",
            "CELERY_BROKER_URL": f"{url}/0",
            "CELERY_RESULT_BACKEND": f"{url}/0",
            "SUITE_PART": f"{number}/{options.parts}",
            "SUITE_OUTCOMES": str(self.outcomes),
            "PYTHONPATH": f"{scripts}:{home}",
        }
        if options.reference:
            self.env["SUITE_REFERENCE"] = "1"
        if options.quick:
            self.env["SUITE_QUICK"] = "1"
        redis = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self.running = [self.start(redis, "redis.log")]
        wait_for(port)
        if not options.reference:
            worker = [*options.worker.split(), "--hostname", NODE, "--concurrency", str(options.concurrency), "-E", "-l", "info"]
            self.running.append(self.start(worker, "worker.log"))
        pytest = [sys.executable, "-m", "pytest", "-p", "celery.contrib.pytest", "-p", "integration", "-p", "no:cacheprovider", "-q", "-rfE"]
        pytest += ["--rootdir", str(home), "-c", os.devnull, "--import-mode", "importlib"]
        pytest += ["-o", "python_classes=test_*"]
        if options.filter:
            pytest += ["-k", options.filter]
        if options.no_reruns:
            pytest += ["-p", "no:rerunfailures"]
        self.pytest = self.start([*pytest, *(options.cases or CASES)], "pytest.log", cwd=home)

    def start(self, command, log, **more):
        with open(self.folder / log, "wb") as out:
            return subprocess.Popen(
                command, env=self.env, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True, **more
            )

    def log(self, name):
        return (self.folder / name).read_text(errors="replace")

    def end(self):
        for process in [self.pytest, *reversed(self.running)]:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(port):
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worker", default="target/debug/examples/suite_worker", help="the worker's command")
    parser.add_argument("--suite", type=pathlib.Path, help="a folder that keeps the suite")
    parser.add_argument("--parts", type=int, default=1, help="run the cases in so many parts side by side")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--timeout", type=float, default=1800)
    parser.add_argument("--filter", help="pytest's -k")
    parser.add_argument("--quick", action="store_true", help="leave out what waits for seconds, and what is unserved")
    parser.add_argument("--no-reruns", action="store_true", help="do not try flaky cases again")
    parser.add_argument("--reference", action="store_true", help="with Celery's own worker, for comparison")
    parser.add_argument("--logs", type=pathlib.Path, help="keep the logs in this new folder")
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()

    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        home = suite(options.suite or folder / "suite").resolve()
        logs = options.logs or folder / "logs"
        logs.mkdir()
        parts = []
        try:
            for number in range(options.parts):
                parts.append(Part(number, options, home, logs / str(number)))
            for part in parts:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    part.pytest.wait(max(1, options.timeout - (time.monotonic() - start)))
        finally:
            for part in parts:
                part.end()
        said = {}
        for part in parts:
            if not part.outcomes.exists():
                sys.exit(f"the suite did not end in time:\n{part.log('pytest.log')[-4000:]}")
            said.update(json.loads(part.outcomes.read_text()))
    sys.exit(report(said, time.monotonic() - start))


def report(said, seconds):
    counts, failed, unserved = {}, {}, {}
    for case, result in sorted(said.items()):
        short = short_name(case)
        outcome = result["outcome"]
        if outcome in ("failed", "error") and short in UNSERVED:
            outcome = "unserved"
            unserved[case] = UNSERVED[short]
        elif outcome in ("failed", "error"):
            failed[case] = result["why"]
        counts[outcome] = counts.get(outcome, 0) + 1
    slow = {case: result["seconds"] for case, result in sorted(said.items()) if result["seconds"] >= 2}
    summary = {"seconds": round(seconds), "counts": counts, "slow": slow, "failed": failed, "unserved": unserved}
    print(json.dumps(summary), flush=True)
    return 1 if failed or not counts.get("passed") else 0


if __name__ == "__main__":
    main()
