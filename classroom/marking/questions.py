"""What the book asks, and what a teacher asks beside it: the exercises by label."""

import functools
import hashlib
import re
import sys
from dataclasses import dataclass

import nbformat.reader
import numpy as np

from classroom.exercises import collect, files_of
from classroom.hand_out.export import check_call
from classroom.hand_out.student import ROOT, role
from classroom.marking import sandbox

TITLE = re.compile(r"\{exercise\} *(.*)")


@dataclass(frozen=True)
class Question:
    """An exercise, as the book asks it."""

    title: str
    answer: str  # the expression that is handed to ``check``


@functools.cache
def questions():
    """Every exercise that a chapter asks, by label; the book does not change under a class."""
    return questions_in(ROOT / "chapters")


def questions_in(folder):
    """Every exercise that the notebooks of a folder ask, by label.

    Raises
    ------
    ValueError
        If a check is of an exercise that is not asked above it, or that has one already.
    """
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        titles = {}
        # They are the book's own, so nobody need validate them for every class.
        for cell in nbformat.reader.reads(path.read_text(encoding="utf-8")).cells:
            label = cell.metadata.get("course", {}).get("exercise")
            asked = re.search(r"^:label: *(\S+)", cell.source, re.MULTILINE)
            if asked and (title := TITLE.search(cell.source)):
                titles[asked[1]] = title[1]
            if role(cell) == "check":
                if label not in titles:
                    raise ValueError(f"{path.name}: no {{exercise}} above its check says {label}")
                if label in found:
                    told = "a cell's metadata say of which exercise it is"
                    raise ValueError(f"{path.name}: two checks are of {label}; {told}")
                found[label] = Question(titles[label], check_call(cell.source)[1])
    return found


def exercises_of(folder):
    """The exercises of a teacher's own, by label: defined in a folder, and asked there.

    Raises
    ------
    ValueError
        If there are none, if one is only asked or only defined, or if the sandbox would show them.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    files = files_of(folder, "exercises")
    if not any(path.suffix == ".py" for path in files):
        begin = f"python -m classroom.private {folder} --new"
        raise ValueError(f"there is no exercises_NN.py in {folder}; to begin one: {begin}")
    for path in [folder, *files, *folder.glob("*.ipynb")]:
        if seen := sandbox.shown_in(path):
            told = "which students can read or get: keep your exercises elsewhere"
            raise ValueError(f"{path} is in {seen}, {told}")
    course = collect()
    exercises = {label: one for label, one in collect(folder).items() if label not in course}
    asked = questions_in(folder)
    for label in sorted(exercises.keys() ^ asked.keys()):
        lacks = "asked in no notebook" if label in exercises else "defined in no exercises_NN.py"
        raise ValueError(f"{label} is {lacks} of {folder}")
    return exercises


def contents(folder):
    """Names and contents of the files in which a teacher defines and asks exercises."""
    paths = [*files_of(folder, "exercises"), *sorted(folder.glob("*.ipynb"))]
    return tuple((path.name, path.read_bytes()) for path in paths)


def fingerprint(asked, own=()):
    """A hash of everything that a mark depends on besides the submission.

    Parameters
    ----------
    asked : dict
        The questions, by label.
    own : tuple
        What `contents` returns.
    """
    digest = hashlib.sha256(f"{sys.version} {np.__version__} {asked} {own}".encode())
    for name in ("classroom", "sgdcore"):
        for path in sorted((ROOT / name).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
