"""Threads that wait for work, and begin with it within microseconds.

A thread that sleeps takes 20 to 50 microseconds to wake up, and its caller 10 to 25 to wake it: as long as a small
convolution takes. So a worker that has done its work goes to sleep only after it has looked for more for `PATIENCE`,
outside of Python's lock, and calls that follow each other find it awake. Nobody waits for one that is not: pieces of
work are taken one by one, and the caller takes those that are left.

What is handed over goes through queues. The words that threads look at (`convoracle.fast.simd.words`) only say when
there is something in them.
"""

import time
from collections import deque
from collections.abc import Callable
from functools import cache
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from convoracle.fast.processors import keep_off
from convoracle.fast.simd.words import add_and_look, new_word

PATIENCE = 100e-6
"""Seconds for which a thread looks for what it waits for before it goes to sleep."""

GRACE = 5e-6
"""Seconds between a call and a worker's start. The caller needs some three of these microseconds to enter its kernel
and so leave Python's lock; a worker that asked for the lock before would be put to sleep."""


class Job:
    """The pieces of one call, which threads take until none is left."""

    def __init__(self, kernel: Callable[..., None], pieces: int, arguments: tuple[Any, ...]) -> None:
        self.kernel, self.pieces, self.arguments = kernel, pieces, arguments
        self.left = deque(range(pieces))
        self.errors: list[BaseException] = []
        self.reports: SimpleQueue[int] = SimpleQueue()
        self.done = new_word()

    def work(self) -> int:
        """Do pieces until none is left, and return how many they were."""
        count = 0
        while self.left:
            try:
                piece = self.left.popleft()
            except IndexError:  # somebody else was faster
                break
            try:
                self.kernel(piece, self.pieces, *self.arguments)
            except BaseException as error:
                self.errors.append(error)
            count += 1
        return count

    def wait(self, pieces: int) -> None:
        """Wait until so many pieces have been done by others."""
        if pieces:
            add_and_look(self.done, 0, self.done, pieces, looks(PATIENCE), 0)
        while pieces:
            pieces -= self.reports.get()


class Worker:
    """A thread that works on the jobs it is given, and says where it is idle."""

    def __init__(self, idle: deque["Worker"]) -> None:
        self.jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.given, self.idle, self.avoided = new_word(), idle, -1
        self.thread = Thread(target=self._serve, name="convoracle", daemon=True)
        self.thread.start()

    def give(self, job: Job | None) -> None:
        """Give it a job, which none is to follow until it is done."""
        self.avoided = keep_off(self.thread.native_id, self.avoided)
        self.jobs.put(job)

    def _serve(self) -> None:
        """Work until there is no job where one should be."""
        patience, grace = looks(PATIENCE), looks(GRACE)
        done, count, served = new_word(), 0, 0
        while True:
            add_and_look(done, count, self.given, served + 1, patience, grace)
            job = self.jobs.get()
            if job is None:
                return
            done, count, served = job.done, job.work(), served + 1
            if count:
                job.reports.put(count)
            del job  # and with it the arrays the work was about
            self.idle.append(self)


class Team:
    """The workers of a process, `most` or fewer."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.workers: list[Worker] = []
        self.idle: deque[Worker] = deque()
        self.changing = Lock()
        self.last_work = 0.0

    def run(self, job: Job) -> None:
        """Do a job, with as many workers as are idle and of use; raise the error of a piece, if there was one."""
        workers = [worker for _ in range(job.pieces - 1) if (worker := self._idle_worker()) is not None]
        for worker in workers:
            worker.give(job)
        for worker in workers:
            worker.given[0] += 1
        job.wait(job.pieces - job.work())
        self.note_work()
        if job.errors:
            raise job.errors.pop()

    def note_work(self) -> None:
        """Note that some work has just been done, shared out or not."""
        self.last_work = time.perf_counter()

    def is_busy(self) -> bool:
        """Tell whether there was work so recently that a worker is still awake, or would be had it done some of it."""
        return time.perf_counter() - self.last_work < PATIENCE

    def _idle_worker(self) -> Worker | None:
        """Return a worker that has nothing to do, a new one if there may be more of them, or None."""
        try:
            return self.idle.pop()
        except IndexError:
            pass
        if len(self.workers) < self.most:
            with self.changing:
                if len(self.workers) < self.most:
                    # Numba is set up here: libraries it loads would count the processors a worker may run on.
                    looks(PATIENCE)
                    try:
                        self.workers.append(Worker(self.idle))
                    except RuntimeError:  # the system gives no more threads
                        return None
                    return self.workers[-1]
        return None

    def dismiss(self) -> None:
        """Have all workers end when they have done what they were given; there will be no others."""
        with self.changing:
            self.most = 0
        for worker in self.workers:
            worker.give(None)
            worker.given[0] += 1
        for worker in self.workers:
            worker.thread.join()


def looks(seconds: float) -> int:
    """Return how many times a thread looks at a word in so many seconds."""
    return int(seconds / _seconds_of_look()) + 1


@cache
def _seconds_of_look() -> float:
    """Return how long a look takes, measured in a fraction of a millisecond."""
    count, word, times = 1000, new_word(), []
    for _ in range(4):  # the first of which compiles
        start = time.perf_counter()
        add_and_look(word, 0, word, 1, count, 0)
        times.append(time.perf_counter() - start)
    return min(times) / count
