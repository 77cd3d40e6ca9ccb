"""The student's version of a chapter."""

import copy

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from book._tools.run import execute
from classroom import student
from tests.book.notebooks import CHAPTERS, printed

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=str)


@each_chapter
def test_stripped_chapter_runs(chapter):
    stripped = student.strip(chapter.notebook)
    execute(stripped, chapter.path.parent)  # raises at the first cell that fails
    for cell in stripped.cells:
        if student.role(cell) == "check":
            label = cell.metadata["course"]["exercise"]
            assert printed(cell) == f"{label}: not written yet\n"


@each_chapter
def test_no_solution_is_left(chapter):
    before = copy.deepcopy(chapter.notebook)
    stripped = student.strip(chapter.notebook)
    assert chapter.notebook == before, "the notebook itself is not changed"
    kept = {cell.id for cell in stripped.cells}
    for cell in chapter.cells:
        assert (cell.id in kept) == (student.role(cell) != "solution")
    assert "{solution-" not in nbformat.writes(stripped)
    for cell in stripped.cells:
        if student.role(cell) is not None:
            assert not cell.get("outputs")


def test_a_solution_without_its_role_is_refused():
    cell = new_markdown_cell(":::{solution-start} 03-e1\n:::")
    with pytest.raises(ValueError, match="expected 'solution'"):
        student.strip(new_notebook(cells=[cell]))


def test_command_writes_the_file(tmp_path, monkeypatch):
    source, target = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    cell = new_markdown_cell("the answer", metadata={"course": {"role": "solution"}})
    nbformat.write(new_notebook(cells=[cell, new_markdown_cell("the question")]), source)
    monkeypatch.setattr("sys.argv", ["student", str(source), "-o", str(target)])
    student.main()
    (left,) = nbformat.read(target, as_version=4).cells
    assert left.source == "the question"
