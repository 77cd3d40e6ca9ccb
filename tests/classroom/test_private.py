"""Exercises of a teacher's own: begun, handed out, checked and marked."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from classroom.exercises import collect
from classroom.hand_out import private, student
from classroom.hand_out.student import ROOT, role
from classroom.marking import grading, questions, sandbox
from tests.book.mistakes import outcome
from tests.classroom.submissions import save
from tests.environment import built_site, missing

RIGHT = "def clipped(g, limit): return g * min(1, limit / max(np.linalg.norm(g), 1e-9))"
WRONG = "def clipped(g, limit): return np.clip(g, -limit, limit)"


@pytest.fixture
def folder(tmp_path):
    """A folder as the command begins it."""
    private.begin(tmp_path / "own")
    return tmp_path / "own"


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_new_folder_has_the_template_and_keeps_what_it_has(folder):
    names = {path.name for path in folder.iterdir()}
    assert names == {"exercises_90.py", "90-exercises.ipynb"}
    (folder / "exercises_90.py").write_text("mine")
    (folder / "90-exercises.ipynb").unlink()
    with pytest.raises(ValueError, match=r"own has exercises_90.py already"):
        private.begin(folder)
    assert [path.read_text() for path in folder.iterdir()] == ["mine"]


def test_what_an_installer_compiles_is_no_part_of_the_template(tmp_path, monkeypatch):
    shutil.copytree(private.TEMPLATE, tmp_path / "template")
    (tmp_path / "template" / "__pycache__").mkdir(exist_ok=True)
    monkeypatch.setattr(private, "TEMPLATE", tmp_path / "template")
    private.begin(tmp_path / "own")
    assert len(list((tmp_path / "own").iterdir())) == 2


def test_in_the_teachers_folder_the_notebook_runs_and_its_solutions_pass(folder, monkeypatch):
    monkeypatch.chdir(folder)
    cells = nbformat.read(folder / "90-exercises.ipynb", 4).cells
    program = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    printed = outcome(program).printed
    assert printed.count(": not written yet") == printed.count(": right") == 2


@pytest.fixture
def handed_out(folder, tmp_path):
    built_site()
    private.write(folder, tmp_path / "out")
    return tmp_path / "out"


def test_what_is_handed_out_has_no_answer(folder, handed_out):
    assert {path.name for path in handed_out.iterdir()} == {
        "90-exercises.ipynb", "exercises_90.json"
    }  # fmt: skip
    before = nbformat.read(folder / "90-exercises.ipynb", 4)
    after = nbformat.read(handed_out / "90-exercises.ipynb", 4)
    kept = [cell.id for cell in before.cells if role(cell) != "solution"]
    assert [cell.id for cell in after.cells] == ["course-missing", *kept]
    text = "".join(path.read_text(encoding="utf-8") for path in handed_out.iterdir())
    assert "### Exercise 90.2 · To code: a gradient that is not too long" in text
    for answer in ("np.clip", "linalg", "-2, 1", "_e2", "{exercise}"):
        assert answer not in text


def test_check_works_beside_the_practice_data(handed_out):
    """In the students' folder, with the course and without the teacher's folder."""
    program = f"import numpy as np\nfrom classroom import check\n{RIGHT}\n"
    program += f'check("90-e2", clipped)\n{WRONG}\ncheck("90-e2", clipped)\n'
    program += 'check("90-e1", (1, 2))\ncheck("90-e1", 3)\ncheck("03-e1", 3)'
    ran = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=handed_out, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    said = [line for line in ran.stdout.splitlines() if line[0] != " "]
    assert said[0].startswith("90-e2: right — 5 cases agree within 1e-06 (short, long")
    assert said[1:4] == [
        "90-e2: wrong — each entry is clipped on its own",
        "90-e1: not judged here — its form is right; this copy of the course holds no answers",
        "90-e1: wrong — 2 results expected, got a number",
    ]
    assert said[4].startswith("03-e1: wrong"), "those of the course are judged as before"


def test_an_exercise_whose_file_is_missing_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = 'from classroom import check\ncheck("90-e2", 1)'
    told = str(outcome(program).error)
    assert "no exercise '90-e2'" in told and "exercises_NN.json" in told


def test_the_same_folder_gives_the_same_bytes(folder, handed_out, tmp_path):
    private.write(folder, tmp_path / "again")
    for path in handed_out.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


# ---- Marks


def submitted(tmp_path):
    (tmp_path / "in").mkdir()
    for name, answer in {"Ada": RIGHT, "Ben": WRONG}.items():
        notebook = nbformat.read(private.TEMPLATE / "90-exercises.ipynb", 4)
        notebook = student.strip(notebook)
        for cell in notebook.cells:
            if cell.id == "e1-stub":
                cell.source = "gradient = (-2, 1)"
            elif cell.id == "e2-stub":
                cell.source = answer
            cell.source = cell.source.replace('identify("")', f"identify({name!r})")
        save(notebook, tmp_path / "in" / f"{name}.ipynb")
    return tmp_path / "in"


def test_they_are_marked_like_those_of_the_course(folder, tmp_path):
    if not shutil.which("bwrap"):
        missing("bubblewrap is not installed: no sandbox to test")
    given = [submitted(tmp_path), "--out", tmp_path / "marks", "--exercises", folder]
    program = [sys.executable, "-m", "classroom.grade", *map(str, given)]
    subprocess.run(program, cwd=ROOT, capture_output=True, check=True)
    table = (tmp_path / "marks" / "marks.csv").read_text("utf-8-sig").splitlines()
    assert table[0] == "submission,student,90-e1,90-e2,sum,of,remarks"
    assert table[1:] == ["Ada.ipynb,Ada,1,1,2,2,", "Ben.ipynb,Ben,1,0,1,2,"]
    summary = (tmp_path / "marks" / "summary.html").read_text()
    assert "1 × 90-e2: each entry is clipped on its own" in summary


def test_a_changed_definition_is_marked_again(folder, monkeypatch):
    def fingerprint():
        return questions.fingerprint({}, questions.contents(folder))

    before = fingerprint()
    assert fingerprint() == before != questions.fingerprint({})
    change(folder / "exercises_90.py", "rng.uniform(0.1, 1.0)", "rng.uniform(0.1, 0.9)")
    assert fingerprint() != before


def test_without_the_folder_they_are_none_of_the_course(tmp_path):
    results = grading.grade(submitted(tmp_path), tmp_path / "marks", trust=True)
    told = [["no exercise of the course was found in it"]] * 2
    assert [result.troubles for result in results] == told


# ---- What is not in order


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("exercises_90.py", "import numpy", "import numpi", "exercises_90.py does not run: Mod"),
        ("exercises_90.py", "EXERCISES = {", "EXERCISES = {{", "does not run: SyntaxError"),
        ("exercises_90.py", "EXERCISES = {", "OTHERS = {", "expected EXERCISES, a dictionary"),
        ("exercises_90.py", '"90-e1": Ex', '"91-e1": Ex', "'91-e1' must begin with '90-e'"),
        ("exercises_90.py", '"90-e1": Ex', '"90-e3": Ex', "90-e1 is defined in no exercises_NN.py"),
        ("90-exercises.ipynb", ":label: 90-e1", ":label: 90-e7", "no {exercise} above its check s"),
        ("90-exercises.ipynb", '"90-e2"', '"90-e1"', "two checks are of 90-e1; a cell's met"),
        ("90-exercises.ipynb", '"role": "check"', '"role": "stub"', "90-e1 is asked in no noteb"),
    ],
)
def test_what_is_not_in_order_is_named(folder, file, old, new, told):
    change(folder / file, old, new)
    with pytest.raises(ValueError) as raised:
        questions.exercises_of(folder)
    assert told in str(raised.value)


def test_a_folder_without_exercises_says_how_to_begin(tmp_path, monkeypatch):
    given = ["grade", submitted(tmp_path), "--out", tmp_path / "m", "--trust", "--exercises"]
    for folder, told in (
        (tmp_path, f"to begin one: python -m classroom.private {tmp_path} --new"),
        (tmp_path / "none", "none is no folder"),
    ):
        monkeypatch.setattr(sys, "argv", [*map(str, given), str(folder)])
        with pytest.raises(SystemExit) as ended:
            grading.main()
        assert told in str(ended.value)


def test_practice_data_are_no_exercises_to_mark_with(folder, tmp_path, handed_out):
    with pytest.raises(ValueError, match="there is no exercises_NN.py in"):
        questions.exercises_of(handed_out)


def test_a_label_of_the_course_is_taken(folder):
    shutil.copyfile(ROOT / "classroom/exercises/chapter_03.py", folder / "exercises_03.py")
    with pytest.raises(ValueError, match="exercises_03.py: there is an exercise '03-e1' already"):
        questions.exercises_of(folder)


def test_a_definition_whose_own_answers_are_judged_otherwise_is_not_handed_out(folder, tmp_path):
    change(folder / "exercises_90.py", "return np.clip(gradient, -limit, limit)",
           "return clipped(gradient, limit)")  # fmt: skip
    told = "90-e2: of the mistake “each entry is clipped on its own” the check says “right"
    with pytest.raises(ValueError, match=told):
        private.write(folder, tmp_path / "out")
    change(folder / "exercises_90.py", "reference=(-2, 1)", "reference=(-4, 1)")
    with pytest.raises(ValueError, match="90-e1: of the mistake “the term ab is left out”"):
        private.write(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_cell_added_to_a_solution_is_not_handed_out(folder, tmp_path):
    path = folder / "90-exercises.ipynb"
    notebook = nbformat.read(path, 4)
    place = next(k for k, cell in enumerate(notebook.cells) if cell.id == "e2-solution-code")
    notebook.cells.insert(place, nbformat.v4.new_code_cell("secret = 1", id="added"))
    nbformat.write(notebook, path)
    built_site()
    with pytest.raises(ValueError, match="cell added is part of a solution but its role is None"):
        private.write(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_what_is_handed_out_does_not_overwrite_the_answers(folder):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ValueError, match="give another --out"):
        private.write(folder, folder.parent / "own")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_the_template_is_as_good_as_the_course(folder):
    exercises = questions.exercises_of(folder)
    assert not [slip for label, one in exercises.items() for slip in private.slips(label, one)]
    assert not set(exercises) & set(collect())
    assert json.loads((folder / "90-exercises.ipynb").read_text())["nbformat"] == 4


# ---- Where students could read them


@pytest.mark.parametrize("place", ["packages/own", "course/own"])
def test_a_folder_that_students_could_read_is_refused(folder, tmp_path, monkeypatch, place):
    """Wherever links lead: within what the sandbox shows, or in the course's own folder."""
    monkeypatch.setattr(sandbox, "_packages", lambda: [str(tmp_path / "packages")])
    monkeypatch.setattr(sandbox, "ROOT", tmp_path / "course")
    questions.exercises_of(folder)
    seen = tmp_path / place
    shutil.copytree(folder, seen)
    (tmp_path / "link").symlink_to(seen)
    told = f"is in {seen.parent}, which students can read or get"
    for one in (seen, tmp_path / "link"):
        with pytest.raises(ValueError, match=f"{one} {told}"):
            questions.exercises_of(one)
    for name in ("exercises_90.py", "90-exercises.ipynb"):
        copied = tmp_path / "copied"
        shutil.copytree(folder, copied)
        (copied / name).unlink()
        (copied / name).symlink_to(seen / name)
        with pytest.raises(ValueError, match=f"{copied / name} {told}"):
            questions.exercises_of(copied)
        shutil.rmtree(copied)


def test_a_folder_among_the_submissions_is_refused(folder, tmp_path):
    for submissions in (folder, folder.parent):
        with pytest.raises(ValueError, match="is among the submissions"):
            grading.grade(submissions, tmp_path / "marks", own=folder)
    assert not (tmp_path / "marks").exists()
