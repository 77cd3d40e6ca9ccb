"""The student's version of a chapter."""

import copy
import json
import os
import re
import subprocess
import sys
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from book._tools.run import execute
from classroom.hand_out import student
from tests.book.notebooks import CHAPTERS, NOTEBOOKS, printed
from tests.environment import ROOT

# Every chapter, and the pages that have exercises too.
SOLVED = [page for page in NOTEBOOKS if "solution" in map(student.role, page.cells)]
each_solved = pytest.mark.parametrize("notebook", SOLVED, ids=str)


@each_solved
def test_stripped_notebook_runs(notebook):
    stripped = student.strip(notebook.notebook)
    execute(stripped, notebook.path.parent)  # raises at the first cell that fails
    for cell in stripped.cells:
        if student.role(cell) == "check":
            label = cell.metadata["course"]["exercise"]
            assert printed(cell).startswith(f"{label}: not written yet\n")


@each_solved
def test_no_solution_is_left(notebook):
    before = copy.deepcopy(notebook.notebook)
    stripped = student.strip(notebook.notebook)
    assert notebook.notebook == before, "the notebook itself is not changed"
    kept = {cell.id for cell in stripped.cells}
    for cell in notebook.cells:
        assert (cell.id in kept) == (student.role(cell) != "solution")
    assert "{solution-" not in nbformat.writes(stripped)
    for cell in stripped.cells:
        if student.role(cell) in ("student", "stub", "check"):
            assert not cell.get("outputs")


def test_a_solution_without_its_role_is_refused():
    cell = new_markdown_cell(":::{solution-start} 03-e1\n:::")
    with pytest.raises(ValueError, match="expected 'solution'"):
        student.strip(new_notebook(cells=[cell]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What ``make student`` writes."""
    target = tmp_path_factory.mktemp("student")
    student.write(target)
    return target


def texts(folder):
    """The name and the content of every file that can be read as text."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".ipynb", ".md", ".txt"):
            yield path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")


def test_the_folder_has_every_notebook_and_no_solution(folder):
    written = {name for name, _ in texts(folder) if name.endswith(".ipynb")}
    assert written == {notebook.path.relative_to(ROOT).as_posix() for notebook in NOTEBOOKS}
    solutions = [
        json.dumps(cell.source, ensure_ascii=False)[1:-1]
        for notebook in NOTEBOOKS
        for cell in notebook.cells
        if student.role(cell) == "solution"
    ]
    assert len(solutions) > 3 * len(CHAPTERS)
    for name, text in texts(folder):
        text = text.replace('\\n",\n    "', "\\n")  # a cell's lines put together again
        assert not [solution for solution in solutions if len(solution) > 40 and solution in text]
        assert "{solution-" not in text or not name.endswith(".ipynb"), name


def test_numbers_are_written_into_the_text(folder):
    assert not [name for name, text in texts(folder) if "{glue:" in text and "chapters" in name]
    cells = nbformat.read(folder / "chapters" / "03-stochastic-gradient-descent.ipynb", 4).cells
    (seen,) = (cell.source for cell in cells if cell.id == "check-unbiased-seen")
    assert re.search(r"a root mean square of\s+\d+\.\d times the length", seen)


def test_links_within_the_folder_resolve(folder):
    broken = []
    for name, text in texts(folder):
        if name.endswith(".ipynb"):
            cells = nbformat.reads(text, as_version=4).cells
            text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        for link in re.findall(r"\]\(([^)#\s:]+)(?:#[^)\s]*)?\)", text):
            if not (folder / name).parent.joinpath(link).exists():
                broken.append(f"{name}: {link}")
    assert not broken


def test_the_packed_module_is_what_the_notebooks_import(folder, tmp_path):
    *pins, wheel = (folder / "requirements.txt").read_text().split()
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", pin) for pin in pins)
    for command in (
        ["-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path), wheel],
        ["-c", "import classroom, sgdcore; print(classroom.__file__, sgdcore.__file__)"],
    ):
        ran = subprocess.run(
            [sys.executable, *command],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
    assert all(place.startswith(str(tmp_path)) for place in ran.stdout.split())


def test_the_same_sources_give_the_same_bytes(folder, tmp_path):
    student.write(tmp_path)
    student.write(tmp_path)  # over what is there
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert files == {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in files)


def test_the_wheel_holds_every_module_and_every_page(tmp_path):
    student.write_wheel(tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    kept = {
        path.relative_to(ROOT).as_posix()
        for folder in ("sgdcore", "classroom")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == kept
