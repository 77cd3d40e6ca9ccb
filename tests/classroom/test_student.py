"""The student's version of a chapter."""

import copy
import json
import os
import re
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from classroom.hand_out import student
from classroom.marking import reader
from tests import student_check
from tests.book.notebooks import CHAPTERS, NOTEBOOKS
from tests.environment import ROOT

each_solved = pytest.mark.parametrize("notebook", student_check.solved(), ids=str)


def needs_solution(notebook):
    """What later cells use of solutions, as triples of the cell, the name and the solution.

    A name that only solutions define would be missing in the student's notebook; one that a
    solution defines last would have another value. A function needs its names when it is called.
    """
    last, inside = {}, {}
    for number, cell in enumerate(notebook.code):
        parsed = reader.Cell.of(number, {"cell_type": "code", "source": cell.source})
        solution = student.role(cell) == "solution"
        for place, node in enumerate(parsed.body):
            one = reader.Statement.of(parsed, place, node)
            if solution:
                last.update(dict.fromkeys(one.binds | one.touches | one.passes, cell.id))
                continue
            for name in with_functions(one.uses | one.later, inside) & last.keys():
                yield cell.id, name, last[name]
            for name in one.binds:
                inside[name] = one.later
                if one.certain:
                    last.pop(name, None)


def with_functions(names, inside):
    """The names, and those that the functions among them need, and so on."""
    found, todo = set(), list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += inside.get(name, ())
    return found


@each_solved
def test_no_later_cell_uses_a_name_of_a_solution(notebook):
    assert not list(needs_solution(notebook)), "cell, name, and the solution that defines it"


def test_a_later_use_of_a_solution_is_seen():
    cells = [new_code_cell("x = ..."), new_code_cell("x = 2"), new_code_cell("def f(): return x")]
    cells[1].metadata["course"] = {"role": "solution"}
    page = SimpleNamespace(code=cells)
    assert [(cell, name) for cell, name, _ in needs_solution(page)] == [(cells[2].id, "x")]
    cells.insert(2, new_code_cell("x = 3"))  # a value of its own
    assert not list(needs_solution(page))
    cells[:] = [cells[0], cells[3], cells[1], new_code_cell("f()")]  # called after the solution
    assert [(cell, name) for cell, name, _ in needs_solution(page)] == [(cells[3].id, "x")]


def test_a_change_of_what_a_notebook_depends_on_makes_it_run_again():
    page = student_check.solved()[0]
    before = student_check.state(page, b"")
    assert student_check.state(page, b"another module") != before
    changed = copy.deepcopy(page.notebook)
    next(cell for cell in changed.cells if cell.cell_type == "code").source += "\n1 / 0"
    assert student_check.state(SimpleNamespace(notebook=changed), b"") != before
    assert student_check.stale({"a": "1", "b": "2"}, {"a": "1", "b": "1"}) == ["b"]


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
