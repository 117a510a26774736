"""Has tasks run with `result_extended`, and says what is stored of each, as one line of JSON: ids are named after what
they are, times are left out."""

import json
import os
import sys

from celery import chain, chord, group
from redis import Redis
from redis_tasks import add, app, fail, retrying

TIMEOUT = 30
WORKER = sys.argv[1]


def main():
    stamped = add.s(1, 2)
    stamped.stamp(who="me", job=[7, 8], append_stamps=True)
    listed = group(add.s(i, i) for i in range(2))
    listed.stamp(canvas="group")
    steps = chain(add.s(1, 1), fail.si("no good"), add.s(3), add.s(y=5))
    steps.stamp(canvas="chain")
    counted = chord([add.s(1, 1)], add.si(7, 7))
    counted.stamp(canvas="chord")
    again = retrying.s()
    again.stamp(who="again")

    results = {
        "plain": add.delay(1, y=2),
        "stamped": stamped.delay(),
        "failing": fail.delay("no good"),
        "retried": again.delay(),
        "unknown": app.send_task("tasks.unknown", (1,), stamped_headers=["who"], who="me"),
        "expired": add.apply_async((1, 1), expires=-1),
    }
    results |= {f"member {n}": member for n, member in enumerate(listed.delay().results)}
    last = steps.delay()
    for name in ("chain 3", "chain 2", "chain 1", "chain 0"):
        results[name] = last
        last = last.parent
    body = counted.delay()
    results |= {"body": body, "header": body.parent.results[0]}

    redis = Redis.from_url(os.environ["CELERY_RESULT_BACKEND"])
    names = {result.id: name for name, result in results.items()}
    said = {}
    for name, result in results.items():
        result.get(timeout=TIMEOUT, propagate=False)
        meta = json.loads(redis.get(f"celery-task-meta-{result.id}"))
        for key in ("date_done", "traceback", "group_id", "children"):
            meta.pop(key, None)
        for key in ("task_id", "parent_id"):
            if key in meta:
                meta[key] = names[meta[key]]
        if "worker" in meta:
            assert meta["worker"] in (WORKER, None), meta
        if "stamped_headers" in meta:
            meta["stamped_headers"].sort()
        said[name] = meta
    # What Celery's client makes of it.
    read = app.AsyncResult(results["stamped"].id)
    said["read"] = [read.name, list(read.args), read.kwargs, read.worker == WORKER, read.retries, read.queue]
    print(json.dumps(said), flush=True)


main()
