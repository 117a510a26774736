"""A Python service that calls the worker of the example called_from_python. Says what it got, as a line of JSON."""

import json
import os

from celery import Celery, chord, signature

TIMEOUT = 30


def main():
    app = Celery(broker=os.environ["CELERY_BROKER_URL"], backend=os.environ["CELERY_RESULT_BACKEND"])
    tea = app.send_task("shop.price", ["tea"], {"pieces": 3}).get(timeout=TIMEOUT)
    try:
        app.send_task("shop.price", ["coffee"]).get(timeout=TIMEOUT)
    except KeyError as error:
        missing = error.args[0]
    try:
        app.send_task("shop.price", []).get(timeout=TIMEOUT)
    except TypeError as error:
        wrong = error.args[0]
    basket = [signature("shop.price", ("tea",), app=app), signature("shop.price", ("milk", 4), app=app)]
    total = chord(basket, signature("shop.total", app=app)).delay().get(timeout=TIMEOUT)
    print(json.dumps({"tea": tea, "missing": missing, "wrong": wrong, "total": total}), flush=True)


main()
