"""Assignments in nbgrader's source format: what nbgrader looks for is there, and it marks right."""

import re

import nbformat
import pytest

from classroom.exercises import collect
from classroom.hand_out import export
from tests.book.mistakes import outcome
from tests.book.notebooks import CHAPTERS

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=str)
SOLUTION = re.compile(r"### BEGIN SOLUTION\n.*?\n### END SOLUTION", re.DOTALL)
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)\n### END HIDDEN TESTS", re.DOTALL)


def graded(notebook):
    """Pairs of the cell to fill in and the cell that marks it."""
    cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    return list(zip(cells[::2], cells[1::2], strict=True))


@each_chapter
def test_each_exercise_is_an_answer_and_a_mark(chapter):
    notebook = export.assignment(chapter.notebook)
    nbformat.validate(notebook)
    labels = [label for label in collect() if label.startswith(f"{chapter.name}-")]
    pairs = graded(notebook)
    assert [mark.metadata.nbgrader.grade_id for _, mark in pairs] == labels
    for (answer, mark), label in zip(pairs, labels, strict=True):
        assert answer.metadata.nbgrader.solution and not answer.metadata.nbgrader.grade
        assert mark.metadata.nbgrader.grade and mark.metadata.nbgrader.points == 1
        assert SOLUTION.search(answer.source), label
        # What nbgrader leaves of the cell is the stub of the book.
        (stub,) = (c for c in chapter.exercises()[label] if c.metadata.course.role == "stub")
        assert SOLUTION.sub("", answer.source).strip() == stub.source.strip()
    rest = [cell for cell in notebook.cells if "nbgrader" not in cell.metadata]
    assert not [cell for cell in rest if "{solution-" in cell.source]


@each_chapter
def test_the_hidden_test_fails_the_stub_and_passes_what_is_right(chapter):
    for answer, mark in graded(export.assignment(chapter.notebook)):
        hidden = HIDDEN.search(mark.source)[1]
        failed = outcome(SOLUTION.sub("", answer.source) + "\n" + hidden).error
        assert isinstance(failed, AssertionError) and "not written yet" in str(failed)
        _, name = export.check_call(mark.source.split("###")[0])
        label = mark.metadata.nbgrader.grade_id
        right = f"from classroom.exercises import collect\n{name} = collect()['{label}'].reference"
        assert outcome(f"{right}\n{hidden}").error is None


def test_a_solution_without_its_check_is_refused():
    with pytest.raises(ValueError, match="expected one call of check"):
        export.check_call("answer = 1")
