"""Submissions for the tests, made from the chapters as a student would make them."""

import copy
import json
from pathlib import Path

import nbformat

from classroom.export import check_call, solved
from classroom.student import ROOT, role, strip

HANDED_OUT = {}


def chapter(number):
    """A chapter's notebook, and the one that students get."""
    if number not in HANDED_OUT:
        (path,) = (ROOT / "chapters").glob(f"{number}-*.ipynb")
        notebook = nbformat.read(path, as_version=4)
        HANDED_OUT[number] = notebook, strip(notebook)
    return HANDED_OUT[number]


def right_answers(number):
    """By label, what stands in the cell of a student who got everything right."""
    stubs, checks, solutions = {}, {}, {}
    for cell in chapter(number)[0].cells:
        label = cell.metadata.get("course", {}).get("exercise")
        if role(cell) == "stub":
            stubs[label] = cell.source
        elif role(cell) == "check":
            checks[label] = check_call(cell.source)[1]
        elif role(cell) == "solution" and cell.cell_type == "code":
            solutions.setdefault(label, []).append(cell.source)
    return {label: solved(stubs[label], checks[label], solutions[label]) for label in stubs}


def handed_in(number, answers, student=""):
    """A student's notebook: a chapter with answers in the cells of the stubs.

    Parameters
    ----------
    number : str
        Of the chapter.
    answers : dict
        From labels to sources; the other stubs stay as they are.
    student : str
        Handed to ``identify``.
    """
    notebook = copy.deepcopy(chapter(number)[1])
    for cell in notebook.cells:
        if role(cell) == "stub":
            cell.source = answers.get(cell.metadata["course"]["exercise"], cell.source)
        elif role(cell) == "student":
            cell.source = cell.source.replace('identify("")', f"identify({student!r})")
    return notebook


def small(cells):
    """The bytes of a notebook that holds only code cells of these sources."""
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": one} for one in cells]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def save(notebook, path):
    """Write a notebook, or the bytes of something else, and return its path."""
    path = Path(path)
    if isinstance(notebook, bytes):
        path.write_bytes(notebook)
    else:
        nbformat.write(notebook, path)
    return path
