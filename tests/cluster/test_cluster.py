"""A class is marked on a cluster as by the threads of one machine, whatever becomes of a worker."""

import os
import shutil
import signal
import subprocess
import threading

import dask
import psutil
import pytest
from distributed import LocalCluster, Security

from classroom.hand_out import private
from classroom.marking import cluster, grading, marker, sandbox
from tests.classroom.submissions import flawed_class, save, small
from tests.environment import missing

if not shutil.which("bwrap"):
    missing("bubblewrap is not installed: no sandbox to test")

TURNS = 2  # of the class, under other names


@pytest.fixture(scope="module")
def submissions(tmp_path_factory):
    """A class without an endless loop, which stops at another line each time."""
    folder = tmp_path_factory.mktemp("class")
    for turn in range(TURNS):
        for name, notebook in flawed_class().items():
            if name != "Gus.ipynb":
                save(notebook, folder / f"{turn} {name}")
    return folder


@pytest.fixture(scope="module")
def alone(submissions, tmp_path_factory):
    """What the threads of this machine say."""
    out = tmp_path_factory.mktemp("alone")
    grading.grade(submissions, out)
    return out


@pytest.fixture
def out(alone, tmp_path):
    """An empty folder for marks; the inputs for marking are those of ``alone``."""
    shutil.copyfile(alone / "secret", tmp_path / "secret")
    return tmp_path


def assert_same(out, alone):
    """All that a teacher and a student get has the same bytes."""
    names = ["marks.csv", "summary.html", *(f"feedback/{p.name}" for p in alone.glob("feedback/*"))]
    for name in names:
        assert (out / name).read_bytes() == (alone / name).read_bytes(), name
    assert len(list(out.glob("feedback/*"))) == len(names) - 2


def workers_of(pool):
    """The addresses of the workers."""
    return list(pool._client.nthreads())


class Midway:
    """Does something once, when a few submissions have been marked."""

    def __init__(self, pool, what, after=4):
        self.pool, self.what, self.after, self.done = pool, what, after, 0
        self.executor, self.threads, self.require = pool.executor, pool.threads, pool.require
        self.submit, self.executor.submit = self.executor.submit, self.watched
        self.mark = pool.mark

    def watched(self, *given):
        future = self.submit(*given)
        future.add_done_callback(self.count)
        return future

    def count(self, _):
        self.done += 1
        if self.done == self.after:
            threading.Thread(target=self.what).start()


def test_a_worker_that_is_killed_costs_no_mark(submissions, alone, out):
    with cluster.connected(workers=2) as pool:
        (victim, *_) = pool.processes()
        struck = Midway(pool, lambda: os.kill(victim, signal.SIGKILL))
        grading.grade(submissions, out, pool=struck)
        assert victim not in pool.processes()
    assert_same(out, alone)


def test_a_worker_that_hangs_costs_no_mark(submissions, alone, out):
    with (
        dask.config.set({"distributed.scheduler.worker-ttl": "20s"}),
        cluster.connected(workers=2) as pool,
    ):
        (victim, *_) = pool.processes()
        struck = Midway(pool, lambda: os.kill(victim, signal.SIGSTOP))
        grading.grade(submissions, out, pool=struck)
        assert struck.done == len(list(submissions.iterdir()))
    assert_same(out, alone)


def test_what_was_marked_before_an_interruption_is_not_marked_again(submissions, alone, out):
    def interrupted(*_):
        raise sandbox.Missing("the machine was switched off")

    with cluster.connected(workers=2) as pool:
        stopping = Midway(pool, lambda: None)
        submit, given = stopping.executor.submit, []

        def few(mark, *arguments):
            given.append(mark)
            return submit(mark if len(given) < 10 else interrupted, *arguments)

        stopping.executor.submit = few
        with pytest.raises(sandbox.Missing, match="switched off"):
            grading.grade(submissions, out, pool=stopping)
    stored = len(list((out / "results").iterdir()))
    assert 0 < stored < 10
    with cluster.connected(workers=2) as pool:
        rest = Midway(pool, lambda: None)
        grading.grade(submissions, out, pool=rest)
        assert rest.done == len(list(submissions.iterdir())) - stored
    assert_same(out, alone)


def test_exercises_of_a_teachers_own_travel_too(tmp_path):
    own = tmp_path / "own"
    private.begin(own)
    (tmp_path / "in").mkdir()
    save(small(["answer = (-2, 1)", 'check("90-e1", answer)']), tmp_path / "in" / "Ada.ipynb")
    with cluster.connected(workers=1) as pool:
        (result,) = grading.grade(tmp_path / "in", tmp_path / "out", own=own, pool=pool)
    assert result.marks["90-e1"].points == 1


def without_bubblewrap():
    sandbox.walls.cache_clear()
    sandbox.probe.cache_clear()
    os.environ["PATH"] = ""


def test_a_worker_that_cannot_mark_refuses_by_name(submissions, tmp_path):
    with cluster.connected(workers=2) as pool:
        (first, second) = workers_of(pool)
        pool._client.run(without_bubblewrap, workers=[second])
        with pytest.raises(sandbox.Missing) as raised:
            grading.grade(submissions, tmp_path, pool=pool)
        told = str(raised.value)
        assert second in told and first not in told and "bubblewrap is not installed" in told
        pool.require = lambda settings: None  # as if it had come afterwards
        with pytest.raises(sandbox.Missing, match="bubblewrap is not installed"):
            grading.grade(submissions, tmp_path, pool=pool)
    assert not (tmp_path / "marks.csv").exists()


def test_a_worker_with_another_course_refuses_by_name(tmp_path):
    settings = marker.Settings("another", "salt", sandbox.Limits())
    with cluster.connected(workers=1) as pool:
        (address,) = workers_of(pool)
        with pytest.raises(sandbox.Missing) as raised:
            pool.require(settings)
    assert address in str(raised.value) and "another than where the marking" in str(raised.value)


def test_a_submission_that_ends_every_worker_is_told_and_tried_again(tmp_path, monkeypatch):
    def deadly(submission, settings):
        if submission.name == "b.ipynb":
            os._exit(1)
        return marker.mark(submission, settings)

    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        save(small(['check("02-e1", 1)']), tmp_path / "in" / f"{name}.ipynb")
    with cluster.connected(workers=1) as pool:
        monkeypatch.setattr(pool, "mark", deadly)
        _, b = grading.grade(tmp_path / "in", tmp_path / "out", pool=pool)
    # The other one may have been on the same worker each time.
    assert b.troubles == ["it could not be marked (KilledWorker)"]
    a, b = grading.grade(tmp_path / "in", tmp_path / "out")
    assert a.marks and b.marks and not a.troubles + b.troubles


def test_nothing_listens_where_another_machine_could_reach_it():
    with cluster.connected(workers=1):
        this = psutil.Process()
        processes = [this, *this.children(recursive=True)]
        listening = {
            one.laddr.ip
            for process in processes
            for one in process.net_connections("inet")
            if one.status == psutil.CONN_LISTEN
        }
    assert listening == {"127.0.0.1"}


def test_nobody_at_the_address_is_told():
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(ValueError, match="no scheduler answers at tcp://127.0.0.1:1"),
        cluster.connected(scheduler="tcp://127.0.0.1:1"),
    ):
        pass


def certificate(folder):
    """A certificate that signs itself, and Dask's settings with it."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    program = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    program += ["-subj", "/CN=course", "-keyout", key, "-out", cert]
    subprocess.run(program, capture_output=True, check=True)
    files = {"ca-file": cert}
    for role in ("client", "scheduler", "worker"):
        files |= {f"{role}.cert": cert, f"{role}.key": key}
    return {f"distributed.comm.tls.{name}": str(path) for name, path in files.items()}


def test_a_scheduler_with_certificates_is_reached_with_them_only(tmp_path):
    if not shutil.which("openssl"):
        missing("openssl is not installed: no certificate to test with")
    (tmp_path / "in").mkdir()
    save(small(['check("02-e1", 1)']), tmp_path / "in" / "a.ipynb")
    with dask.config.set(certificate(tmp_path)):
        server = LocalCluster(
            1, threads_per_worker=1, protocol="tls", dashboard_address="127.0.0.1:0",
            security=Security(),
        )  # fmt: skip
        with server, cluster.connected(scheduler=server.scheduler_address) as pool:
            assert server.scheduler_address.startswith("tls://")
            (result,) = grading.grade(tmp_path / "in", tmp_path / "out", pool=pool)
            assert result.marks
            with (
                dask.config.set({"distributed.comm.tls.ca-file": None}),
                pytest.raises(ValueError, match="no scheduler answers at tls://"),
                cluster.connected(scheduler=server.scheduler_address),
            ):
                pass
