"""What a student gets: the notebooks without their solutions, and what it takes to run them.

Usage: python -m classroom.student [--out _build/student]

The text is plain Markdown (plain.py) with the numbers of the built book, so the book is built
first. The folder has the layout of the repository and holds `sgdcore` and `classroom` as one
installable file. Where the book was built without solutions, that file has practice data in the
place of the answers. The same sources give the same bytes, so the folder can be kept in a branch
that students pull.
"""

import argparse
import ast
import copy
import json
import os
import re
import shutil
import textwrap
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from classroom import practice
from classroom.exercises import collect
from classroom.hand_out import wheel
from classroom.hand_out.plain import Plain

ROOT = Path(__file__).resolve().parents[2]
NUMBERING = ROOT / "_build" / "numbering.json"
# What the notebooks need, in the versions that the stored outputs were made with.
NEEDS = ["numpy", "matplotlib", "scipy", "scikit-learn", "tqdm", "ipykernel", "jupyterlab"]
LOCKED = re.compile(r"^(?P<pin>(?P<name>[\w.-]+)==[^;\\\n]+(?:;[^\\\n]+)?)", re.MULTILINE)
FOLDERS = ["chapters", "book"]
BRANCH = "hand-out"  # where `publish` puts the folder
# One cell before the others: an error that shows its sentence alone, in every Jupyter.
FIRST = """\
from importlib.util import find_spec

NEEDED = '''\
{sentence}'''


class CourseMissing(ImportError):
    def _render_traceback_(self):
        return [NEEDED]


if find_spec("sgdcore") is None:
    raise CourseMissing(NEEDED)
"""


def role(cell):
    """The part of a cell: ``"student"``, ``"stub"``, ``"check"``, ``"solution"`` or None."""
    return cell.metadata.get("course", {}).get("role")


def strip(notebook):
    """Return a copy of ``notebook`` without its solutions.

    The name, the stubs and the checks stay, without outputs, and so do the cells that measured the
    answer of a prediction: it would stand open under the folded answer. Every other cell stays as
    it is.

    Raises
    ------
    ValueError
        If a cell from the start of a solution to its end does not have the role ``solution``.
    """
    for cell in of_solutions(notebook):
        if role(cell) != "solution":
            raise ValueError(
                f"cell {cell.id} is part of a solution but its role is {role(cell)!r}, "
                "expected 'solution'"
            )
    stripped = copy.deepcopy(notebook)
    stripped.cells = [cell for cell in stripped.cells if role(cell) != "solution"]
    asked = [cell for cell in stripped.cells if role(cell) in ("student", "stub", "check")]
    for cell in asked + measured_answers(stripped):
        cell.outputs = []
        cell.execution_count = None
    return stripped


def of_solutions(notebook):
    """The cells from the start of each solution to its end."""
    inside = False
    for cell in notebook.cells:
        text = cell.source if cell.cell_type == "markdown" else ""
        inside = inside or "{solution-start}" in text
        if inside or "{solution-end}" in text:
            yield cell
        inside = inside and "{solution-end}" not in text


def measured_answers(notebook):
    """The cells that measured what a prediction asks: each follows the question and its answer."""
    cells = notebook.cells
    return [
        measured
        for question, measured in zip(cells, cells[2:], strict=False)
        if ":class: predict" in question.source and measured.cell_type == "code"
    ]


def published(notebooks):
    """Every published number, by the name of its notebook's file and its own."""
    return {
        (path.name, output.metadata["scrapbook"]["name"]): ast.literal_eval(
            output.data["text/plain"]
        )
        for path, notebook in notebooks.items()
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "record" in output.get("metadata", {})
    }


def install_sentence(numbering):
    """What to install, in one sentence: from where it is published, or from the file itself."""
    file = wheel.name(ROOT)
    place = f"./{file}[notebooks]"
    sentence = (
        f"To run this notebook, put {file}, which is handed out with it, into its folder and type"
    )
    if numbering["address"] or numbering["repository"]:
        sentence = "To run this notebook, type"
        place = f"sgd-course[notebooks] @ {wheel_address(numbering, file)}"
    return f'{textwrap.fill(sentence, 72, break_long_words=False)}\n%pip install "{place}"'


def wheel_address(numbering, file):
    """Where the published book, or the published branch, has the course's wheel."""
    if numbering["address"]:
        return f"{numbering['address'].rstrip('/')}/_sources/{file}"
    return f"{numbering['repository'].rstrip('/')}/raw/{BRANCH}/packages/{file}"


def first_cell(numbering):
    source = FIRST.format(sentence=install_sentence(numbering))
    return new_code_cell(source.strip(), id="course-missing")


def handed_out(numbering):
    """By their places the notebooks as students get them."""
    notebooks = {
        path.relative_to(ROOT): nbformat.read(path, as_version=4)
        for folder in FOLDERS
        for path in sorted((ROOT / folder).glob("*.ipynb"))
    }
    numbers = published(notebooks)
    for path, notebook in notebooks.items():
        stripped = strip(notebook)
        if not numbering["solutions"]:
            for cell in stripped.cells:
                cell.source = practice.reworded(cell.source)
        make_plain(stripped, path, numbering, numbers)
        stripped.cells.insert(0, first_cell(numbering))
        notebooks[path] = stripped
    return notebooks


def make_plain(notebook, path, numbering, numbers):
    """Translate the text of a notebook that stands at ``path`` in the repository."""
    page = path.with_suffix("").as_posix()
    plain = Plain(page, numbering, numbers, ROOT / path.parent)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            plain.translate(cell)


def write_notebooks(folder, numbering):
    """Write the students' notebooks into ``folder``, which need not be empty."""
    for path, notebook in handed_out(numbering).items():
        (folder / path.parent).mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / path)


def write_wheel(folder, numbering):
    """Write the course's wheel into ``folder``, with the answers if the book has solutions."""
    return wheel.write(ROOT, folder, None if numbering["solutions"] else practice_files())


def practice_files():
    """What stands in the wheel where there are no answers, by the names of the files."""
    return practice.files(collect(), "classroom/exercises/chapter")


def requirements(lock):
    """What to install, as the lock has it: a package may have one version for each Python."""
    return [match["pin"].strip() for match in LOCKED.finditer(lock) if match["name"] in NEEDS]


def read_numbering():
    """What the book's build says of its labels.

    Raises
    ------
    FileNotFoundError
        If the book is not built.
    """
    if not NUMBERING.exists():
        raise FileNotFoundError("the numbers of the book are missing: run make book first")
    return json.loads(NUMBERING.read_text(encoding="utf-8"))


def write(target):
    """Write the student's folder; what an earlier call wrote is replaced."""
    for folder in (*FOLDERS, "packages"):
        shutil.rmtree(target / folder, ignore_errors=True)
    numbering = read_numbering()
    write_notebooks(target, numbering)
    (target / "packages").mkdir()
    packed = write_wheel(target / "packages", numbering)
    for file in ("LICENSE", "LICENSE-text", "binder/runtime.txt"):
        shutil.copyfile(ROOT / file, target / Path(file).name)
    shutil.copyfile(Path(__file__).with_name("README.md"), target / "README.md")
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    needs = [*requirements(lock), f"./packages/{packed.name}"]
    (target / "requirements.txt").write_text("\n".join(needs) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "student")
    out = parser.parse_args().out
    write(out)
    print(f"The student's folder is {os.path.relpath(out)}")
