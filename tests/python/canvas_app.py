"""Tasks of the same names and results as those of our suite_worker, for fleets of both on one queue."""

import os
import time

from celery import chain, group
from celery.exceptions import SoftTimeLimitExceeded

from redis_app import app


class ExpectedException(Exception):
    """A failure that is wanted."""


def task(function=None, **options):
    def register(function):
        return app.task(name=f"t.integration.tasks.{function.__name__}", **options)(function)

    return register(function) if function else register


@task
def identity(x):
    return x


@task
def add(x, y, z=None):
    return x + y + z if z else x + y


@task
def mul(x, y):
    return x * y


@task
def tsum(nums):
    return sum(nums)


@task
def xsum(nums):
    return sum(sum(num) if isinstance(num, list) else num for num in nums)


@task
def fail(*args):
    raise ExpectedException("Task expected to fail", *args)


@task(bind=True)
def add_replaced(self, x, y):
    raise self.replace(add.s(x, y))


@task(bind=True)
def replace_with_chain(self, *args, link_msg=None):
    return self.replace(chain(identity.s(*args), identity.s()))


@task(bind=True)
def add_to_all(self, nums, val):
    raise self.replace(group(add.s(num, val) for num in nums))


@task(bind=True)
def add_to_all_to_chord(self, nums, val):
    for num in nums:
        self.add_to_chord(add.s(num, val))
    return 0


@task(bind=True)
def ids(self, i):
    return self.request.root_id, self.request.parent_id, i


@task(bind=True, max_retries=1)
def retry_once(self, *args, expires=None, max_retries=1, countdown=0.1):
    if self.request.retries:
        return self.request.retries
    raise self.retry(countdown=countdown, expires=expires, max_retries=max_retries)


@app.task(name="auto_retry_class_task", bind=True, autoretry_for=(ValueError,), max_retries=1, retry_backoff=True)
def auto_retry(self):
    if self.request.retries:
        return self.request.retries
    raise ValueError()


@task
def sleeping(i, **_others):
    time.sleep(i)


@task
def delayed_sum_with_soft_guard(numbers, pause_time=1):
    try:
        time.sleep(pause_time)
        return sum(numbers)
    except SoftTimeLimitExceeded:
        return 0


@task(bind=True)
def return_priority(self, *_args):
    return f"Priority: {self.request.delivery_info['priority']}"


def redis():
    from redis import StrictRedis

    return StrictRedis(host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]))


@task
def redis_echo(message, redis_key="redis-echo"):
    redis().rpush(redis_key, message)


@task
def redis_count(redis_key="redis-count"):
    redis().incr(redis_key)


@task
def errback_old_style(request_id):
    redis().incr(request_id)
    return request_id


@task
def errback_new_style(request, exc, tb):
    redis().incr(request.id)
    return request.id
