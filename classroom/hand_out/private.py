"""Exercises of a teacher's own, in a folder that is neither in the repository nor in the wheel.

Usage: python -m classroom.private FOLDER --new                    begin one, from the template
       python -m classroom.private FOLDER [--out _build/private]   write what to hand out of it

The folder holds ``exercises_NN.py`` with the answers and notebooks that ask them. What is handed
out are the notebooks without solutions, and ``exercises_NN.json`` beside them, the practice data
with which `check` works. Marks: python -m classroom.grade submissions/ --exercises FOLDER …
"""

import argparse
import copy
import os
import shutil
import sys
from pathlib import Path

import nbformat

from classroom import practice
from classroom.checking import judged
from classroom.hand_out.student import (
    ROOT,
    first_cell,
    make_plain,
    published,
    read_numbering,
    strip,
)
from classroom.judging import RIGHT
from classroom.marking.questions import exercises_of

TEMPLATE = Path(__file__).with_name("template")


def begin(folder):
    """Write the template into a folder; nothing there is replaced.

    Raises
    ------
    ValueError
        If a file of the template is there already.
    """
    files = [path for path in sorted(TEMPLATE.iterdir()) if path.is_file()]
    there = [path.name for path in files if (folder / path.name).exists()]
    if there:
        raise ValueError(f"{folder} has {', '.join(there)} already")
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        shutil.copyfile(path, folder / path.name)


def slips(label, exercise):
    """What is wrong with a definition: what the judge says of its own answers."""
    if (said := judged(exercise, label, exercise.reference)).status != RIGHT:
        yield f"{label}: of the reference the check says “{said.headline}”"
    for mistake in exercise.mistakes:
        said = judged(exercise, label, made_by(exercise, mistake))
        if said.mistake != mistake.key:
            yield f"{label}: of the mistake “{mistake.key}” the check says “{said.headline}”"


def made_by(exercise, mistake):
    """The whole answer of somebody who makes this mistake and no other."""
    if exercise.cases is None:
        return complete(mistake.answer, exercise.reference)

    def answer(*arguments):
        right = exercise.reference(*copy.deepcopy(arguments))
        return complete(mistake.answer(*arguments), right)

    return answer


def complete(wrong, right):
    """A wrong answer with the right results where the mistake leaves them open."""
    if type(wrong) is tuple:
        return tuple(map(complete, wrong, right))
    return right if wrong is ... else wrong


def write(folder, target):
    """Write what is handed out of a teacher's folder: notebooks and practice data.

    Raises
    ------
    ValueError
        If a definition is not in order, or if the notebooks would be overwritten.
    FileNotFoundError
        If the book is not built.
    """
    if target.resolve() == folder.resolve():
        raise ValueError("what is handed out would overwrite the notebooks: give another --out")
    exercises = exercises_of(folder)
    for label, exercise in exercises.items():
        for slip in slips(label, exercise):
            raise ValueError(slip)
    numbering = read_numbering()
    numbering["heads"] |= {label: f"Exercise {label.replace('-e', '.')}" for label in exercises}
    notebooks = {path: nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))}
    numbers = published(notebooks)
    target.mkdir(parents=True, exist_ok=True)
    for path, notebook in notebooks.items():
        stripped = strip(notebook)
        make_plain(stripped, path.resolve(), numbering, numbers)
        stripped.cells.insert(0, first_cell(numbering))
        nbformat.write(stripped, target / path.name)
    for name, content in practice.files(exercises, "exercises").items():
        (target / name).write_bytes(content)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--new", action="store_true", help="begin the folder, from the template")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "private")
    given = parser.parse_args()
    try:
        if given.new:
            begin(given.folder)
            print(f"{given.folder} has two exercises as a template: change them to your own")
        else:
            write(given.folder, given.out)
            print(f"Hand out all that is in {os.path.relpath(given.out)}")
    except (ValueError, OSError) as error:
        sys.exit(str(error))
