"""An interrupt waits until the chunk is whole; a second one does not."""

import os
import signal
import threading

import pytest

from numerics.interrupts import Deferred


def interrupt():
    """What Ctrl-C sends."""
    os.kill(os.getpid(), signal.SIGINT)


def test_one_interrupt_is_noted_and_the_handler_put_back():
    """Inside nothing is raised; afterwards the handler is what it was."""
    before = signal.getsignal(signal.SIGINT)
    with Deferred() as deferred:
        assert not deferred.asked
        interrupt()
        assert deferred.asked
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interrupt_comes_through_at_once():
    """So a chunk that never ends can be stopped."""
    before = signal.getsignal(signal.SIGINT)

    def impatient():
        with Deferred():
            interrupt()
            interrupt()

    with pytest.raises(KeyboardInterrupt):
        impatient()
    assert signal.getsignal(signal.SIGINT) is before


def test_beside_the_main_thread_signals_are_left_alone():
    """Only the main thread may set handlers; elsewhere a run goes on without them."""
    before, entered = signal.getsignal(signal.SIGINT), []

    def work():
        with Deferred() as deferred:
            entered.append((deferred.asked, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [(False, before)]
