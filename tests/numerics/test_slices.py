"""Slices cover all items once, errors come through when all is still, and a forked process has threads of its own."""

import os
import threading
import time

import pytest

from numerics.slices import in_slices


@pytest.mark.parametrize(("items", "threads"), [(1, 4), (3, 2), (37, 3), (64, 4)])
def test_every_item_is_in_one_slice(items, threads):
    """However many threads there are."""
    seen = []
    in_slices(lambda low, high: seen.extend(range(low, high)), items, threads)
    assert sorted(seen) == list(range(items))


def test_an_error_comes_through_once_all_is_still():
    """No slice runs on behind the error's back, and the threads are there for the next call."""
    running = []

    def run(low, high):
        running.append(low)
        time.sleep(0.005)
        if low == 4:
            raise ValueError("the fifth item")
        running.remove(low)

    with pytest.raises(ValueError, match="the fifth item"):
        in_slices(run, 32, 2)
    assert running == [4]
    names = set()
    in_slices(lambda low, high: names.add(threading.current_thread().name), 32, 2)
    assert threading.current_thread().name not in names


def test_a_forked_process_has_threads_of_its_own():
    """Those of its parent are not there, and are not waited for."""
    in_slices(lambda low, high: None, 8, 2)
    child = os.fork()
    if child == 0:
        seen = []
        in_slices(lambda low, high: seen.append(low), 8, 2)
        os._exit(0 if len(seen) == 8 else 1)
    end = time.monotonic() + 20
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < end:
        time.sleep(0.01)
    if not ended[0]:
        os.kill(child, 9)
    assert ended == (child, 0)
