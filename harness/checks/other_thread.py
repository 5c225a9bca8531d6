"""Another thread than the main one, for a call: the same one for a whole campaign, and handed over with two queues.

Starting a thread costs some libraries more than the call, and a future of an executor five times what the queues do.
"""

import contextlib
import functools
import os
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

Answer = queue.SimpleQueue[Any]

PATIENCE = 0.01
"""Seconds after which a call that was stopped goes on: the other one may be waiting for a lock that it holds."""


def in_other_thread(call: Callable[[], T]) -> T:
    """Return what a call returns in the other thread, or raise what it raises there."""
    return _result(_begun(call).get())


def at_once(here: Callable[[], T], there: Callable[[], T]) -> tuple[T, T]:
    """Return what two calls return that are made at the same time, the second one in the other thread."""
    answer = _begun(there)
    try:
        result = here()
    finally:
        other = answer.get()
    return result, _result(other)


def while_stopped(there: Callable[[Callable[[], None]], T], here: Callable[[], T]) -> tuple[T, T | None]:
    """Return what two calls return: one in the other thread that is told how to stop, and one here, meanwhile.

    If the other one does not stop, there is none here. If the one here has to wait for the other one, that goes on
    after `PATIENCE` seconds.
    """
    said: Answer = queue.SimpleQueue()
    go_on: queue.SimpleQueue[None] = queue.SimpleQueue()

    def stop() -> None:
        said.put(None)
        with contextlib.suppress(queue.Empty):
            go_on.get(timeout=PATIENCE)

    _begun(functools.partial(there, stop), said)
    other, result = said.get(), None
    if other is None:  # it has stopped, and what becomes of it is said afterwards
        try:
            result = here()
        finally:
            go_on.put(None)
            other = said.get()
    return _result(other), result


def start() -> None:
    """Have the thread running: before a candidate can get in the way."""
    _asked(os.getpid())


@functools.cache
def _asked(process: int) -> "queue.SimpleQueue[Callable[[], None]]":
    """Return the queue that the thread of a process serves: after a fork there is another process, and no thread."""
    asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    threading.Thread(target=_serve, args=(asked,), name="convoracle-other-thread", daemon=True).start()
    return asked


def _serve(asked: "queue.SimpleQueue[Callable[[], None]]") -> None:
    while True:
        asked.get()()


def _begun(call: Callable[[], Any], answer: Answer | None = None) -> Answer:
    """Have the other thread make a call; what becomes of it will be in the queue that is returned.

    That is one of its own, so that an interrupt leaves nothing behind for the next call.
    """
    answer = queue.SimpleQueue() if answer is None else answer
    _asked(os.getpid()).put(functools.partial(_answered, call, answer))
    return answer


def _result(became: tuple[Any, BaseException | None]) -> Any:
    """Return what a call returned, or raise what it raised."""
    result, error = became
    if error is not None:
        raise error
    return result


def _answered(call: Callable[[], Any], answer: Answer) -> None:
    """Put what became of a call into a queue."""
    try:
        answer.put((call(), None))
    except BaseException as error:
        answer.put((None, error))
