"""What lies in a teacher's folder besides a tidy notebook a student, and what is said about it."""

import ast
import csv
import io
import json
import os
import re
import shutil
import socket
import zipfile

import pytest

from classroom.hand_out.student import ROOT
from classroom.marking import grading, intake, marker, questions, sandbox
from classroom.marking.reader import cells_of, read
from tests.classroom.submissions import handed_in, right_answers, save, small
from tests.environment import missing

if not shutil.which("bwrap"):
    missing("bubblewrap is not installed: no sandbox to test")

E1 = "answer_1 = (1, -1 / 2, 2 / 3, 1 / 2, 1 / 2)"
CHECK = 'check("02-e1", answer_1)'
GOOD, WRONG = small([E1, CHECK]), small(["answer_1 = 7", CHECK])
CHAPTERS = sorted(path.name[:2] for path in (ROOT / "chapters").glob("*.ipynb"))
ROOT_USER = os.geteuid() == 0  # may read everything
OLD, NEW = 1_600_000_000, 1_700_000_000  # seconds


@pytest.fixture
def grade(tmp_path):
    """Mark files, given as bytes or as what makes them; the results by name."""

    def mark(files, **limits):
        folder = tmp_path / "in"
        for name, made in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if callable(made):
                made(folder / name)
            else:
                save(made, folder / name)
        results = grading.grade(folder, tmp_path / "out", sandbox.Limits(**limits))
        return {result.name: result for result in results}

    yield mark
    for path in (tmp_path / "in").rglob("*"):  # so that the folder can be removed
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)


def points(result):
    return {label: mark.points for label, mark in result.marks.items()}


def zipped(members, **options):
    """A zip of (name, content) or (name, content, date)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content, *date in members:
            info = zipfile.ZipInfo(name, *date)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def dated(content, date):
    def make(path):
        save(content, path)
        os.utime(path, (date, date))

    return make


# ---- Nothing in the folder stops the class


def a_loop(path):
    path.symlink_to(path.name)


def a_socket(path):
    place = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(path.parent)  # the whole path may be too long for a socket
    place.bind(path.name)
    os.chdir(here)
    place.close()


def locked(path):
    save(GOOD, path)
    path.chmod(0)


def a_locked_folder(path):
    path.mkdir()
    save(GOOD, path / "x.ipynb")
    path.chmod(0)


def far_too_deep(path):
    """Folders in folders, deeper than a path may be long."""
    here = os.open(path.parent, os.O_RDONLY)
    for name in [path.name, *["d" * 200] * 30]:
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def a_name_that_is_no_text(path):
    save(GOOD, os.fsdecode(os.fsencode(path.parent) + b"/\xff\xfe.ipynb"))


def test_everybody_is_marked_whatever_lies_beside(tmp_path, grade):
    odd = {
        "loop.ipynb": a_loop,
        "pipe.ipynb": os.mkfifo,
        "socket.ipynb": a_socket,
        "locked.ipynb": locked,
        "locked": a_locked_folder,
        "deep": far_too_deep,
        "no text": a_name_that_is_no_text,
        "empty": lambda path: path.mkdir(),
        "to out": lambda path: path.symlink_to(tmp_path / "out"),
        "𝔸" * 60 + ".ipynb": GOOD,  # four bytes a letter
        "device.ipynb": lambda path: path.symlink_to("/dev/zero"),
        "nothing.ipynb": b"",
    }
    try:
        results = grade({"Ada.ipynb": GOOD, **odd})
    finally:
        shutil.rmtree(tmp_path / "in" / "deep", ignore_errors=True)
    assert points(results["Ada.ipynb"]) == {"02-e1": 1, "02-e2": 0, "02-e3": 0}
    assert len(results) == len(odd) + 1
    assert points(results["𝔸" * 60 + ".ipynb"])["02-e1"] == 1
    for name in ("loop.ipynb", "device.ipynb", "to out"):
        assert results[name].troubles == ["it is a link, and links are not followed"]
    for name in ("pipe.ipynb", "socket.ipynb"):
        assert results[name].troubles == ["it is no ordinary file"]
    assert "a folder in it cannot be read" in results["deep"].troubles[0]
    if not ROOT_USER:
        assert "Permission denied" in results["locked.ipynb"].troubles[0]
    assert len(list((tmp_path / "out" / "feedback").iterdir())) == len(results)


def test_a_fault_of_the_marking_itself_costs_one_submission(grade, monkeypatch):
    choose = marker.Marker._chosen

    def fails(self, notebooks, result):
        if result.name == "b.ipynb":
            raise OSError("whatever it may be")
        return choose(self, notebooks, result)

    monkeypatch.setattr(marker.Marker, "_chosen", fails)
    results = grade({"a.ipynb": GOOD, "b.ipynb": GOOD})
    assert points(results["a.ipynb"])["02-e1"] == 1
    assert results["b.ipynb"].troubles == ["it could not be marked (OSError)"]


def test_an_error_that_is_no_error_costs_its_own_mark_only(grade):
    """What a forged answer calls the kind of its error need be no word."""
    forged = json.dumps({"observations": [[None, [["x"], 1, 2, {}], []]], "failures": []})
    attack = f"""
import os
def descend(X, y, lr, error):
    for number in range(64):
        try: os.write(number, {forged.encode()!r})
        except OSError: pass
    os._exit(0)
"""
    (result,) = grade({"a.ipynb": small([E1, CHECK, attack, 'check("02-e2", descend)'])}).values()
    assert points(result)["02-e1"] == 1
    assert result.marks["02-e2"].verdict.status == "wrong"


# ---- One page each


def test_the_name_of_a_page_has_a_long_hash_and_none_is_written_twice(grade, monkeypatch):
    name = intake.page_name("Ada.ipynb")
    assert len(re.fullmatch("Ada-([0-9a-f]+)", name)[1]) * 4 >= 64
    monkeypatch.setattr(grading, "page_name", lambda name: "the same")
    with pytest.raises(ValueError, match="the same page"):
        grade({"a.ipynb": GOOD, "b.ipynb": GOOD})


# ---- One notebook counts, for a limited time


@pytest.fixture
def runs(monkeypatch):
    """The programs that are run in the sandbox."""
    sandbox.probe()  # which runs one too, once
    seen, run = [], sandbox.Sandbox.run
    monkeypatch.setattr(sandbox.Sandbox, "run", lambda *given: seen.append(given[1]) or run(*given))
    return seen


def test_of_many_notebooks_in_a_zip_only_the_one_that_counts_is_run(grade, runs):
    days = {"a": 1, "b": 3, "c": 2}
    members = [
        (f"{name}.ipynb", GOOD if name == "b" else WRONG, (2026, 1, day, 0, 0, 0))
        for name, day in days.items()
    ]
    (result,) = grade({"x.zip": zipped(members)}).values()
    assert runs == ["reader", "runner"]
    assert points(result)["02-e1"] == 1
    assert result.troubles == [
        "02-e1 stands in a.ipynb and in c.ipynb and in b.ipynb: what counts is b.ipynb, the newest"
    ]


def test_of_the_files_in_a_folder_the_newest_counts(grade, runs):
    files = {"Ada/a.ipynb": dated(GOOD, NEW), "Ada/b.ipynb": dated(WRONG, OLD)}
    (result,) = grade(files).values()
    assert points(result)["02-e1"] == 1 and len(runs) == 3
    assert result.troubles == [
        "02-e1 stands in b.ipynb and in a.ipynb: what counts is a.ipynb, the newest"
    ]


def test_of_more_than_is_read_the_newest_counts_and_it_is_told(grade, monkeypatch):
    monkeypatch.setattr(intake, "MOST_BYTES", len(GOOD))
    (result,) = grade({"Ada/a.ipynb": dated(GOOD, NEW), "Ada/b.ipynb": dated(WRONG, OLD)}).values()
    assert points(result)["02-e1"] == 1
    assert result.troubles == ["there is too much in it: the newest 0 MB count"]


def test_where_dates_do_not_tell_the_last_name_counts(grade):
    files = {"Ada/a/x.ipynb": dated(WRONG, OLD), "Ada/b/x.ipynb": dated(GOOD, OLD)}
    (result,) = grade(files).values()
    assert points(result)["02-e1"] == 1
    assert result.troubles == [
        "02-e1 stands in a/x.ipynb and in b/x.ipynb: what counts is b/x.ipynb, the last by name"
    ]


def test_a_submission_has_a_time_limit(grade, runs, monkeypatch):
    clock = [0.0]
    run = sandbox.Sandbox.run

    def slow(*given):
        clock[0] += 10
        return run(*given)

    monkeypatch.setattr(sandbox.Sandbox, "run", slow)
    monkeypatch.setattr(marker.time, "monotonic", lambda: clock[0])
    (result,) = grade({"x.ipynb": handed_in("02", right_answers("02"))}, submission=15).values()
    assert runs == ["reader", "runner"]
    assert points(result) == {"02-e1": 1, "02-e2": 0, "02-e3": 0}
    assert result.marks["02-e3"].verdict.mistake == "takes too long"
    assert "so it was not tried" in result.marks["02-e3"].verdict.details[0]


# ---- The table


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", ":", " "])
def test_no_separator_makes_a_formula_of_a_name(tmp_path, separator):
    names = ["x;=cmd|' /C calc'!A0", "\t@SUM(1)", 'a";=1+1;"', "a,-2+3", "＝1", "Anna-Lena"]
    results = [marker.Result(name, f"x {name}", troubles=[f"of {name}"]) for name in names]
    grading.write_marks(results, tmp_path / "marks.csv")
    text = (tmp_path / "marks.csv").read_text(encoding="utf-8-sig")
    for row in csv.reader(io.StringIO(text), delimiter=separator):
        for entry in row:
            assert not entry.lstrip(' \t"').startswith(("=", "+", "-", "@", "＝")), entry
    assert "Anna-Lena" in text


# ---- What is told, and to whom


def test_who_takes_anothers_name_is_told_to_the_teacher_only(tmp_path, grade):
    of_ada = [small(["identify('Ada')", source, CHECK]) for source in (E1, "answer_1 = 7")]
    results = grade({"ada.ipynb": dated(of_ada[0], OLD), "eve.ipynb": dated(of_ada[1], NEW)})
    assert [points(result)["02-e1"] for result in results.values()] == [1, 0]
    told = "the same student in ada.ipynb and eve.ipynb, both marked; the newest is eve.ipynb"
    for result in results.values():
        assert (result.troubles, result.remarks) == ([], [told])
        page = (tmp_path / "out" / "feedback" / f"{result.page}.html").read_text()
        assert "the same student" not in page
        assert result.name == "eve.ipynb" or "eve" not in page
    for name in ("summary.html", "marks.csv"):
        assert told in (tmp_path / "out" / name).read_text(encoding="utf-8-sig")


# ---- One class of what needs no folder of its own, marked once

TEXT = b"# Hello"
NAMES = {  # a submission by any name, with one right answer
    "a": {"x.ipynb.txt": GOOD},
    "b": {"02.IPYNB": GOOD},
    "c": {"x.ipynb (1)": GOOD, "x.py": TEXT},
    "d": {"answers.json": b"\xef\xbb\xbf" + GOOD, "readme.md": TEXT},
    "e": {"deeper/still/x.ipynb": GOOD, "Thumbs.db": TEXT},
    "f.zip": zipped([("02.IPYNB", GOOD)]),
    "g.zip": zipped([("a/x.ipynb.txt", GOOD), ("__MACOSX/a/._x.ipynb", b"x")]),
    "h.ZIP": zipped([("work.txt", GOOD), ("readme.md", TEXT)]),
    "work": GOOD,
}
KINDS = {  # something else, and what is told
    "x.py": (TEXT, "it is no notebook: it cannot be read as JSON; expected is the .ipynb file that "
             "Jupyter saves, or a zip with it, and this is a .py file"),
    "x.html": (b"<html>", "and this is a .html file"),
    "x.docx": (zipped([("word/document.xml", b"<x>")]), "and this is a .docx file"),
    "y.zip": (zipped([("a.py", TEXT)]), "there is no notebook in the zip, only: a.py"),
    "y": ({"a.py": TEXT}, "there is no notebook in the folder, only: a.py"),
}  # fmt: skip
PLAIN = b'"metadata": {}'
BROKEN = bytearray(zipped([("a.ipynb", GOOD * 20), ("b.ipynb", GOOD)]))
BROKEN[60:100] = bytes(40)
CELLS = {  # a cell that cannot be read beside a right answer
    "sum of 350.ipynb": small(["total = " + " + ".join(["1"] * 350), E1, CHECK]),
    "sum of 9000.ipynb": small(["total = " + " + ".join(["1"] * 9000), E1, CHECK]),
    "surrogate.ipynb": small(["word = '\ud800'", E1, CHECK]),
    "list.ipynb": GOOD.replace(PLAIN, b'"metadata": {"course": {"exercise": ["02-e1"]}}', 1),
    "number.ipynb": GOOD.replace(PLAIN, b'"metadata": {"course": {"exercise": 7}}'),
    "no metadata.ipynb": GOOD.replace(PLAIN, b'"metadata": [null]'),
    "deflate.zip": bytes(BROKEN),
}
LONG_SUM = "answer_1 = (" + " + ".join(["1 / 700"] * 700) + ", -1 / 2, 2 / 3, 1 / 2, 1 / 2)"
IPYTHON = ["files = !ls\nt = %timeit -o 1+1\n%time rate = 2 / 57", 'check("03-e3", rate)']
EPOCH = "import numpy as np\ndef epoch(theta, X, y, lr, batch_size, rng):\n    "
REMARKS, FAILED_BEFORE = marker.REMARKS, marker.FAILED_BEFORE
BEFORE = "what failed before it, in line {} of your cell: "
FAILING = {  # what stands above, the body of the answer, what is shown, the hint if it matters
    "import above": ("import no_such as pd", "return pd.mean(X)",
        ["NameError", BEFORE.format(1) + "import no_such as pd",
         "ModuleNotFoundError: No module named 'no_such'"], REMARKS["ModuleNotFoundError"]),
    "import within": ("", "import no_such", ["ModuleNotFoundError"],
        REMARKS["ModuleNotFoundError"]),
    "input": ("", "return float(input())", ["EOFError"], REMARKS["EOFError"]),
    "file": ("", "return np.loadtxt('mine.csv')", ["FileNotFoundError"],
        REMARKS["FileNotFoundError"]),
    "error above": ("steps = 1 / 0", "return theta - steps", ["NameError",
        BEFORE.format(1) + "steps = 1 / 0", "ZeroDivisionError: division by zero"],
        FAILED_BEFORE),
    "old value": ("factor = 3\nfactor = 1 / 0", "return factor * theta",
        [BEFORE.format(2) + "factor = 1 / 0"], None),
    "display": ("", "display(theta)\n    return 2 * theta", ["the numbers differ"], None),
    "no answer": ("epoch = input('?')", None, ["EOFError"], REMARKS["EOFError"]),
}  # fmt: skip


def failing(above, body):
    answer = [EPOCH + body] if body else []
    return small([above, *answer, 'check("03-e2", epoch)'])


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """The results by name, and their pages."""
    base = tmp_path_factory.mktemp("odd")
    files = NAMES | {name: made for name, (made, _) in KINDS.items()} | CELLS
    files |= {f"{name}.ipynb": failing(*made[:2]) for name, made in FAILING.items()}
    files |= {"long sum.ipynb": small([LONG_SUM, CHECK]), "ipython.ipynb": small(IPYTHON)}
    for name, made in files.items():
        made = {f"{name}/{inner}": data for inner, data in made.items()} if isinstance(
            made, dict
        ) else {name: made}  # fmt: skip
        for path, data in made.items():
            (base / "in" / path).parent.mkdir(parents=True, exist_ok=True)
            save(data, base / "in" / path)
    results = grading.grade(base / "in", base / "out", sandbox.Limits(seconds=5))
    return {
        result.name: (result, (base / "out" / "feedback" / f"{result.page}.html").read_text())
        for result in results
    }


@pytest.mark.parametrize("name", NAMES)
def test_any_name_will_do(marked, name):
    result, _ = marked[name]
    assert (points(result)["02-e1"], result.troubles) == (1, [])


@pytest.mark.parametrize("name", KINDS)
def test_another_kind_of_file_is_told_what_was_expected(marked, name):
    assert KINDS[name][1] in marked[name][0].troubles[0]


@pytest.mark.parametrize("name", CELLS)
def test_what_cannot_be_read_costs_no_other_cell(marked, name):
    assert points(marked[name][0])["02-e1"] == 1


def test_what_could_not_be_read_is_said(marked):
    told, *rest = marked["deflate.zip"][0].troubles
    assert told.startswith("a.ipynb: it cannot be unpacked: ") and not rest
    (cell,) = cells_of(small(["t = " + " + ".join(["1"] * 9000)]))
    assert cell.trouble == "a sum or a list in it is nested too deep"


def test_a_long_sum_and_lines_for_ipython_cost_no_mark(marked):
    assert points(marked["long sum.ipynb"][0])["02-e1"] == 1
    assert points(marked["ipython.ipynb"][0])["03-e3"] == 1


@pytest.mark.parametrize("name", FAILING)
def test_what_really_failed_is_shown(marked, name):
    result, page = marked[f"{name}.ipynb"]
    verdict = result.marks["03-e2"].verdict
    _, _, told, hint = FAILING[name]
    text = "\n".join([verdict.headline, *verdict.details])
    assert all(words in text for words in told), text
    assert hint is None or verdict.hint == hint
    assert "the same error appears" not in page and "you will see the same" not in page


# ---- Who is a student


def test_what_a_system_left_there_is_no_student(grade):
    left = {"Thumbs.db": b"x", "desktop.ini": b"x", ".DS_Store": b"x", "__MACOSX/a": b"x"}
    assert list(grade({"x.ipynb": GOOD, **left, "~$x.docx": b"x"})) == ["x.ipynb"]


# ---- IPython's lines


@pytest.mark.parametrize(
    "source",
    [
        "files = !ls\nRATE",
        "t = %timeit -o 1+1\nRATE",
        "!ls \\\n  -l\nRATE",
        "%time RATE",
        "%time RATE  # it's",
        "%%time\nRATE",
        "%%capture out\n%matplotlib inline\nRATE",
        "np?\nRATE",
        "?np.zeros\nRATE",
        ">>> RATE",
        "    RATE",
        "note = '''\n%time is a command\n'''\n!ls\nRATE",
    ],
)
def test_lines_for_ipython_are_read_as_ipython_does(source):
    cells = [source.replace("RATE", "rate = 2 / 57"), 'check("03-e3", rate)']
    (found,) = read(small(cells), {"03-e3": "rate"})
    (cell,) = found["plans"]["03-e3"]["cells"]
    body = ast.parse(cell["source"]).body
    assert [ast.unparse(body[number]) for number in cell["keep"]][-1].startswith("rate = 2 / 57")


def test_cells_in_other_languages_are_no_trouble():
    cells = ["%%bash\nfor i in *; do echo $i; done", "%%html\n<b>it's</b>", E1, CHECK]
    (found,) = read(small(cells), {"02-e1": "answer_1"})
    assert found["plans"]["02-e1"]["notes"] == []
    assert [cell["number"] for cell in found["plans"]["02-e1"]["cells"]] == [2]


# ---- Notes that are true


@pytest.mark.parametrize("number", CHAPTERS)
def test_nobody_is_told_of_functions_of_the_book(number):
    answers = {label: asked.answer for label, asked in questions.questions().items()}
    (found,) = read(json.dumps(handed_in(number, {})).encode(), answers)
    assert [plan["notes"] for plan in found["plans"].values()] == [[], [], []]


def test_a_heading_of_the_students_own_divides_nothing():
    def markdown(source):
        return {"cell_type": "markdown", "metadata": {}, "source": source}

    sources = ["def descend(): return ...", "def mine(): 1", 'check("02-e2", descend)']
    sources.append("def after(): 1")
    notebook = json.loads(small(sources))
    notebook["cells"].insert(0, markdown("```{exercise} x\n:label: 02-e2\n```"))
    notebook["cells"].insert(2, markdown("## My thoughts"))
    notebook["cells"].insert(5, markdown("### What will happen if …?"))
    (found,) = read(json.dumps(notebook).encode(), {"02-e2": "descend"})
    (note,) = found["plans"]["02-e2"]["notes"]
    assert "You also wrote mine:" in note
