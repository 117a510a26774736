"""A Celery app on the Redis that the environment names, for tests beside our workers."""

import os
import time

from celery import Celery

app = Celery(
    "tasks",
    broker=os.environ["CELERY_BROKER_URL"],
    backend=os.environ["CELERY_RESULT_BACKEND"],
)
app.conf.update(
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": float(os.environ.get("VISIBILITY_TIMEOUT", "3600")),
        "global_keyprefix": os.environ.get("KEYPREFIX", ""),
    },
    result_backend_transport_options={"global_keyprefix": os.environ.get("KEYPREFIX", "")},
)


@app.task(name="tasks.add")
def add(x, y):
    return x + y


@app.task(name="tasks.fail")
def fail(message):
    raise ValueError(message)


@app.task(name="tasks.late", acks_late=True)
def late(path, seconds):
    with open(path, "a") as log:
        log.write("begin python\n")
    time.sleep(seconds)
    with open(path, "a") as log:
        log.write("end python\n")
    return "python"
