"""Kernels as forks of one process, which has imported what takes pages long to import.

A kernel has a process of its own all the same, and sees nothing of another page's. Where a fork is not safe Jupyter
starts kernels as it does by itself: what macOS computes with does not survive one.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.metadata import EntryPoint
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from nbclient import client

IMPORTED = (
    "ipykernel.kernelapp",
    "numpy.random",
    "matplotlib.pyplot",
    "proofs.experiments.themed",
    "sympy",
    "torch",
    "torch._dynamo",  # which the first optimizer imports
    "numba",
    "numerics.simulation",
    "proofs.printed",
    "smd.predicting",
)
"""No thread begins with them, no shell and no figure: a fork has what is there and nothing that runs."""
NAME = "forked"


class Forked:
    """A kernel's process, with as much of ``subprocess.Popen`` as Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it lives; how it ended, its parent alone knows."""
        try:
            self.send_signal(0)
        except ProcessLookupError:
            return 1
        return None

    wait = poll  # asked for when it has ended

    def send_signal(self, number: int) -> None:
        """As ``os.kill``."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Parent:
    """The process that kernels are forks of; it ends with the one that started it, and the kernels with it."""

    def __init__(self, imported: Sequence[str] = IMPORTED) -> None:
        self._connection, theirs = Pipe()
        self._lock = Lock()
        with theirs:
            command = [sys.executable, __file__, str(theirs.fileno()), *imported]
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True
            )

    def fork(self, **told: Any) -> Forked:
        """A kernel that is told its arguments, its folder and its environment."""
        with self._lock:
            self._connection.send(told)
            return Forked(self._connection.recv())

    def close(self) -> None:
        """End it, also while it still imports."""
        self._connection.close()
        self.process.terminate()
        self.process.wait()


class Provisioner(LocalProvisioner):
    """Starts a kernel as a fork; what comes after is as with every kernel."""

    source: Parent

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork instead of running the command, and give the kernel its arguments."""
        self.process = self.source.fork(arguments=cmd[cmd.index("-f") :], cwd=kwargs["cwd"], env=kwargs["env"])
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs["cwd"]
        return self.connection_info


class NoExit:
    """``atexit`` for nbclient, which would clean up at the interpreter's end after kernels that ended before it.

    Where an interrupt has cut its own cleaning short that fails, with a traceback behind the one line that was said.
    """

    @staticmethod
    def register(function: Callable[[], object]) -> Callable[[], object]:
        """Do nothing."""
        return function

    @staticmethod
    def unregister(function: Callable[[], object]) -> None:
        """Do nothing."""


@contextmanager
def forked() -> Iterator[None]:
    """Fork the kernels that this process starts; with the end of this they end, and none starts any more."""
    if sys.platform != "linux":
        yield
        return
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:{Provisioner.__name__}", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME
    client.atexit = NoExit
    Provisioner.source = Parent()
    try:
        yield
    finally:
        Provisioner.source.close()


def serve(connection: Connection, imported: Sequence[str]) -> None:
    """Import, then fork for whoever asks, until nobody can."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # a kernel sets it: too late, once imported
    for name in imported:
        with suppress(Exception):  # the page that needs it will tell, by its name
            import_module(name)
    if "numba" in sys.modules:
        sys.modules["numba"].njit(lambda: None)()  # the first function makes numba read what it can compile
    gc.freeze()
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        try:
            told = connection.recv()
        except EOFError:
            return
        parent = os.getpid()
        if not (pid := os.fork()):
            connection.close()
            if os.getppid() == parent:  # else it was ended in between, and who asked is gone
                become_kernel(parent, **told)
            return
        connection.send(pid)


def _reap(*_: Any) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def become_kernel(parent: int, arguments: list[str], cwd: str, env: dict[str, str]) -> None:
    """Be a kernel as a new process would be one: with a group for its signals and draws of its own.

    It ends with its parent, also if that ends before the kernel has found out whose child it is.
    """
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for drawing in ("numpy.random", "torch"):  # Python's own draws are seeded at a fork
        if drawing in sys.modules:
            sys.modules[drawing].seed()
    sys.argv[1:] = arguments
    IPKernelApp.launch_instance(arguments, parent_handle=parent)


if __name__ == "__main__":
    del sys.path[0]  # a kernel finds modules where it is
    serve(Connection(int(sys.argv[1])), sys.argv[2:])
