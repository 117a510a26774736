"""What the tests of remote control run: the tasks of `redis_tasks`, one that sleeps and one with a limit."""

import time

from redis_tasks import app


@app.task(name="tasks.sleep")
def sleep(seconds):
    time.sleep(seconds)
    return seconds


@app.task(name="tasks.limited", rate_limit="30/m")
def limited():
    return 1
