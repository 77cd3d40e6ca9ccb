"""Mark on a cluster of Dask, whose workers do what else the threads of this machine do.

Submissions travel to the workers and results back as data, so nothing but the installed course
needs to be there. What a worker that dies was marking is marked by another.
"""

import contextlib
import os
import socket

from classroom.marking import sandbox
from classroom.marking.marker import mark, marker

READY = 120  # seconds in which a worker must say whether it can mark
HERE = "127.0.0.1"  # which other machines cannot reach
INSTALL = """\
Marking on a cluster needs Dask, here and on every worker, in the same versions:
  pip install -r classroom/requirements-cluster.txt"""


class Cluster:
    """The workers that a client of Dask knows."""

    def __init__(self, client):
        self._client = client
        self.executor = client.get_executor()
        self.threads = sum(client.nthreads().values())

    def require(self, settings):
        """Raise `sandbox.Missing`, with the names of the workers, unless all can mark."""
        asked = {
            address: self._client.submit(refusal, settings, workers=[address], pure=False)
            for address in self._client.nthreads()
        }
        refused = []
        for address, answer in asked.items():
            try:
                why = answer.result(timeout=READY)
            except Exception as error:  # it has gone, or does not know the course
                why = f"?: {type(error).__name__}: {error}"
            if why:
                refused.append(f"{address} on {why}")
        if refused:
            raise sandbox.Missing("\n".join(["not every worker can mark:", *refused]))

    def processes(self):
        """The numbers of the workers' processes, on their machines."""
        return list(self._client.run(os.getpid).values())

    @staticmethod
    def mark(submission, settings):
        """What `marker.mark` does; an error names the machine, as a worker may have come late."""
        try:
            return mark(submission, settings)
        except sandbox.Missing as error:
            raise sandbox.Missing(f"{socket.gethostname()}: {error}") from None


def refusal(settings):
    """Why this worker cannot mark, with the name of its machine; None if it can."""
    try:
        marker(settings)
    except (sandbox.Missing, ValueError) as error:
        return f"{socket.gethostname()}: {error}"
    return None


@contextlib.contextmanager
def connected(workers=None, scheduler=None):
    """A cluster: so many processes of this machine, or what a scheduler has.

    Where Dask's settings name certificates, the connection to a ``tls://`` address is made with
    them. The processes of this machine can be reached from this machine only.

    Parameters
    ----------
    workers : int
        Processes, at least 1.
    scheduler : str
        An address, such as ``"tcp://host:8786"``.

    Raises
    ------
    ValueError
        If Dask is not installed, if there are no workers, or if no scheduler answers.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ValueError(f"{INSTALL}\n({error})") from error
    with contextlib.ExitStack() as ended:
        if scheduler is None:
            if workers < 1:
                raise ValueError(f"--workers must be at least 1, got {workers}")
            scheduler = ended.enter_context(
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    host=HERE,
                    dashboard_address=f"{HERE}:0",
                )
            )
        try:
            client = ended.enter_context(Client(scheduler))
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(f"no scheduler answers at {scheduler}: {error}") from error
        cluster = Cluster(client)
        if not cluster.threads:
            raise ValueError(f"the scheduler at {scheduler} has no workers: start some first")
        yield cluster
