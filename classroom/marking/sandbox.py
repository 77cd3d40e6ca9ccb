"""A sandbox for programs that nobody trusts, made by `bubblewrap`: one for each submission.

The program sees Python, the installed packages, a copy of nothing else: `sgdcore`, the few modules
of `classroom` that run inside, and no other process. There is no network, and it can make no file.
What it may use up is limited from within by `classroom.marking.lockdown`, and from without by the
clock and by the length of what is read from it.
"""

import compileall
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

import matplotlib

ROOT = Path(__file__).resolve().parents[2]
MARKING = ["__init__", "host", "lockdown", "reader", "runner", "wire"]
INSIDE = ["judging.py", *(f"marking/{name}.py" for name in MARKING)]  # of `classroom`
HOME = "/tmp"  # in the sandbox
MATPLOTLIB = f"{HOME}/matplotlib"  # its list of fonts
SYSTEM = ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/fonts"]

# One thread each: others are refused. Figures are drawn nowhere.
QUIET = dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"], "1")
QUIET |= {"MPLBACKEND": "agg"}

TIME, OUTPUT, ENDED = "time", "output", "ended"

XCPU = 24  # the signal at the limit of processor time, on Linux
LOST = 999  # no status of a process
HEAD = 64  # bytes of a status and a length, at most

INSTALL = """\
A submission is a stranger's program. It is marked in a sandbox that bubblewrap makes:
{problem}.

  Debian, Ubuntu      apt install bubblewrap libseccomp2
  Fedora              dnf install bubblewrap libseccomp
  Arch                pacman -S bubblewrap libseccomp
  macOS, Windows      there is none: mark on a Linux machine, in a virtual one, or in WSL 2

In a container, bubblewrap needs to be allowed to make namespaces. With --trust the submissions run
as any program of yours, without a sandbox: do that only with programs that you have read."""


@dataclass(frozen=True)
class Limits:
    """What one job may use up, and all jobs of a submission."""

    seconds: int = 20  # of processor time; the clock may show ten more
    submission: int = 300  # seconds of the clock after which no more of its answers are tried
    memory: int = 2 * 2**30  # bytes of address space
    output: int = 4 * 2**20  # bytes that are read from the program


@dataclass(frozen=True)
class Outcome:
    """What a program gave back, and why it was stopped, if it was."""

    output: bytes
    stopped: str | None = None  # TIME, OUTPUT, ENDED


class Missing(Exception):
    """There is no sandbox on this machine; the message says what to do."""


@functools.cache
def probe():
    """See whether the sandbox works here.

    Raises
    ------
    Missing
        If it does not.
    """
    if shutil.which("bwrap") is None:
        raise Missing(INSTALL.format(problem="bubblewrap is not installed"))
    with Sandbox(Limits()) as box:
        outcome = box.run("reader", b"{}\n")
    if outcome.stopped:
        program = [*walls(), sys.executable, "-c", ""]
        tried = subprocess.run(program, capture_output=True, text=True, env={})
        said = tried.stderr.strip() or "libseccomp.so.2 is not installed"
        raise Missing(INSTALL.format(problem=f"it does not work here ({said})"))


@functools.cache
def walls():
    """The call of bubblewrap, up to the program."""
    for name in INSIDE:
        compileall.compile_file(ROOT / "classroom" / name, quiet=2)
    call = [shutil.which("bwrap"), "--unshare-all", "--hostname", "sandbox"]
    call += ["--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
    # As process 1, the host gets no signals from within its sandbox, not even those that kill.
    call += ["--die-with-parent", "--new-session", "--clearenv", "--as-pid-1"]
    for mount in _mounts():
        call += mount
    # No /proc: bubblewrap's own process would be in it, with its memory and the files it has open.
    call += ["--dev", "/dev", "--remount-ro", "/dev"]
    call += ["--remount-ro", "/", "--chdir", HOME]
    environment = QUIET | {
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "MPLCONFIGDIR": MATPLOTLIB,
        "PYTHONPATH": os.pathsep.join(["/course", *_packages()]),
    }
    for name, value in environment.items():
        call += ["--setenv", name, value]
    return (*call, os.path.realpath(sys.executable), "-s", "-S", "-B")


def _shown():
    """What a program can read: by the path inside, the path here; links are aside."""
    system = [path for path in SYSTEM if os.path.exists(path)]
    links = {path: os.readlink(path) for path in system if os.path.islink(path)}
    shown = {path: path for path in [*system, sys.base_prefix, *_packages()] if path not in links}
    shown["/course/sgdcore"] = ROOT / "sgdcore"
    shown["/course/classroom/__init__.py"] = ROOT / "classroom/marking/stand_in.py"
    for name in INSIDE:
        path = ROOT / "classroom" / name
        shown[f"/course/classroom/{name}"] = path
        compiled = Path(cache_from_source(path))
        if compiled.exists():  # else every sandbox would compile it anew
            inside = cache_from_source(f"/course/classroom/{name}")
            shown[inside] = compiled
    # Without its list of fonts, Matplotlib would spend seconds on making one.
    for fonts in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        shown[f"{MATPLOTLIB}/{fonts.name}"] = fonts
    return shown, links


def shown_in(path):
    """The folder in which students could read a file: one that the sandbox shows, or the course's.

    Wherever links lead; None if there is no such folder.
    """
    shown, _ = _shown()
    folders = [ROOT, *(Path(source).resolve() for source in shown.values())]
    return next((one for one in folders if path.resolve().is_relative_to(one)), None)


def _mounts():
    """The files inside, as options of bubblewrap; all can be read, none can be written."""
    shown, links = _shown()
    # Where the course is installed too, or kept within what is shown, it is hidden again.
    hidden = [ROOT, *(Path(folder) / "classroom" for folder in _packages())]
    hidden = [path for path in hidden if path.is_dir() and set(map(str, path.parents)) & set(shown)]
    mounts = {path: ["--ro-bind", str(source), path] for path, source in shown.items()}
    mounts |= {path: ["--symlink", to, path] for path, to in links.items()}
    # Matplotlib asks for a folder that it may write to, and writes nothing there.
    empty = [*map(str, hidden), HOME]
    mounts |= {path: ["--size", "65536", "--tmpfs", path] for path in empty}
    # A folder before what lies in it.
    return [mounts[path] for path in sorted(mounts, key=lambda path: path.count("/"))]


def _packages():
    return sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


class Sandbox:
    """Runs one job after another, each in a process of its own that ends with it.

    What all jobs need is imported once, by `classroom.marking.host`, which forks for each of them
    before it knows anything of the next. A job that takes too long ends with its whole sandbox, and
    the next one gets a new one.

    Parameters
    ----------
    limits : Limits
        What each job may use up.
    trust : bool
        Run the jobs without the sandbox; of the limits, clock and output remain.
    """

    def __init__(self, limits, trust=False):
        self.limits, self.trust = limits, trust
        self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end()

    def run(self, work, data):
        """What came of a job.

        Parameters
        ----------
        work : str
            The module of `classroom.marking` whose ``work`` is called: ``"reader"`` or
            ``"runner"``.
        data : bytes
            What it is called with.

        Returns
        -------
        Outcome
        """
        process = self._process = self._process or self._begun()
        late = threading.Event()

        def end():
            late.set()
            _kill(process)

        clock = threading.Timer(self.limits.seconds + 10, end)
        clock.start()
        try:
            status, output = self._asked(work, data)
        except (OSError, ValueError):  # it has ended in the middle
            status, output = LOST, b""
        finally:
            clock.cancel()
        if self.trust or late.is_set() or status == LOST:
            self._end()
        if late.is_set() or status == -XCPU:
            return Outcome(b"", TIME)
        if len(output) > self.limits.output:
            return Outcome(b"", OUTPUT)
        if status != 0 or not output:
            return Outcome(b"", ENDED)
        return Outcome(output)

    def _begun(self):
        """A new process that waits for jobs; without the sandbox, for one."""
        python, locks, environment = [sys.executable], [], os.environ | QUIET
        if not self.trust:
            python, environment = walls(), {}
            locks = [self.limits.seconds, self.limits.memory, self.limits.output]
        self._folder = tempfile.TemporaryDirectory()
        return subprocess.Popen(
            [*python, "-m", "classroom.marking.host", *map(str, locks)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment | {"PYTHONPATH": str(ROOT)}, cwd=self._folder.name,
            start_new_session=True,
        )  # fmt: skip

    def _asked(self, work, data):
        """The status of a job, as of a process, and what it wrote."""
        to, back = self._process.stdin, self._process.stdout
        to.write(f"{work} {len(data)}\n".encode() + data)
        to.flush()
        status, length = map(int, back.readline(HEAD).split())
        output = back.read(min(length, self.limits.output + 1))
        return status, output

    def _end(self):
        """End the sandbox with all that runs in it."""
        if self._process is not None:
            _kill(self._process)
            with contextlib.suppress(BrokenPipeError):
                self._process.communicate()
            self._folder.cleanup()
            self._process = None


def _kill(process):
    """End a program; in the sandbox all processes end with the one that made it."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
