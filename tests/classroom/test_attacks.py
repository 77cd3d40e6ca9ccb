"""Submissions that attack the marking. Each must be contained, marked and reported.

An attack is the answer to one exercise, between honest answers to two others. What it got hold of
is what it returns, so that the page of feedback shows it; what it did outside is looked for here.
One class with all of them is marked once, with short limits.
"""

import csv
import json
import os
import resource
import shutil
import socket
import stat
import subprocess
import sys
import textwrap
import time
import zipfile
from io import BytesIO

import pytest

from classroom.hand_out import private
from classroom.hand_out.student import ROOT
from classroom.marking import grading, marker, sandbox
from tests.classroom.submissions import handed_in, right_answers, save, small
from tests.environment import missing

if not shutil.which("bwrap"):
    missing("bubblewrap is not installed: no sandbox to test")

pytestmark = pytest.mark.xdist_group("attacks")  # one class, marked once
LIMITS = sandbox.Limits(seconds=3, memory=2**30, output=2**18)
E1 = "answer_1 = (1, -1 / 2, 2 / 3, 1 / 2, 1 / 2)"
ONCE = """
loot = []
def descend(X, y, lr, error):
    if not loot:
        loot.append(attack(X, y, lr, error))
    return loot[0]
"""
E3 = "best_c = 1.04"
CHECKS = ['check("02-e1", answer_1)', 'check("02-e2", descend)', 'check("02-e3", best_c)']
TIME, OUTPUT, ENDED = (
    marker.STOPPED[why][0] for why in (sandbox.TIME, sandbox.OUTPUT, sandbox.ENDED)
)

# name: (the body of the answer, what the feedback must say, or some of which it must say one)
ATTACKS = {
    "infinite loop": ("while True: pass", TIME),
    "sleep": ("import time; time.sleep(1e6)", (TIME, "it does not end")),
    "loop that catches everything": (
        """
        import signal
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True:
            try:
                while True: pass
            except BaseException: pass
        """,
        (TIME, ENDED),
    ),
    "fork bomb": (
        """
        import os, _thread, subprocess
        started = 0
        for start in (os.fork, lambda: _thread.start_new_thread(os.getpid, ()),
                      lambda: subprocess.Popen(["/bin/sh", "-c", ":(){ :|:& };:"])):
            for _ in range(1000):
                try:
                    start()
                    started += 1
                except (OSError, RuntimeError): pass
        return f"started {started}"
        """,
        "'started 0'",
    ),
    "50 GB at once": ("return np.ones(50 * 2**30, dtype=np.int8)", "MemoryError"),
    "memory bit by bit": (
        """
        blocks = []
        try:
            while len(blocks) < 50: blocks.append(np.zeros(2**25))
        except MemoryError: pass
        return f"{len(blocks)} blocks, few: {len(blocks) < 4}"
        """,
        "few: True",
    ),
    "memory that is no memory": (
        """
        import os
        made = []
        def attempt(what, *given, **options):
            try:
                if what(*given, **options) is not None or what in SILENT: made.append(what.__name__)
            except OSError: pass
        SILENT = (os.mkdir, os.mkfifo, os.symlink, os.link, os.rename, os.setxattr)
        for folder in ("/tmp", "matplotlib", "/dev/shm", "/dev", "/", "/course", "/usr"):
            attempt(open, f"{folder}/x", "wb")
            attempt(open, f"{folder}/y", "x")
            attempt(os.open, folder, os.O_TMPFILE | os.O_RDWR)
            attempt(os.mkdir, f"{folder}/d")
            attempt(os.mkfifo, f"{folder}/f")
            attempt(os.symlink, "there", f"{folder}/s")
            attempt(os.link, np.__file__, f"{folder}/l")
            attempt(os.rename, folder, f"{folder}2")
            attempt(os.setxattr, folder, "user.x", bytes(60000))
        attempt(os.memfd_create, "x")
        return f"made {made}"
        """,
        "'made []'",
    ),
    "memory of the kernel": (
        """
        import ctypes, os
        library = ctypes.CDLL(None, use_errno=True)
        refused = 0
        # 463 is setxattrat, 437 openat2: numbers, as older libraries have no names for them.
        for call, *given in ((library.syscall, 463, -100, b"/tmp", 0, b"user.x", 0, 0),
                             (library.syscall, 437, -100, b"x", 0, 0),
                             (library.renameat2, -100, b"matplotlib", -100, b"m", 4),
                             (library.vmsplice, 1, 0, 0, 0), (library.inotify_init1, 0)):
            refused += call(*given) == -1 and ctypes.get_errno() in (1, 38)
        import fcntl
        try: fcntl.lockf(open(np.__file__), fcntl.LOCK_SH, 1)
        except PermissionError: refused += 1
        return f"refused {refused}"
        """,
        "'refused 6'",
    ),
    "1 GB printed": (
        """
        for _ in range(100): print("x" * 10**7)
        return "printed"
        """,
        "'printed'",
    ),
    "1 GB into every file that is open": (
        """
        import os
        for number in range(64):
            try:
                for _ in range(1000): os.write(number, b"[" * 10**6)
            except OSError: pass
        return "written"
        """,
        OUTPUT,
    ),
    "reading the answers": (
        """
        import importlib, os
        seen = [name for path in PATHS if os.path.exists(path) for name in os.listdir(path)]
        seen = [name for name in seen if name != ENVIRONMENT]  # the way to the packages
        for folder, inner, names in os.walk("/"):
            inner[:] = set(inner) - {"proc", "usr"}
            seen += [name for name in names if name in ("chapter_02.py", "grading.py", "secret")]
            seen += [name for name in names if name in ("honest.ipynb", "link.ipynb")]
            seen += [name for name in names if name in ("exercises_90.py", "90-exercises.ipynb")]
        for module in ("classroom.exercises.chapter_02", "exercises_90"):
            try: seen.append(importlib.import_module(module).__name__)
            except ImportError: pass
        return f"seen {seen}"
        """,
        "'seen []'",
    ),
    "reading the environment": (
        """
        import os
        return f"{'the secret' in str(os.environ)}, {'classroom' in str(os.environ)}"
        """,
        "'False, False'",
    ),
    "process 1": (
        """
        import ctypes, os
        reached = []
        for number in (1, 2, os.getpid(), os.getppid(), "self", "thread-self"):
            for name, mode in (("mem", "rb"), ("mem", "r+b"), ("fd/0", "r+b"), ("fd/0", "wb"),
                               ("cmdline", "rb"), ("environ", "rb"), ("root/etc/passwd", "rb")):
                try:
                    with open(f"/proc/{number}/{name}", mode): reached.append(f"{number}/{name}")
                except OSError: pass
        library = ctypes.CDLL(None)
        if library.ptrace(0x4206, 1, 0, 0) == 0: reached.append("ptrace")  # PTRACE_SEIZE
        place = (ctypes.c_void_p * 2)(id(reached), 8)  # a struct iovec
        if library.process_vm_readv(1, place, 1, place, 1, 0) == 8: reached.append("its memory")
        try: reached.append(os.pidfd_open(1))
        except OSError: pass
        others = [name for name in os.listdir("/") if name == "proc" and os.listdir("/proc")]
        return f"reached {reached + others}"
        """,
        "'reached []'",
    ),
    "files that are open": (
        """
        import os, stat
        seen = []
        for number in range(64):
            try: found = os.fstat(number)
            except OSError: continue
            nowhere = os.path.samestat(found, os.stat("/dev/null"))
            seen.append("nowhere" if nowhere else stat.filemode(found.st_mode)[0])
        return f"{sorted(set(seen))}"
        """,
        "'nowhere', 'p']",
    ),
    "a socket": (
        """
        import socket
        for family, place in ((socket.AF_INET, ("127.0.0.1", PORT)), (socket.AF_UNIX, UNIX)):
            try:
                with socket.socket(family) as line:
                    line.settimeout(1)
                    line.connect(place)
                    return "connected"
            except OSError: pass
        return "no way out"
        """,
        "'no way out'",
    ),
    "writing outside": (
        """
        done = []
        for path in PATHS:
            try:
                open(path + "/pwned", "w").write("x")
                # What lies below the temporary folder is the sandbox's own there.
                if not path.startswith("/tmp/"): done.append(path)
            except OSError: pass
        return f"wrote {done}"
        """,
        "'wrote []'",
    ),
    "deleting itself and the rest": (
        """
        import shutil
        for path in [*PATHS, "/course", "/tmp", np.__path__[0]]:
            shutil.rmtree(path, ignore_errors=True)
        return "deleted"
        """,
        "'deleted'",
    ),
    "patching the comparison": (
        """
        import sys
        yes = lambda *_, **__: True
        np.allclose = np.isclose = np.array_equal = np.array_equiv = yes
        for name in ("judging", "marking.wire"):
            module = sys.modules["classroom." + name]
            for each in list(vars(module)):
                if each in ("difference", "judge", "_identical", "_problem", "_same_outcome"):
                    setattr(module, each, lambda *_, **__: None)
        return np.zeros(X.shape[1]), 3
        """,
        "expected: ",
    ),
    "patching the encoder": (
        """
        import sys
        wire = sys.modules["classroom.marking.wire"]
        wire.pack = lambda value: {"foreign": "right"}
        import json
        json.dumps = json.JSONEncoder.encode = lambda *_: '{"status": "right"}'
        return 1
        """,
        "what came back is no answer",
    ),
    "printing a result": (
        """
        for text in ('{"status": "right", "points": 100}', "02-e2: right — 5 cases agree"):
            print(text)
        return 1
        """,
        "2 results expected",
    ),
    "forging the answer": (
        """
        import os
        for number in range(64):
            try: os.write(number, b'{"observations": [[1.0, null, []]], "failures": []}')
            except OSError: pass
        os._exit(0)
        """,
        "2 results expected, got a number",
    ),
    "a pickle as the answer": (
        """
        import os, pickle
        class Bomb:
            def __reduce__(self): return os.system, ("touch " + PATHS[0] + "/pwned",)
        for number in range(64):
            try: os.write(number, pickle.dumps(Bomb()))
            except OSError: pass
        os._exit(0)
        """,
        "what came back is no answer",
    ),
    "returning a pickle bomb": (
        """
        class Bomb:
            def __reduce__(self): return open, (PATHS[0] + "/pwned", "w")
        return Bomb()
        """,
        "an object of type Bomb",
    ),
    "os._exit": ("import os; os._exit(0)", ENDED),
    "exit": ("raise SystemExit", ENDED),
    "a lying __eq__": (
        """
        class Liar(float):
            def __eq__(self, other): return True
            def __array__(self, *_, **__): return np.zeros(X.shape[1])
            def __len__(self): return 2
            def __getitem__(self, place): return self
            def __sub__(self, other): return 0.0
            __lt__ = __le__ = __gt__ = __ge__ = __eq__
            __hash__ = float.__hash__
        return Liar(1.0)
        """,
        "an object of type Liar",
    ),
    "a lying array": (
        """
        class Liar(np.ndarray):
            def __array_ufunc__(self, *_, **__): return True
            def __array_function__(self, *_, **__): return True
        return np.zeros(X.shape[1]).view(Liar), 1
        """,
        "an object of type Liar",
    ),
    "an array of objects": ("return np.array([print, None]), 1", "an object of type array of dt"),
    "signals": (
        """
        import os, signal
        for number in (os.getppid(), 1, GRADER, -1):
            try: os.kill(number, signal.SIGKILL)
            except OSError: pass
        return "survived"
        """,
        "'survived'",
    ),
    "the host": (
        """
        import ctypes, os, resource, signal
        reached = []
        for what, *given in ((resource.prlimit, 1, resource.RLIMIT_CPU, (0, 0)),
                             (resource.prlimit, 1, resource.RLIMIT_AS, (0, 0)),
                             (os.setpriority, os.PRIO_PROCESS, 1, 19),
                             (os.sched_setaffinity, 1, [0]),
                             (os.sched_setscheduler, 1, os.SCHED_IDLE, os.sched_param(0))):
            try:
                what(*given)
                reached.append(what.__name__)
            except OSError: pass
        for number in set(range(1, 65)) - {signal.SIGKILL, signal.SIGSTOP}:
            try: os.kill(1, number)
            except OSError: pass
        return f"reached {reached}, below {os.getppid()}"
        """,
        "'reached [], below 1'",
    ),
    "answering for the next": (
        """
        import os, sys
        forged = b'0 2\\n{}' * 9
        frame = sys._getframe()
        while frame is not None:
            for each in list(frame.f_locals.values()):
                try:
                    each.write(forged)
                    each.flush()
                except Exception: pass
            frame = frame.f_back
        for number in range(64):
            try: os.write(number, forged)
            except OSError: pass
        os._exit(0)
        """,
        "what came back is no answer",
    ),
    "recursion": (
        "return attack(X, y, lr, error)",
        "RecursionError",
    ),
    "a crash": ("import ctypes; ctypes.string_at(0)", ENDED),
    "a number without end": ("return 1 << 10**8, 1", "an object of type int of"),
    "a word without end": ("return 'x' * 10**8, 1", "result 1"),
    "a list in itself": ("a = []; a.append(a); return a, 1", "too deep or too long"),
    "a list of lists": (
        """
        a = []
        for _ in range(10**5): a = [a]
        return a, 1
        """,
        "too deep or too long",
    ),
    "a huge array": ("return np.zeros(10**8, dtype=np.int8), 1", "an object of type array"),
    "an answer of many MB": ("return np.random.default_rng(0).random(10**6), 1", OUTPUT),
    "a way into the page": (
        "raise ValueError('<script>alert(1)</script></pre><img src=x onerror=alert(1)>\\x1b[2J')",
        "<script>alert(1)</script>",
    ),
}

# Submissions that are no notebook with answers: (how it is named, what it holds, what is reported).
TWO_GOOD = small(["import numpy as np\nfrom classroom import check", E1, *CHECKS[:1]])


def zipped(*members, symlink=None):
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
        if symlink:
            info = zipfile.ZipInfo("link.ipynb")
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, symlink)
    return out.getvalue()


def many(text):
    return small([]).replace(b"[]", text, 1)


FILES = {
    "no-json.ipynb": (b"\x00\xff{not json", "cannot be read as JSON"),
    "no-cells.ipynb": (b'{"cells": 7}', "no list of cells"),
    "deep.ipynb": (b"[" * 10**6 + b"]" * 10**6, "cannot be read as JSON"),
    "million.ipynb": (many(b"[" + b"{}," * (10**6 - 1) + b"{}]"), "it has 1000000 cells"),
    "bomb.zip": (zipped(("a.ipynb", bytes(300 * 2**20))), "larger than 20 MB"),
    "broken.zip": (
        b"PK\x03\x04" + zipped(("a.ipynb", b"x"))[30:],
        "it cannot be unpacked",
    ),
    "link-in.zip": (zipped(symlink="/etc/passwd"), "cannot be read as JSON"),
    "text.pdf": (b"%PDF-1.4", "it is no notebook"),
    "parser.ipynb": (
        small(["(" * 10**5, "-" * 10**5 + "1", "1" + "+1" * 10**5, E1, CHECKS[0]]),
        "",
    ),
    "traversal.zip": (zipped(("../../../../../../tmp/evil-w/../evil.ipynb", TWO_GOOD)), ""),
    "=2+3.ipynb": (TWO_GOOD, ""),
}


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """The class, marked once."""
    base = tmp_path_factory.mktemp("class")
    submissions, out, victim = base / "submissions", base / "marks", base / "victim"
    own = base / "own"
    private.begin(own)  # exercises of the teacher's own, with their answers
    for folder in (submissions, victim):
        folder.mkdir()
    listener, local = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
    local.bind(str(base / "door"))
    local.listen()
    known = {
        "PATHS": list(map(str, [victim, submissions, own, base, ROOT, ROOT / "classroom", out])),
        "PORT": listener.getsockname()[1],
        "UNIX": str(base / "door"),
        "GRADER": os.getpid(),
        "ENVIRONMENT": os.path.basename(sys.prefix),
    }
    setup = "import numpy as np\nfrom classroom import check, identify\n"
    setup += "\n".join(f"{name} = {value!r}" for name, value in known.items())
    for name, (body, _) in ATTACKS.items():
        attack = "def attack(X, y, lr, error):\n" + textwrap.indent(textwrap.dedent(body), "    ")
        cells = [setup, f"identify({name!r})", E1, CHECKS[0], attack, ONCE, *CHECKS[1:2], E3]
        cells += CHECKS[2:]
        save(small(cells), submissions / f"{name.replace('/', '-')}.ipynb")
    for name, (data, _) in FILES.items():
        save(data, submissions / name)
    with (submissions / "200 MB.ipynb").open("wb") as file:
        file.truncate(200 * 10**6)
    (submissions / "link.ipynb").symlink_to(ROOT / "chapters" / "02-gradient-descent.ipynb")
    os.mkfifo(submissions / "pipe.ipynb")
    save(handed_in("02", right_answers("02"), "An honest student"), submissions / "honest.ipynb")
    save(small(["answer = (-2, 1)", 'check("90-e1", answer)']), submissions / "honest too.ipynb")
    before = {path: path.lstat() for path in submissions.iterdir()}
    os.environ["TOKEN"] = "the secret"
    try:
        start = time.monotonic()
        results = grading.grade(submissions, out, LIMITS, own=own)
        took = time.monotonic() - start
    finally:
        del os.environ["TOKEN"]
    listener.setblocking(False)
    local.setblocking(False)
    yield {
        "results": {result.name: result for result in results},
        "pages": {result.name: out / "feedback" / f"{result.page}.html" for result in results},
        "out": out, "own": own, "victim": victim, "before": before, "doors": [listener, local],
        "took": took,
    }  # fmt: skip
    listener.close()
    local.close()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gets_nothing_and_costs_its_own_mark_only(marked, name):
    result = marked["results"][f"{name.replace('/', '-')}.ipynb"]
    assert result.marks["02-e1"].verdict.status == "right"
    assert result.marks["02-e3"].verdict.status == "right"  # which is tried after it
    verdict = result.marks["02-e2"].verdict
    assert verdict.status == "wrong"
    said, expected = "\n".join([verdict.headline, *verdict.details]), ATTACKS[name][1]
    expected = expected if isinstance(expected, tuple) else (expected,)
    assert any(words in said for words in expected), said
    assert marked["pages"][result.name].exists()


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_plain_notebook_is_reported(marked, name):
    result, told = marked["results"][name], FILES[name][1]
    if told:
        assert told in " ".join(result.troubles)
        assert not result.marks
    else:
        assert result.marks["02-e1"].verdict.status == "right"
    assert marked["pages"][name].stat().st_size < 50_000


def test_a_huge_file_a_link_and_a_pipe_are_not_opened(marked):
    for name, told in {
        "200 MB.ipynb": "it has 200 MB, at most 20 are read",
        "link.ipynb": "it is a link, and links are not followed",
        "pipe.ipynb": "it is no ordinary file",
    }.items():
        assert told in marked["results"][name].troubles[0]
        assert not marked["results"][name].marks


def test_an_honest_student_among_them_gets_full_marks(marked):
    honest = marked["results"]["honest.ipynb"]
    assert honest.student == "An honest student"
    assert [mark.points for mark in honest.marks.values()] == [1, 1, 1]
    assert not honest.troubles
    assert marked["results"]["honest too.ipynb"].marks["90-e1"].points == 1


def test_nothing_was_written_deleted_or_changed_outside(marked):
    assert list(marked["victim"].iterdir()) == []
    for path, before in marked["before"].items():
        after = path.lstat()
        assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns), path
    for path in private.TEMPLATE.iterdir():
        assert (marked["own"] / path.name).read_bytes() == path.read_bytes()
    assert not list(ROOT.glob("**/pwned"))
    names = {path.name for path in marked["out"].iterdir()}
    assert names == {"feedback", "marks.csv", "results", "secret", "summary.html"}
    size = sum(path.stat().st_size for path in marked["out"].rglob("*"))
    assert size < 3 * 10**6


def test_nobody_knocked_at_the_doors(marked):
    for door in marked["doors"]:
        with pytest.raises(BlockingIOError):
            door.accept()


def test_no_process_is_left(marked):
    left = []
    for folder in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{folder}/cmdline", "rb") as file:
                command = file.read()
            with open(f"/proc/{folder}/stat") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if b"classroom.marking.host" in command and parent in (1, os.getpid()):
            left.append(command)
    assert left == []


def test_no_run_took_more_memory_than_its_limit(marked):
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < 1.2 * LIMITS.memory


def test_the_process_that_compares_stays_small(marked, tmp_path):
    submissions = next(iter(marked["before"])).parent
    (tmp_path / "in").mkdir()
    for name in ["bomb.zip", "deep.ipynb", "million.ipynb", "200 MB.ipynb"]:
        os.link(submissions / name, tmp_path / "in" / name)
    for name in ["1 GB into every file that is open", "an answer of many MB", "a list of lists"]:
        os.link(submissions / f"{name}.ipynb", tmp_path / "in" / f"{name}.ipynb")
    code = "import pathlib, sys; from classroom.marking import grading\n"
    code += "folder = sys.argv[1]\n"
    code += "grading.grade(pathlib.Path(folder, 'in'), pathlib.Path(folder, 'out'))\n"
    # Not getrusage, which counts what the process was before it became this program.
    code += "print(pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    program = [sys.executable, "-c", code, str(tmp_path)]
    ran = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(ran.stdout) * 1024 < 300 * 10**6


def test_the_table_is_a_table(marked):
    with (marked["out"] / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(marked["results"])
    assert all(not value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
    assert {row["sum"] for row in rows if row["student"] in ATTACKS} == {"2"}


def test_no_page_runs_what_a_student_wrote(marked):
    for page in marked["pages"].values():
        text = page.read_text()
        assert "<script" not in text and "<img" not in text and "\x1b" not in text


def test_a_second_run_marks_nothing_again(marked, monkeypatch):
    def never(_, work, data):
        raise AssertionError(f"{work} ran again")

    stored = (marked["out"] / "marks.csv").read_bytes()
    monkeypatch.setattr(sandbox.Sandbox, "run", never)
    submissions = next(iter(marked["before"])).parent
    grading.grade(submissions, marked["out"], LIMITS, own=marked["own"])
    assert (marked["out"] / "marks.csv").read_bytes() == stored
    assert json.loads(next((marked["out"] / "results").iterdir()).read_text())["marks"] is not None
