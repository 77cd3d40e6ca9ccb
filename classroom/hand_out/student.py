"""What a student gets: the notebooks without their solutions, and what it takes to run them.

Usage: python -m classroom.student [--out _build/student]

The folder has the layout of the repository, so links between notebooks and pages work, and holds
`sgdcore` and `classroom` as one installable file. The same sources give the same bytes, so the
folder can be kept in a branch that students pull.
"""

import argparse
import ast
import copy
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
# What the notebooks need; the versions are those the stored outputs were made with.
NEEDS = ["numpy", "matplotlib", "scipy", "scikit-learn", "tqdm", "ipykernel", "jupyterlab"]
PAGES = ["book/**/*.md", "book/images/*", "book/references.bib", "LICENSE", "LICENSE-text"]
NUMBER = re.compile(r"\{glue:text\}`(?P<file>[^:`]+)::(?P<name>[^:`]+):(?P<format>[^`]+)`")


def role(cell):
    """The part of a cell: ``"student"``, ``"stub"``, ``"check"``, ``"solution"`` or None."""
    return cell.metadata.get("course", {}).get("role")


def strip(notebook):
    """Return a copy of ``notebook`` without its solutions.

    The name, the stubs and the checks stay, without outputs; every other cell stays as it is.

    Raises
    ------
    ValueError
        If a solution directive stands in a cell that does not have the role ``solution``.
    """
    stripped = copy.deepcopy(notebook)
    stripped.cells = [cell for cell in stripped.cells if role(cell) != "solution"]
    for cell in stripped.cells:
        if cell.cell_type == "markdown" and "{solution-" in cell.source:
            raise ValueError(
                f"cell {cell.id} holds a solution directive but its role is {role(cell)!r}, "
                "expected 'solution'"
            )
        if role(cell) in ("student", "stub", "check"):
            cell.outputs = []
            cell.execution_count = None
    return stripped


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


def write_numbers(notebook, numbers):
    """Write the published numbers into the text: outside the book nothing else would."""

    def number(match):
        return format(numbers[Path(match["file"]).name, match["name"]], match["format"])

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = NUMBER.sub(number, cell.source)


def write_wheel(folder):
    """Pack `sgdcore` and `classroom` into one file that pip installs; return its name."""
    with tempfile.TemporaryDirectory() as aside:  # what an earlier build left must not get in
        for name in ("sgdcore", "classroom"):
            shutil.copytree(
                ROOT / name, Path(aside) / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        for name in ("pyproject.toml", "LICENSE"):
            shutil.copy(ROOT / name, aside)
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps",
             "--no-build-isolation", "--wheel-dir", str(folder), aside],
            env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"},  # 1980, where zip files begin
            check=True,
        )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    return wheel.name


def write(target):
    """Write the student's folder; what an earlier call wrote is replaced."""
    notebooks = {
        path: nbformat.read(path, as_version=4)
        for folder in ("chapters", "book")
        for path in sorted((ROOT / folder).glob("*.ipynb"))
    }
    numbers = published(notebooks)
    target.mkdir(parents=True, exist_ok=True)
    for folder in ("chapters", "book", "packages"):
        shutil.rmtree(target / folder, ignore_errors=True)
        (target / folder).mkdir()
    for path, notebook in notebooks.items():
        stripped = strip(notebook)
        write_numbers(stripped, numbers)
        nbformat.write(stripped, target / path.relative_to(ROOT))
    for page in sorted(path for pattern in PAGES for path in ROOT.glob(pattern)):
        copied = target / page.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(page, copied)
    shutil.copyfile(Path(__file__).with_name("README.md"), target / "README.md")
    wheel = write_wheel(target / "packages")
    needs = [f"{name}=={version(name)}" for name in NEEDS] + [f"./packages/{wheel}"]
    (target / "requirements.txt").write_text("\n".join(needs) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "student")
    out = parser.parse_args().out
    write(out)
    print(f"The student's folder is {os.path.relpath(out)}")
