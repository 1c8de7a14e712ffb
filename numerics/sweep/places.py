"""Where cells are run: in processes of this machine through joblib, or by the workers of a Dask cluster."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from numerics.sweep.calling import call, call_here, keep
from numerics.sweep.cells import BadSweep, Cell, Point

TRIES = 3
"""Times that a cell may lose the process that runs it, the last of them alone."""
REACH = 10.0
"""Seconds in which a cluster must answer."""
Settings = tuple[Any, ...]


def here(
    folder: Path,
    waiting: Sequence[Point],
    settings: Settings,
    jobs: int,
    written: Callable[[Point], bool],
    lost: Callable[[str], None],
) -> Iterator[str]:
    """Run the points in ``jobs`` processes of one thread each, which write their cells; keys as they are done.

    With one job they run in this process. When a process is killed, the points that were under way and that nobody
    has ``written`` are tried again, in the end alone; one that loses its process TRIES times has failed.
    """
    joblib = _imported("joblib", "train")
    if jobs == 1:
        for point in waiting:
            yield call_here(folder, os.getpid(), point, *settings)
        return
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # A process whose memory has grown ends after its point and another takes its place, which loky calls a warning.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given to the executor", UserWarning)
    left = {point.key: point for point in waiting}
    deaths: Counter[str] = Counter()
    while left:
        together = [point for point in left.values() if deaths[point.key] < TRIES - 1]
        begun: list[str] = []
        processes = joblib.Parallel(
            n_jobs=jobs, backend="loky", batch_size=1, pre_dispatch="n_jobs", return_as="generator_unordered"
        )
        try:
            with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
                batch = _noted(together or [*left.values()][:1], begun)
                for key in processes(joblib.delayed(call_here)(folder, os.getpid(), p, *settings) for p in batch):
                    del left[key]
                    yield key
        except TerminatedWorkerError:
            under_way = [left[key] for key in begun if key in left]
            for point in filter(written, under_way):
                del left[point.key]
                yield point.key
            under_way = [point for point in under_way if point.key in left]
            deaths.update(point.key for point in under_way)
            again = [point for point in under_way if deaths[point.key] < TRIES]
            if again:
                lost(f"a worker was killed; trying again: {'; '.join(map(str, again))}")
            for point in under_way:
                if deaths[point.key] >= TRIES:
                    failed = f"the process that ran it was killed {TRIES} times; is there memory enough?"
                    keep(folder, point, Cell(point.parameters, point.seed, {}, failed))
                    del left[point.key]
                    yield point.key
        except BaseException:
            get_reusable_executor().shutdown(wait=False, kill_workers=True)
            raise


def client_of(address: str) -> Any:
    """A client of the Dask scheduler at ``address``, to be closed; BadSweep where none answers."""
    distributed = _imported("distributed", "cluster")
    try:
        return distributed.Client(address, timeout=REACH, set_as_default=False)
    except (OSError, ValueError, TypeError) as failed:
        raise BadSweep(f"dask = {address}: no scheduler answers there: {' '.join(str(failed).split())}") from failed


def cluster(
    folder: Path, waiting: Sequence[Point], settings: Settings, address: str, lost: Callable[[str], None]
) -> Iterator[str]:
    """Run the points on the Dask cluster at ``address``; this process writes the cells.

    Dask itself tries again what a worker that died was running. Raises BadSweep where the cluster does not answer, or
    where its workers run several cells in one process or lack the packages.
    """
    distributed = _imported("distributed", "cluster")
    with client_of(address) as client:
        threads = {worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values()}
        if threads - {1}:
            raise BadSweep(
                f"dask = {address}: workers of {max(threads)} threads run several cells in one process; "
                "start them with --nthreads 1"
            )
        futures = {client.submit(call, p, *settings, key=f"{p.key}-{uuid4()}", pure=False): p for p in waiting}
        for future in distributed.as_completed(list(futures), loop=client.loop):
            point = futures.pop(future)
            try:
                cell = future.result()
            except distributed.KilledWorker:
                cell = Cell(point.parameters, point.seed, {}, "the workers that ran it were killed, one after another")
            except BadSweep:
                raise
            except Exception as failed:
                raise BadSweep(f"dask = {address}: a worker cannot run the cells: {failed}") from failed
            keep(folder, point, cell)
            yield point.key


def _noted(points: Iterable[Point], begun: list[str]) -> Iterator[Point]:
    for point in points:
        begun.append(point.key)
        yield point


def _imported(package: str, extra: str) -> Any:
    from importlib import import_module

    try:
        return import_module(package)
    except ModuleNotFoundError as missing:
        raise BadSweep(f"{package} is not installed: pip install 'spherical-motion[{extra}]'") from missing
