"""Marking a class of honest but flawed submissions, and what is said to whom."""

import ast
import json
import shutil
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from classroom.exercises import collect
from classroom.hand_out.student import ROOT
from classroom.judging import Failure, Foreign, Observation
from classroom.marking import grading, marker, questions, sandbox
from classroom.marking.reader import Cell, Notebook, read
from classroom.marking.wire import pack, pack_observation, unpack, unpack_observation
from tests.classroom.submissions import flawed_class, handed_in, right_answers, save, small
from tests.environment import missing

pytestmark = pytest.mark.xdist_group("class")  # one class, marked once
CHAPTERS = sorted(path.name[:2] for path in (ROOT / "chapters").glob("*.ipynb"))
ANSWERS = {label: asked.answer for label, asked in questions.questions().items()}


@pytest.fixture
def needs_bwrap():
    if not shutil.which("bwrap"):
        missing("bubblewrap is not installed: no sandbox to test")


# ---- A class

# By file: what is said about the three exercises, and what else the page must say.
EXPECTED = {
    "Ada.ipynb": ("right", "right", "right"),
    "Ben.ipynb": ("right", "the step goes uphill", "that is the answer to first order only"),
    "Chen.ipynb": (
        "the variance is divided by n − 1",
        "the last batch is divided by batch_size, not by what it holds",
        "right",
    ),
    "Dana.ipynb": ("right", "returns nothing", "not written yet"),
    "Emil.ipynb": ("the last two have changed places", "changes its inputs", "right"),
    "Fatima.ipynb": ("right", None, "right"),
    "Gus.ipynb": ("right", "takes too long", "right"),
    "Hana.ipynb": ("right", "raises an error", "right", "name &#39;Y&#39; is not defined"),
    "Ivo.ipynb": ("right", "cannot be read by Python", "right", "expected &#39;:&#39;"),
    "Jun.ipynb": ("right", "there is no answer", "right", "You also wrote my_epoch"),
    "Copy of 03 (2).ipynb": ("right", "right", "right"),
    "Lea.ipynb": ("right", "right", "right"),
    "Mo.ipynb": ("right", "right", "right"),
    "assignment3_final_FINAL.ipynb": ("right", "not written yet", "not written yet", "no name"),
    "Nora.ipynb": (),
}


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    if not shutil.which("bwrap"):
        missing("bubblewrap is not installed: no sandbox to test")
    base = tmp_path_factory.mktemp("class")
    (base / "submissions").mkdir()
    for name, notebook in flawed_class().items():
        save(notebook, base / "submissions" / name)
    results = grading.grade(base / "submissions", base / "marks", sandbox.Limits(seconds=3))
    return base / "marks", {result.name: result for result in results}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_student_is_told_what_went_wrong(marked, name):
    out, results = marked
    told, extra = EXPECTED[name][:3], EXPECTED[name][3:]
    verdicts = [mark.verdict for mark in results[name].marks.values()]
    assert tuple(v.mistake if v.status == "wrong" else v.status for v in verdicts) == told
    page = (out / "feedback" / f"{results[name].page}.html").read_text()
    assert all(text in page for text in extra)
    for verdict in verdicts:
        assert verdict.status != "wrong" or verdict.hint or verdict.details


def test_a_broken_notebook_costs_its_own_marks_only(marked):
    _, results = marked
    assert results["Nora.ipynb"].troubles == ["it is no notebook: it cannot be read as JSON"]
    assert sum(bool(result.troubles) for result in results.values()) == 1


def test_names_come_from_the_notebook(marked):
    _, results = marked
    assert results["Copy of 03 (2).ipynb"].student == "Kim"
    assert results["assignment3_final_FINAL.ipynb"].student == ""


def test_the_summary_counts_and_draws(marked):
    out, _ = marked
    page = (out / "summary.html").read_text()
    assert 'aria-label="Submissions by mistake. ' in page and "<svg" in page
    assert "1 × 03-e2: the step goes uphill" in page
    rows = (out / "marks.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows[0] == "submission,student,03-e1,03-e2,03-e3,sum,of,remarks"
    assert "Ada.ipynb,Ada,1,1,1,3,3," in rows
    assert "Ben.ipynb,Ben,1,0,0,1,3," in rows


@pytest.mark.parametrize("number", CHAPTERS)
def test_the_right_answers_of_a_chapter_get_full_marks(number, tmp_path, needs_bwrap):
    (tmp_path / "in").mkdir()
    save(handed_in(number, right_answers(number), "Ada"), tmp_path / "in" / "x.ipynb")
    save(handed_in(number, {}, "Ben"), tmp_path / "in" / "y.ipynb")
    full, none = grading.grade(tmp_path / "in", tmp_path / "out")
    assert {mark.verdict.headline[:5] for mark in full.marks.values()} == {"right"}
    assert {mark.verdict.status for mark in none.marks.values()} == {"not written yet"}


def test_only_what_changed_is_marked_again(tmp_path, monkeypatch, needs_bwrap):
    (tmp_path / "in").mkdir()
    e1 = "answer_1 = (1, -1 / 2, 2 / 3, 1 / 2, 1 / 2)"
    for name, source in {"a": e1, "b": e1}.items():
        save(small([source, 'check("02-e1", answer_1)']), tmp_path / "in" / f"{name}.ipynb")
    grading.grade(tmp_path / "in", tmp_path / "out")
    runs = []
    run = sandbox.Sandbox.run
    monkeypatch.setattr(sandbox.Sandbox, "run", lambda *given: runs.append(given[1]) or run(*given))
    save(small(["answer_1 = 7", 'check("02-e1", answer_1)']), tmp_path / "in" / "b.ipynb")
    a, b = grading.grade(tmp_path / "in", tmp_path / "out")
    assert runs == ["reader", "runner"]
    assert (a.marks["02-e1"].points, b.marks["02-e1"].points) == (1, 0)
    for module in (grading, marker):
        monkeypatch.setattr(module, "fingerprint", lambda *_: "other code")
    grading.grade(tmp_path / "in", tmp_path / "out")
    assert len(runs) == 6


def test_a_folder_may_hold_several_notebooks_one_of_them_broken(tmp_path, needs_bwrap):
    folder = tmp_path / "in" / "Ada"
    folder.mkdir(parents=True)
    save(small(['check("02-e1", (1, -1 / 2, 2 / 3, 1 / 2, 1 / 2))']), folder / "two.ipynb")
    save(small(['check("03-e1", (-2, 8 / 3, 4 / 3, 2 / 3))']), folder / "three.ipynb")
    save(b"{", folder / "broken.ipynb")
    (folder / "link.ipynb").symlink_to(folder / "two.ipynb")
    (result,) = grading.grade(tmp_path / "in", tmp_path / "out")
    assert [label for label, mark in result.marks.items() if mark.points] == ["02-e1", "03-e1"]
    assert len(result.troubles) == 2


# ---- With and without a sandbox


def command(*arguments, **options):
    program = [sys.executable, "-m", "classroom.grade", *map(str, arguments)]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, **options)


def test_without_bubblewrap_it_refuses_and_says_how_to_get_it(tmp_path):
    (tmp_path / "in").mkdir()
    save(small(["x"]), tmp_path / "in" / "x.ipynb")
    ran = command(tmp_path / "in", "--out", tmp_path / "out", env={"PATH": str(tmp_path)})
    assert ran.returncode == 1
    assert "bubblewrap is not installed" in ran.stderr and "apt install bubblewrap" in ran.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(find_spec("distributed") is not None, reason="Dask is installed")
def test_without_dask_a_cluster_says_how_to_get_it(tmp_path):
    (tmp_path / "in").mkdir()
    save(small(["x"]), tmp_path / "in" / "x.ipynb")
    ran = command(tmp_path / "in", "--out", tmp_path / "out", "--workers", 2)
    assert ran.returncode == 1
    assert "pip install -r classroom/requirements-cluster.txt" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_trust_says_so_and_runs_without(tmp_path):
    (tmp_path / "in").mkdir()
    save(handed_in("02", right_answers("02")), tmp_path / "in" / "x.ipynb")
    given = [tmp_path / "in", "--out", tmp_path / "out", "--trust"]
    ran = command(*given, env={"PATH": str(tmp_path)})
    assert ran.stdout.startswith("--trust: the submissions run unprotected")
    assert "x.ipynb,,1,1,1,3,3," in (tmp_path / "out" / "marks.csv").read_text("utf-8-sig")


def test_what_must_not_be_seen_is_hidden_where_it_is_installed_too(monkeypatch, tmp_path):
    packages = tmp_path / "packages"
    (packages / "classroom").mkdir(parents=True)
    monkeypatch.setattr(sandbox, "_packages", lambda: [str(packages)])
    mounts = sandbox._mounts()
    hidden = ["--size", "65536", "--tmpfs", str(packages / "classroom")]
    assert mounts.index(hidden) > mounts.index(["--ro-bind", str(packages), str(packages)])


# ---- What an answer needs


def plan(sources, label="02-e2"):
    cells = [
        Cell.of(number, {"cell_type": "code" if kind != "#" else "markdown", "source": source})
        for number, (kind, source) in enumerate((s[0], s.removeprefix("#")) for s in sources)
    ]
    found = Notebook(cells, {"02-e1": "answer_1", "02-e2": "descend", "02-e3": "descend_3"})
    return found.plan(label)


def kept(sources, label="02-e2"):
    """The statements that run for an answer."""
    found = []
    for cell in plan(sources, label)["cells"]:
        body = ast.parse(cell["source"]).body
        found += [ast.unparse(body[number]) for number in cell["keep"]]
    return found


QUESTION = "#:label: 02-e2"
STUB = "def descend(X): return ..."
CHECK = 'check("02-e2", descend)'


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        # the last definition before the end of the exercise
        (["a = 1", QUESTION, "descend = a", CHECK, "descend = 5", "#:label: 02-e3", "descend = 3"],
         ["descend = 5"]),
        # what a function needs when it is called, wherever it stands
        ([QUESTION, "def descend(X): return one(X)", CHECK, "def one(X): return two", "two = 2"],
         ["def descend(X):\n    return one(X)", "def one(X):\n    return two", "two = 2"]),
        # parameters and local names are no needs
        (["X = 1", "y = 2", QUESTION, "def descend(X):\n    y = X\n    return y", CHECK],
         ["def descend(X):\n    y = X\n    return y"]),
        # the variable of a comprehension is no name of the notebook
        (["k = 1", "a = [k for k in range(3)]", "b = {k: k for k in a}",
          QUESTION, "descend = [c for c in b if k]", CHECK],
         ["k = 1", "a = [k for k in range(3)]", "b = {k: k for k in a}",
          "descend = [c for c in b if k]"]),
        # what changes an object, but not what only shows it
        (["import m", "a = []", "a.append(1)", "m.show(a)", "b = 1", QUESTION, "print(a)",
          "m.shuffle(a)", "descend = a", CHECK],
         ["import m", "a = []", "a.append(1)", "m.shuffle(a)", "descend = a"]),
        # a name may be made from its own earlier value
        (["a = [1]", "a = [k for k in a]", "a = (lambda: a)()", QUESTION, "descend = a", CHECK],
         ["a = [1]", "a = [k for k in a]", "a = (lambda: a)()", "descend = a"]),
        # a loop needs no earlier value of its own variable, but one that it adds to
        (["i = 1", "t = 0", "for i in [1]:\n    k = i\n    t += k", "k = 7", QUESTION,
          "descend = t", CHECK],
         ["t = 0", "for i in [1]:\n    k = i\n    t += k", "descend = t"]),
        # an untouched stub does not hide the answer, above or below it
        ([QUESTION, "def descend(X): return X", STUB, CHECK], ["def descend(X):\n    return X"]),
        ([QUESTION, STUB, CHECK, "#:label: 02-e3", "def descend(X): return X"],
         ["def descend(X):\n    return X"]),
        # but a function of the chapter is no answer
        (["def descend(X): return X", QUESTION, STUB, CHECK], ["def descend(X):\n    return ..."]),
        # a definition that may not happen does not hide the one before it
        (["if 1:\n    b = 2", "b = 3", "for b in []: pass", QUESTION, "descend = b", CHECK],
         ["b = 3", "for b in []:\n    pass", "descend = b"]),
        # a name that is defined nowhere may come from a module
        (["from math import *", "x = 1", QUESTION, "descend = log(1)", CHECK],
         ["from math import *", "descend = log(1)"]),
    ],
)  # fmt: skip
def test_what_runs_is_what_the_answer_needs(sources, expected):
    assert sorted(kept(sources)) == sorted(expected)


def test_names_that_two_exercises_share_are_kept_apart():
    cells = ["#:label: 15-e1", "answer = ...", 'check("15-e1", answer)', "#:label: 15-e3",
             "answer = 3", 'check("15-e3", answer)']  # fmt: skip
    notebook = Notebook(
        [Cell.of(n, {"cell_type": "markdown" if c[0] == "#" else "code",
                     "source": c.removeprefix("#")}) for n, c in enumerate(cells)],
        {"15-e1": "answer", "15-e3": "answer"},
    )  # fmt: skip
    sources = [[c["source"] for c in notebook.plan(label)["cells"]] for label in notebook.labels()]
    assert sources == [["answer = ..."], ["answer = 3"]]


def test_a_chapter_is_not_run_for_an_answer_that_needs_none_of_it():
    for number in CHAPTERS:
        notebook = handed_in(number, {})
        (found,) = read(json.dumps(notebook).encode(), ANSWERS)
        for label, one in found["plans"].items():
            assert label.startswith(number)
            assert sum(len(cell["keep"]) for cell in one["cells"]) <= 2, (label, one)


# ---- Plain data as text


def sent(packed):
    return json.loads(json.dumps(packed))


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -(2**200), 0.1, float("inf"), "wörd", 1 + 2j, (1, [2.0, (), "x"]),
        np.float64(0.1), np.int32(7), np.bool_(True), np.zeros((2, 0, 3)), np.array(["a", "bc"]),
        np.arange(6, dtype=np.float32).reshape(2, 3).T, np.array(True), Foreign("module"),
    ],
)  # fmt: skip
def test_plain_data_survive_the_way(value):
    back = unpack(sent(pack(value)))
    assert type(back) is type(value)
    if isinstance(value, np.ndarray | np.generic):
        assert (back.dtype, back.shape, back.tolist()) == (value.dtype, value.shape, value.tolist())
    else:
        assert back == value


def test_a_generator_an_iterator_and_a_nan_survive_the_way():
    assert (
        unpack(sent(pack(np.random.default_rng(7)))).random() == np.random.default_rng(7).random()
    )
    assert np.isnan(unpack(sent(pack(float("nan")))))
    pieces = iter([(1, 2.5), (3, 4.5)])
    assert list(unpack(sent(pack(pieces)))) == list(pieces) == [(1, 2.5), (3, 4.5)]
    seen = Observation(error=Failure("ValueError", "no", 3, "x = 1"), changed=(1,))
    assert unpack_observation(sent(pack_observation(seen))) == seen


@pytest.mark.parametrize(
    "packed",
    [
        {}, {"list": 3}, {"tuple": [{}]}, {"array": "O", "shape": [1], "data": "gASVAAAAAAAAAAAu"},
        {"array": "<f8", "shape": [10**9], "data": ""}, {"array": "<f8", "shape": [-1], "data": ""},
        {"array": "<f8", "shape": [1], "data": "?"}, {"array": "|V8", "shape": [], "data": ""},
        {"array": "<f8", "shape": [True], "data": "AAAAAAAAAAA="}, {"generator": -1}, {"x": 1},
        {"array": "U", "shape": [2], "data": ["a", 3]}, {"list": [], "tuple": []},
        {"array": "U", "shape": [10**4], "data": ["x" * 10**4] + ["y"] * (10**4 - 1)},
    ],
)  # fmt: skip
def test_anything_else_is_refused(packed):
    with pytest.raises(ValueError):
        unpack(packed)


def test_the_inputs_of_every_exercise_survive_the_way():
    for label, exercise in collect().items():
        if exercise.cases is not None:
            cases = list(exercise.cases(np.random.default_rng(0)))
            assert pack(unpack(sent(pack(cases)))) == pack(cases), label
