"""Sends a task to everybody, as clients of Celery do: with the exchange declared, which publishes it, and without, which puts
it into the lists of all queues that are bound."""

import sys

from kombu.common import Broadcast
from redis_app import app

app.conf.task_queues = (Broadcast("news"),)


def main():
    path = sys.argv[1]
    exchange = app.amqp.queues["news"].exchange
    app.send_task("tasks.late", (f"{path}.lists", 0), queue="news")
    app.send_task("tasks.late", (f"{path}.published", 0), queue="news", declare=[exchange])


main()
