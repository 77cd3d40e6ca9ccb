"""Practice data: a hand-out without answers, and what `check` says there."""

import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from classroom.checking import judged
from classroom.exercises import Exercise, collect
from classroom.hand_out import student, wheel
from classroom.judging import NOT_JUDGED, NOT_WRITTEN, WRONG, cases_for
from classroom.marking.wire import pack
from classroom.practice import FOR_ALL, OF_THE_NAME, WITHOUT_ANSWERS
from classroom.practice import files as practice_files
from tests import no_solutions
from tests.classroom.test_exercises import made_by, outside_the_catalogue
from tests.environment import ROOT, built_site

EXERCISES = collect()
FUNCTIONS = sorted(label for label, exercise in EXERCISES.items() if exercise.cases)
VALUES = sorted(set(EXERCISES) - set(FUNCTIONS))
pytestmark = pytest.mark.xdist_group("practice data")  # recorded once


@pytest.fixture(scope="module")
def files():
    return student.practice_files()


@pytest.fixture(scope="module")
def practice(files, tmp_path_factory):
    """The exercises as they are restored where there are no answers."""
    folder = tmp_path_factory.mktemp("practice")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("classroom.exercises.HERE", folder)
        for name, content in files.items():
            (folder / name.rpartition("/")[2]).write_bytes(content)
        return collect()


def verdict(exercise, label, answer):
    """What a student without a name is told."""
    with np.errstate(all="ignore"):
        return judged(exercise, label, answer)


def test_every_exercise_is_there(practice):
    assert sorted(practice) == sorted(EXERCISES)
    for label, exercise in practice.items():
        assert exercise.asked == EXERCISES[label].asked


@pytest.mark.parametrize("label", FUNCTIONS)
def test_a_function_is_told_what_the_answers_would_tell_it(practice, label):
    known, exercise = EXERCISES[label], practice[label]
    answers = [made_by(label, mistake) for mistake in known.mistakes]
    for answer in (known.reference, outside_the_catalogue(label), lambda *_: ..., len, *answers):
        told, here = verdict(known, label, answer), verdict(exercise, label, answer)
        if here.status == "right":
            assert f"{known.about}, {FOR_ALL})" in here.headline
            here = here._replace(headline=here.headline.replace(f", {FOR_ALL}", ""))
        assert here == told


@pytest.mark.parametrize("label", FUNCTIONS)
def test_other_names_have_the_same_inputs_and_marks_have_others(practice, label):
    def inputs(exercises, name):
        return pack(cases_for(exercises[label], label, name))

    assert inputs(practice, "Ada") == inputs(practice, "") == inputs(EXERCISES, "")
    assert inputs(EXERCISES, "Ada") != inputs(EXERCISES, "")


def parts(value):
    return value if type(value) is tuple else (value,)


@pytest.mark.parametrize("label", VALUES)
def test_a_value_is_not_judged_and_how_to_test_it_is_told(practice, label):
    known, exercise = EXERCISES[label], practice[label]
    right = verdict(exercise, label, known.reference)
    wrong = verdict(exercise, label, outside_the_catalogue(label))
    for said in (right, wrong):
        assert said.status == NOT_JUDGED and said.mistake is said.hint is None
        assert said.details[1:] == known.tests
    assert right.headline == wrong.headline
    assert verdict(exercise, label, ...).status == NOT_WRITTEN
    for mistake in known.mistakes:
        assert verdict(exercise, label, made_by(label, mistake)).headline == right.headline


@pytest.mark.parametrize("label", VALUES)
def test_a_value_of_another_form_is_wrong(practice, label):
    right = EXERCISES[label].reference
    for answer in (None, "many", print, np.zeros((2, 3, 7)), (*parts(right), 1.0), float("nan")):
        said = verdict(practice[label], label, answer)
        assert (said.status, bool(said.hint)) == (WRONG, True), answer
        assert not any(line.startswith("right so far") for line in said.details)


def test_no_number_of_a_value_is_in_the_data():
    """Two exercises that differ in their values and mistakes alone have the same practice data."""
    one = Exercise("x", (2.5, "a", True, np.array([1.0, 2.0])), tests=("Try.",) * 4)
    other = Exercise("x", (-7, "bcd", False, np.array([3.0, 9.0])), tests=("Try.",) * 4)
    assert practice_files({"01-e1": one}, "x") == practice_files({"01-e1": other}, "x")


def test_nothing_of_a_program_is_in_the_wheel(files, tmp_path):
    pieces, names = no_solutions.of_the_course()
    assert len(pieces) > 1000 and len(names) > 100
    with_answers = wheel.write(ROOT, tmp_path)
    assert no_solutions.found([with_answers], pieces, names)[0]
    without = wheel.write(ROOT, tmp_path, files)
    assert no_solutions.found([without], pieces, names)[0] == []
    listed = zipfile.ZipFile(without).namelist()
    assert not [name for name in listed if wheel.ANSWERS.fullmatch(name)]
    assert set(files) < set(listed)


def test_the_book_decides_which_wheel_is_handed_out(files, tmp_path, monkeypatch):
    monkeypatch.setattr(student, "practice_files", lambda: files)
    for solutions in (True, False):
        packed = student.write_wheel(tmp_path, {"solutions": solutions})
        listed = zipfile.ZipFile(packed).namelist()
        assert ("classroom/exercises/chapter_03.py" in listed) is solutions
        assert ("classroom/exercises/chapter_03.json" in listed) is not solutions


def test_the_book_decides_what_is_said_of_a_name():
    built_site()
    numbering = student.read_numbering()
    for solutions, said in ((True, OF_THE_NAME), (False, WITHOUT_ANSWERS)):
        made = student.handed_out(numbering | {"solutions": solutions})
        for path, notebook in made.items():
            if path.parts[0] == "chapters":
                text = "".join(cell.source for cell in notebook.cells)
                assert [text.count(OF_THE_NAME), text.count(WITHOUT_ANSWERS)] == [
                    said == OF_THE_NAME, said == WITHOUT_ANSWERS,
                ], path  # fmt: skip


PROGRAM = """
import sys
from classroom import check, identify
def epoch(theta, X, y, lr, batch_size, rng):
    order = rng.permutation(len(y))
    for start in range(0, len(y), batch_size):
        batch = order[start : start + batch_size]
        theta = theta - lr * (X[batch] @ theta - y[batch]) @ X[batch] / SIZE
    return theta
identify("")
identify("Ada")
for size in ("len(batch)", "batch_size"):
    check("03-e2", eval(compile("lambda *given: epoch(*given)", "", "eval")))
""".replace("SIZE", "eval(size)")


def test_check_works_where_there_are_no_answers(files, tmp_path):
    """The wheel, unpacked as pip would, in a place from which the repository cannot be seen."""
    with zipfile.ZipFile(wheel.write(ROOT, tmp_path, files)) as packed:
        packed.extractall(tmp_path / "packages")
    program = PROGRAM + 'check("03-e1", (1, 2, 3, 4))\ncheck("03-e1", 1)\ncheck("3-e1", 1)'
    ran = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "packages")},
    )  # fmt: skip
    assert ran.stdout.startswith(
        "no name yet: the inputs of the book\n"
        "marked for Ada; here everybody has the inputs of the book\n"
    )
    assert "03-e2: right — 8 cases agree" in ran.stdout
    known = "03-e2: wrong — the last batch is divided by batch_size, not by what it holds"
    assert known in ran.stdout
    assert "03-e1: not judged here — its form is right; this copy of the course" in ran.stdout
    assert "  Test it: give the gradients of the three samples to `np.var`." in ran.stdout
    assert "03-e1: wrong — 4 results expected, got a number" in ran.stdout
    assert "no exercise '3-e1'; the exercises are: 01-e1, 01-e2" in ran.stderr


@pytest.mark.parametrize("data", ["", "[]", '{"90-e1": {}}', '{"90-e1": {"form": {"x": 1}}}'])
def test_damaged_data_are_named(tmp_path, data):
    (tmp_path / "exercises_90.json").write_text(data)
    with pytest.raises(ValueError, match="exercises_90.json is damaged: get it once more"):
        collect(tmp_path)


def test_what_was_written_is_read(tmp_path):
    (made,) = practice_files({"90-e1": EXERCISES["03-e2"]}, "exercises").items()
    (tmp_path / made[0]).write_bytes(made[1])
    assert collect(tmp_path)["90-e1"].asked == EXERCISES["03-e2"].asked
