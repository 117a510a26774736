"""Calls our worker as any Python service would, and says what it got, as one line of JSON."""

import json
from math import inf, nan

from celery import chord
from redis_tasks import app, numbers

TIMEOUT = 30


def outcome(result):
    try:
        return {"value": result.get(timeout=TIMEOUT)}
    except Exception as error:
        return {"error": type(error).__name__, "args": [str(arg) for arg in error.args]}


# A task that every worker has: it gives back its argument.
same = app.signature("celery.accumulate", kwargs={"index": 0})


def main():
    first = app.send_task("tasks.add", (2, 3))
    named = app.send_task("tasks.add", kwargs={"x": 2, "y": 4})
    urgent = [app.send_task("tasks.add", (n, 0), priority=n) for n in range(10)]
    soon = app.send_task("tasks.add", (1, 1), countdown=0.2)
    failing = app.send_task("tasks.fail", ("no good",))
    unknown = app.send_task("tasks.unknown", ())
    in_headers = numbers.apply_async((1, []), headers={"x": nan}, shadow="odd")
    packed = [app.send_task("tasks.add", ("a" * 2000, "b"), compression=way) for way in ("gzip", "bzip2", "lzma")]
    said = {
        "first": outcome(first),
        "named": outcome(named),
        "urgent": [outcome(result) for result in urgent],
        "soon": outcome(soon),
        "failing": outcome(failing),
        "frame": failing.traceback.splitlines()[1],
        "unknown": outcome(unknown),
        "numbers": repr(outcome(numbers.delay(nan, [inf, -inf, 0.5], nan))["value"]),
        "numbers_in_a_chain": repr(outcome((same.clone((nan,)) | numbers.s([nan, inf])).delay())["value"]),
        "numbers_in_a_chord": repr(outcome(chord([numbers.s(nan, []), numbers.s(inf, [])], same).delay())["value"]),
        "long_number": repr(outcome((same.clone((2**200,)) | same).delay())["value"]),
        "chunks_of_numbers": repr(outcome(numbers.chunks([(nan, [inf])], 5).delay())["value"]),
        "numbers_in_headers": repr(outcome(in_headers)["value"]),
        "packed": [len(result.get(timeout=TIMEOUT)) for result in packed],
        "state": first.state,
        "ping": app.control.ping(timeout=2),
        "queues": app.control.inspect(timeout=2).active_queues() is not None,
    }
    print(json.dumps(said), flush=True)


main()
