"""A Celery app on the Redis that the environment names, on which tests beside our workers put their tasks."""

import os

from celery import Celery

prefix = os.environ.get("KEYPREFIX", "")
app = Celery(
    "tasks",
    broker=os.environ["CELERY_BROKER_URL"],
    backend=os.environ["CELERY_RESULT_BACKEND"],
)
app.conf.update(
    worker_prefetch_multiplier=1,
    result_extended=bool(os.environ.get("RESULT_EXTENDED")),
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": float(os.environ.get("VISIBILITY_TIMEOUT", "3600")),
        "global_keyprefix": prefix,
    },
    result_backend_transport_options={"global_keyprefix": prefix},
)
