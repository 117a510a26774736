"""A Celery app whose workers listen to a fanout exchange beside their queue, for clients that broadcast."""

from kombu import Queue
from kombu.common import Broadcast
from redis_tasks import app

app.conf.task_queues = (Queue("celery"), Broadcast("news"))
