"""Sends so many nested canvases at once and compares each result with what it must be. One line of JSON in the end.

    python canvas_random.py COUNT SEED
"""

import json
import random
import sys
import time

from canvas_app import (
    add,
    add_replaced,
    add_to_all,
    app,
    identity,
    mul,
    replace_with_chain,
    retry_once,
    tsum,
    xsum,
)
from celery import chain, chord, group

TIMEOUT = 25


class Canvases:
    """Each method gives a signature and what it makes of a number; without a number it begins a canvas."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def start(self):
        a, b = self.random.randrange(50), self.random.randrange(50)
        return self.random.choice(
            [
                (add.s(a, b), a + b),
                (identity.si(a), a),
                (add_replaced.s(a, b), a + b),
                (replace_with_chain.si(a), a),
                (retry_once.si(countdown=0.05), 1),
            ]
        )

    def step(self):
        k = self.random.randrange(1, 9)
        return self.random.choice(
            [
                (add.s(k), lambda n: n + k),
                (mul.s(k), lambda n: n * k),
                (add_replaced.s(k), lambda n: n + k),
                (identity.s(), lambda n: n),
                (replace_with_chain.s(), lambda n: n),
            ]
        )

    def pipe(self, depth):
        """Takes a number, gives a number."""
        kind = self.random.randrange(5) if depth else 0
        if kind <= 1:
            return self.step()
        if kind == 2:
            steps = [self.pipe(depth - 1) for _ in range(self.random.randrange(2, 4))]
            return chain(*(step for step, _ in steps)), lambda n: fold(steps, n)
        members = [self.pipe(depth - 1) for _ in range(self.random.randrange(1, 4))]
        header = [member for member, _ in members]
        total = lambda n: sum(effect(n) for _, effect in members)
        if kind == 3:
            return chord(header, xsum.s()), total
        after, effect = self.step()
        return chord(header, tsum.s() | after), lambda n: effect(total(n))

    def canvas(self, depth=3, top=True):
        # Celery's own workers count a header wrongly in which a chain ends with a group: that comes on top only.
        kind = self.random.randrange(4 if top else 3)
        if kind == 0:
            begin, number = self.start()
            pipe, effect = self.pipe(depth)
            return chain(begin, pipe), effect(number)
        if kind == 1:
            members = [self.canvas(depth - 1, top=False) if depth > 1 else self.start() for _ in range(self.random.randrange(2, 4))]
            return chord([member for member, _ in members], xsum.s()), sum(value for _, value in members)
        if kind == 3:
            begin, number = self.start()
            members = [self.pipe(depth - 1) for _ in range(2)]
            return begin | group(member for member, _ in members), [effect(number) for _, effect in members]
        numbers = [self.random.randrange(20) for _ in range(3)]
        after, effect = self.step()
        return add_to_all.s(numbers, 5) | tsum.s() | after, effect(sum(numbers) + 15)


def fold(steps, number):
    for _, effect in steps:
        number = effect(number)
    return number


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    canvases = Canvases(seed)
    made = [canvases.canvas() for _ in range(count)]
    sent = [(repr(canvas), canvas.delay(), expected) for canvas, expected in made]
    right, wrong = 0, []
    end = time.monotonic() + TIMEOUT
    for shown, result, expected in sent:
        try:
            value = result.get(timeout=max(0.1, end - time.monotonic()))
        except Exception as error:
            value = repr(error)
        if value == expected:
            right += 1
        else:
            wrong.append([shown[:600], value, expected])
    print(json.dumps({"right": right, "wrong": wrong}), flush=True)


main()
