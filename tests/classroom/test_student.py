"""The student's version of a chapter."""

import copy
import email
import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import metadata
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from book._tools.run import CurrentPythonKernel
from classroom.hand_out import student, wheel
from classroom.marking import reader
from tests import student_check
from tests.book.notebooks import CHAPTERS, NOTEBOOKS
from tests.environment import ROOT, built_site

together = pytest.mark.xdist_group("handed out")  # one folder, written once
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


@each_solved
def test_no_answer_of_a_prediction_stands_open(notebook):
    cells = student.strip(notebook.notebook).cells
    answers = [k for k, cell in enumerate(cells) if ":class: dropdown" in cell.source]
    predicted = [k for k in answers if ":class: predict" in cells[k - 1].source]
    assert len(predicted) == sum(":class: predict" in cell.source for cell in cells)
    assert not any(cells[k + 1].get("outputs") for k in predicted)


@pytest.mark.parametrize("lost", range(4))
def test_a_solution_without_its_role_is_refused(lost):
    texts = [":::{solution-start} 03-e1\n:::", "x = 1", "So it is.", ":::{solution-end}\n:::"]
    cells = [new_code_cell(t) if t == "x = 1" else new_markdown_cell(t) for t in texts]
    for place, cell in enumerate(cells):
        cell.metadata["course"] = {"role": "solution"} if place != lost else {}
    after = new_code_cell("y = 1")
    with pytest.raises(ValueError, match=f"cell {cells[lost].id} .* expected 'solution'"):
        student.strip(new_notebook(cells=[*cells, after]))
    cells[lost].metadata["course"] = {"role": "solution"}
    assert student.strip(new_notebook(cells=[*cells, after])).cells == [after]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What ``make student`` writes."""
    built_site()
    target = tmp_path_factory.mktemp("student")
    student.write(target)
    return target


def texts(folder):
    """The name and the content of every file that can be read as text."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".ipynb", ".md", ".txt"):
            yield path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")


@together
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
    for _, text in texts(folder):
        text = text.replace('\\n",\n    "', "\\n")  # a cell's lines put together again
        assert not [solution for solution in solutions if len(solution) > 40 and solution in text]


@together
def test_the_download_is_what_the_student_gets(folder):
    """The button of each page gives the file of the folder, and the page has the wheel as well."""
    downloads = built_site() / "_sources"
    (wheel_file,) = (folder / "packages").iterdir()
    beside = downloads / wheel_file.name
    assert beside.read_bytes() == wheel_file.read_bytes(), "the book is older than the module"
    for notebook in NOTEBOOKS:
        place = notebook.path.relative_to(ROOT)
        assert (downloads / place).read_bytes() == (folder / place).read_bytes(), place
        page = (built_site() / place).with_suffix(".html").read_text(encoding="utf-8")
        for file in (place.as_posix(), wheel_file.name):
            assert f'href="../_sources/{file}"' in page, place


def run(*cells):
    """The outputs of the last of some cells, run one after the other."""
    notebook = new_notebook(cells=list(cells))
    NotebookClient(
        notebook, kernel_manager_class=CurrentPythonKernel, allow_errors=True, timeout=60
    ).execute()
    return notebook.cells[-1].outputs


@together
def test_the_first_cell_says_what_to_install_where_the_course_is_missing(folder):
    chapter = nbformat.read(folder / "chapters" / "01-learning-as-optimisation.ipynb", 4)
    first = chapter.cells[0]
    assert not run(first), "nothing, where the course is there"
    (said,) = run(new_code_cell("import sys; sys.modules['sgdcore'] = None"), first)
    sentence = " ".join(student.install_sentence(student.read_numbering()).split())
    assert [" ".join(line.split()) for line in said.traceback] == [sentence]
    assert sentence in " ".join(first.source.split())


@pytest.mark.parametrize(
    ("published", "said"),
    [
        ({}, 'To run this notebook, put {file}, which is handed out with it, into its folder and '
             'type %pip install "./{file}[notebooks]"'),
        ({"address": "https://book.example/sgd/"},
         "type %pip install \"sgd-course[notebooks] @ https://book.example/sgd/_sources/{file}\""),
        ({"repository": "https://git.example/a/b"},
         "[notebooks] @ https://git.example/a/b/raw/hand-out/packages/{file}\""),
    ],
)  # fmt: skip
def test_the_first_cell_names_the_wheel(published, said):
    cell = student.first_cell({"address": "", "repository": ""} | published)
    assert said.format(file=wheel.name(ROOT)) in " ".join(cell.source.split())


@together
def test_every_notebook_begins_with_that_cell_and_keeps_its_programs(folder):
    for notebook in NOTEBOOKS:
        written = nbformat.read(folder / notebook.path.relative_to(ROOT), 4)
        nbformat.validate(written)
        assert written.cells[0].id == "course-missing"
        stripped = student.strip(notebook.notebook)
        assert [cell.id for cell in written.cells[1:]] == [cell.id for cell in stripped.cells]
        programs = [cell for cell in written.cells[1:] if cell.cell_type == "code"]
        assert programs == [cell for cell in stripped.cells if cell.cell_type == "code"]


@together
def test_the_requirements_carry_the_locks_markers(folder):
    *pins, package = (folder / "requirements.txt").read_text().splitlines()
    assert package == f"./packages/{wheel.name(ROOT)}"
    lock = (ROOT / "requirements.txt").read_text()
    asked = [Requirement(pin) for pin in pins]
    assert {need.name for need in asked} == set(student.NEEDS)
    for pin in pins:
        assert f"\n{pin} \\\n" in lock
    for version in ("3.11", "3.12", "3.13"):
        python = {"python_version": version, "python_full_version": f"{version}.9"}
        held = [need.name for need in asked if not need.marker or need.marker.evaluate(python)]
        assert sorted(held) == sorted(student.NEEDS), version
    assert len(asked) > len(student.NEEDS), "scipy has one version for 3.11, another above"


@together
def test_the_packed_module_is_what_the_notebooks_import(folder, tmp_path):
    (packed,) = (folder / "packages").iterdir()
    for command in (
        ["-m", "pip", "install", "-q", "--no-deps", "--target", str(tmp_path), str(packed)],
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


@together
def test_the_same_sources_give_the_same_bytes(folder, tmp_path):
    for place in ("chapters/of-another-year.ipynb", "requirements.txt"):  # an older folder
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text("old")
    student.write(tmp_path)
    files = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert files == {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in files)


def test_the_wheel_holds_every_module_and_every_page(tmp_path):
    packed = zipfile.ZipFile(wheel.write(ROOT, tmp_path))
    kept = {
        path.relative_to(ROOT).as_posix()
        for folder in ("sgdcore", "classroom")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in packed.namelist() if ".dist-info/" not in name} == kept
    ours = email.message_from_bytes(packed.read("sgd_course-0.1.0.dist-info/METADATA"))
    theirs = metadata("sgd-course")  # as setuptools writes it
    for field in ("Name", "Version", "Summary", "License-Expression", "License-File"):
        assert ours[field] == theirs[field]
    assert SpecifierSet(ours["Requires-Python"]) == SpecifierSet(theirs["Requires-Python"])
    for field in ("Requires-Dist", "Provides-Extra"):
        assert ours.get_all(field) == theirs.get_all(field)


def test_the_wheel_has_the_same_bytes_under_any_umask_and_python(tmp_path):
    made = {}
    for mask in (0o022, 0o002, 0o077):
        root = tmp_path / f"{mask:o}"
        before = os.umask(mask)
        try:
            for package in wheel.PACKAGES:
                shutil.copytree(ROOT / package, root / package, copy_function=shutil.copyfile)
            for name in ("pyproject.toml", "LICENSE"):
                shutil.copyfile(ROOT / name, root / name)
            made[mask] = wheel.write(root, root).read_bytes()
        finally:
            os.umask(before)
    program = (
        "import pathlib, runpy, sys; script, *folders = sys.argv[1:];"
        "runpy.run_path(script)['write'](*map(pathlib.Path, folders))"
    )
    for python in ("python3.11", "python3.12", "python3.13"):
        target = tmp_path / python
        target.mkdir()
        if shutil.which(python) and not subprocess.call(
            [python, "-c", program, wheel.__file__, str(ROOT), str(target)],
            stderr=subprocess.DEVNULL,
        ):
            made[python] = (target / wheel.name(ROOT)).read_bytes()
    assert len(set(made.values())) == 1, list(made)
