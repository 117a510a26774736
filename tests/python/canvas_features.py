"""What a Python service may do with a worker, one thing after the other. Says what came of each, as one line of JSON."""

import json
import re
import time
import uuid

from canvas_app import (
    add,
    add_replaced,
    add_to_all,
    add_to_all_to_chord,
    app,
    auto_retry,
    delayed_sum_with_soft_guard,
    errback_new_style,
    errback_old_style,
    fail,
    identity,
    ids,
    redis,
    redis_count,
    redis_echo,
    replace_with_chain,
    retry_once,
    return_priority,
    sleeping,
    tsum,
    xsum,
)
from celery import chain, chord, group
from celery.result import AsyncResult, GroupResult

TIMEOUT = 30
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def outcome(result):
    """The result, or class, module and text of what it failed with; ids are left out."""
    try:
        return result.get(timeout=TIMEOUT)
    except Exception as error:
        return [type(error).__name__, *(UUID.sub("ID", str(arg)) for arg in error.args)]


def until(condition):
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def counted(key, times):
    return until(lambda: int(redis().get(key) or 0) == times)


def calls():
    yield "positional", outcome(add.delay(2, 3))
    yield "named", outcome(add.apply_async(kwargs={"x": 2, "y": 4}))
    yield "mixed", outcome(add.apply_async((2, 5), {"z": 1}))
    yield "text", outcome(identity.delay("żółć 中文 🦀"))
    yield "deep", outcome(identity.delay({"a": [1, 2.5, None, True, {"b": []}]}))
    yield "compressed", outcome(identity.apply_async(("a" * 5000,), compression="zlib")) == "a" * 5000
    ignored = add.apply_async((1, 2), ignore_result=True)
    yield "ignored", ignored.get(timeout=TIMEOUT)


def errors():
    yield "failure", outcome(fail.delay("why"))
    failed = fail.delay()
    yield "state", (outcome(failed), failed.state)[1]
    yield "unregistered", outcome(app.send_task("tasks.nobody_knows"))


def times():
    start = time.time()
    yield "countdown", outcome(add.apply_async((1, 1), countdown=0.5))
    yield "waited", time.time() - start >= 0.5
    yield "expired", outcome(add.apply_async((1, 1), countdown=1, expires=0.3))
    yield "priority", outcome(return_priority.apply_async(priority=7))
    yield "hard_limit", outcome(sleeping.apply_async((60,), time_limit=0.5))
    yield "soft_limit", outcome(
        delayed_sum_with_soft_guard.apply_async(([100],), {"pause_time": 60}, soft_time_limit=0.5)
    )


def retries():
    yield "retry", outcome(retry_once.delay())
    yield "autoretry", outcome(auto_retry.delay())


def revokes():
    later = add.apply_async((1, 1), countdown=120)
    until(lambda: any((app.control.inspect(timeout=1, limit=1).scheduled() or {}).values()))
    later.revoke()
    yield "revoked", outcome(later)
    running = sleeping.delay(120)
    until(lambda: running.id in str(app.control.inspect(timeout=1, limit=1).active()))
    running.revoke(terminate=True)
    yield "terminated", outcome(running)[0]


def canvases():
    yield "chain", outcome(chain(add.s(1, 2), add.s(3), add.s(4)).delay())
    yield "group", outcome(group(add.s(i, i) for i in range(20)).delay())
    yield "chord", outcome(chord([add.s(i, i) for i in range(20)], tsum.s()).delay())
    yield "empty_chord", outcome(chord([], tsum.s()).delay())
    yield "map", outcome(tsum.map([[1, 2], [3, 4]]).delay())
    yield "starmap", outcome(add.starmap([(1, 2), (3, 4)]).delay())
    yield "chunks", outcome(add.chunks([(i, i) for i in range(10)], 4).delay())
    yield "chunks_in_chain", outcome((add.si(1, 1) | add.chunks([(i, i) for i in range(4)], 2).group()).delay())
    yield "group_in_chain", outcome((add.s(1, 2) | group(add.s(3), add.s(4)) | xsum.s() | add.s(100)).delay())
    yield "groups_after_groups", outcome((group(add.s(1, 1), add.s(2, 2)) | group(tsum.s(), tsum.s()) | tsum.s()).delay())
    yield "chord_of_chains", outcome(chord([add.s(1, 1) | add.s(2), add.s(3, 3) | add.s(4)], tsum.s()).delay())
    yield "chord_of_chords", outcome(
        chord([chord([add.s(1, 1)], tsum.s()), chord([add.s(2, 2), add.s(3, 3)], tsum.s())], tsum.s()).delay()
    )
    yield "chain_of_chords", outcome(
        chain(*(chord([add.s(i), add.s(i)] if i else [add.si(1, 0), add.si(2, 0)], tsum.s()) for i in range(4))).delay()
    )
    with_z = chord([add.s(1, 1), add.si(2, 2), add.s(3, 3) | add.s(4)], tsum.s())
    yield "keywords_of_a_chord", outcome(with_z.apply_async(kwargs={"z": 100}))
    with_z = chord([add.s(1), add.si(2, 2), add.s(3) | add.s(4)], tsum.s(), kwargs={"kwargs": {"z": 100}})
    yield "keywords_in_a_chain", outcome((add.s(1, 1) | with_z).delay())
    sent = {"header": [add.s(1, 1), add.si(2, 2)], "body": tsum.s().set(task_id=str(uuid.uuid4())), "kwargs": {"z": 100}}
    app.send_task("celery.chord", kwargs=sent).get(timeout=TIMEOUT)
    yield "keywords_in_a_message", outcome(sent["body"].AsyncResult(sent["body"].options["task_id"]))
    yield "body_is_a_chain", outcome(chord([add.s(1, 1), add.s(2, 2)], tsum.s() | add.s(10)).delay())
    yield "body_is_a_group", outcome(chord([add.s(1, 1), add.s(2, 2)], group(tsum.s(), tsum.s())).delay())
    yield "group_in_group", outcome(group(add.s(1, 1), group(add.s(2, 2), add.s(3, 3))).delay())
    yield "immutable", outcome((add.s(1, 1) | add.si(5, 5)).delay())
    yield "partial", outcome(chain(identity.s(), add.s(1)).delay(41))


def replaced():
    yield "replaced", outcome(add_replaced.delay(1, 2))
    yield "replaced_in_chain", outcome((add.s(1, 1) | add_replaced.s(10) | add.s(100)).delay())
    yield "replaced_in_header", outcome(chord([add_replaced.s(1, 1), replace_with_chain.s(5)], tsum.s()).delay())
    yield "replaced_by_group", outcome(chord([add_to_all.s([1, 2], 10), add.s(1, 1)], xsum.s()).delay())
    yield "added_to_chord", outcome(chord([add_to_all_to_chord.s([1, 2], 10), add.s(1, 1)], tsum.s()).delay())
    yield "retry_in_chord", outcome(chord([retry_once.s(), add.s(1, 1)], tsum.s()).delay())


def links():
    key = str(uuid.uuid4())
    add.apply_async((1, 1), link=redis_count.si(key))
    yield "link", counted(key, 1)
    key = str(uuid.uuid4())
    add.apply_async((1, 1), link=[redis_count.si(key), redis_count.si(key)])
    yield "links", counted(key, 2)
    key = str(uuid.uuid4())
    chain(add.s(1, 1), add.s(2)).apply_async(link=redis_echo.s(redis_key=key))
    yield "chain_link", until(lambda: redis().lrange(key, 0, -1) == [b"4"])
    failing = fail.apply_async(link_error=errback_old_style.s())
    yield "old_errback", counted(failing.id, 1)
    failing = fail.apply_async(link_error=errback_new_style.s())
    yield "new_errback", counted(failing.id, 1)
    key = str(uuid.uuid4())
    chord([fail.s(), add.s(1, 1)], tsum.s().on_error(redis_count.si(key))).delay()
    yield "body_errback", counted(key, 1)
    key = str(uuid.uuid4())
    (add.s(1, 1) | fail.s() | add.s(1)).on_error(redis_count.si(key)).delay()
    yield "chain_errback", counted(key, 1)


def failures():
    yield "chain_failure", outcome((add.s(1, 1) | fail.s() | add.s(1) | add.s(2)).delay())
    yield "chord_failure", outcome(chord([add.s(1, 1), fail.s()], tsum.s()).delay())
    yield "nested_failure", outcome(chord([chord([add.s(1, 1), fail.s()], tsum.s()), add.s(1, 1)], tsum.s()).delay())
    yield "failure_before_group", outcome((fail.si() | group(add.s(1), add.s(2)) | tsum.s()).delay())
    yield "failure_in_header_chain", outcome(chord([add.s(1, 1) | fail.s() | add.s(1), add.s(2, 2)], tsum.s()).delay())
    yield "failing_body", outcome(chord([add.s(1, 1)], fail.s() | add.s(1)).delay())


def relations():
    first = ids.si(1)
    first.freeze()
    result = chain(first, ids.si(2), ids.si(3)).delay()
    root, parent, _ = result.get(timeout=TIMEOUT)
    yield "root", root == first.id
    yield "parent", parent == result.parent.id
    until(lambda: len(AsyncResult(first.id, app=app).children or []) == 1)
    yield "children", [child.id for child in AsyncResult(first.id, app=app).children] == [result.parent.id]
    yield "collected", [value for _, value in AsyncResult(first.id, app=app).collect()][-1][2]
    saved = group(add.s(1, 1), add.s(2, 2)).delay()
    saved.save()
    again = GroupResult.restore(saved.id, app=app)
    yield "ready", until(again.ready)
    yield "restored", [result.result for result in again.results]
    yield "completed", again.completed_count()
    stamped = add.s(1, 1)
    stamped.stamp(who="me")
    yield "stamped", outcome((stamped | add.s(1)).delay())
    gone = add.delay(1, 1)
    gone.get(timeout=TIMEOUT)
    gone.forget()
    yield "forgotten", AsyncResult(gone.id, app=app).state


def protocol_1():
    """As old clients send, and those of other languages."""
    app.conf.task_protocol = 1
    vars(app.amqp).pop("create_task_message", None)
    yield "old_message", outcome(add.apply_async((1, 2), {"z": 4}, countdown=0.1, expires=60))
    yield "old_chain", outcome((add.s(1, 1) | add.s(2) | add.s(3)).delay())
    yield "old_chord", outcome(chord([add.s(1, 1), add.s(2, 2)], tsum.s()).delay())
    yield "old_retry", outcome(retry_once.delay())
    app.conf.task_protocol = 2
    vars(app.amqp).pop("create_task_message", None)


def main():
    said = {}
    for part in (calls, errors, times, retries, revokes, canvases, replaced, links, failures, relations, protocol_1):
        said.update(part())
    print(json.dumps(said), flush=True)


main()
