"""The tasks of the benchmark for Python's Celery: the same names as those of examples/suite_worker.rs."""

import os
import time

from celery import Celery

app = Celery(broker=os.environ["CELERY_BROKER_URL"], backend=os.environ["CELERY_RESULT_BACKEND"])
app.conf.worker_prefetch_multiplier = int(os.environ.get("PREFETCH_MULTIPLIER", "4"))


@app.task(name="t.integration.tasks.noop")
def noop(x):
    return None


@app.task(name="t.integration.tasks.lat")
def lat(t0):
    now = time.time()
    with open(os.path.join(os.environ["LATDIR"], str(os.getpid())), "a") as file:
        file.write(f"{(now - t0) * 1000}\n")
