"""Tasks that our workers have as well, for tests beside them."""

import math
import time

from redis_app import app


@app.task(name="tasks.add")
def add(x, y):
    return x + y


@app.task(name="tasks.numbers")
def numbers(one, many, value=None):
    assert math.isnan(one) and many[0] == math.inf
    return one, many, value


@app.task(name="tasks.fail")
def fail(message):
    raise ValueError(message)


@app.task(name="tasks.retrying", bind=True, max_retries=2)
def retrying(self):
    if self.request.retries:
        return self.request.retries
    raise self.retry(countdown=0.1)


@app.task(name="tasks.late", acks_late=True)
def late(path, seconds):
    with open(path, "a") as log:
        log.write("begin python\n")
    time.sleep(seconds)
    with open(path, "a") as log:
        log.write("end python\n")
    return "python"
