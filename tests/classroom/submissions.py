"""Submissions for the tests, made from the chapters as a student would make them."""

import copy
import json
from pathlib import Path

import nbformat

from classroom.hand_out.export import check_call, solved
from classroom.hand_out.student import ROOT, first_cell, role, strip

HANDED_OUT = {}


def chapter(number):
    """A chapter's notebook, and the one that students get (its text does not count here)."""
    if number not in HANDED_OUT:
        (path,) = (ROOT / "chapters").glob(f"{number}-*.ipynb")
        notebook = nbformat.read(path, as_version=4)
        stripped = strip(notebook)
        stripped.cells.insert(0, first_cell({"address": "", "repository": ""}))
        HANDED_OUT[number] = notebook, stripped
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


# ---- A class of chapter 03: honest work with the slips that people make

EPOCH = """
def epoch(theta, X, y, lr, batch_size, rng):
    order = rng.permutation(len(y))
    for start in range(0, len(y), batch_size):
        batch = order[start : start + batch_size]
        residual = X[batch] @ theta - y[batch]
        theta = theta - lr * residual @ X[batch] / len(batch)
    return theta
""".strip()
BY_HAND = "answer = (-2, 8 / 3, 4 / 3, 2 / 3)"
RIGHT = {"03-e1": BY_HAND, "03-e2": EPOCH, "03-e3": "rate = 2 / 57"}


def slip(before, after, **others):
    """The right answers with one change in the code, and with other changes."""
    assert before in EPOCH
    answers = RIGHT | {"03-e2": EPOCH.replace(before, after)}
    return answers | {f"03-{label}": source for label, source in others.items()}


def flawed_class():
    """By name of a file: a notebook or bytes."""
    students = {
        "Ada": RIGHT,
        "Ben": slip("theta - lr", "theta + lr", e3="rate = 0.04"),
        "Chen": slip("/ len(batch)", "/ batch_size", e1="answer = (-2, 4, 4 / 3, 2 / 3)"),
        "Dana": slip("    return theta", "    print(theta)", e3="rate = ..."),
        "Emil": slip("theta = theta - lr *", "theta -= lr *", e1="answer = -2, 8/3, 2/3, 4/3"),
        "Fatima": slip("theta - lr", "theta - 0.9 * lr"),
        "Gus": slip("for start in range(0, len(y), batch_size):",
                    "start = 0\n    while start < len(y):"),
        "Hana": slip("len(y)", "len(Y)"),
        "Ivo": slip("range(0, len(y), batch_size):", "range(0, len(y), batch_size)"),
        "Jun": slip("def epoch", "def my_epoch"),
    }  # fmt: skip
    found = {f"{name}.ipynb": handed_in("03", own, name) for name, own in students.items()}

    colab = handed_in("03", RIGHT, "Kim")  # loses metadata and adds lines for the shell
    for cell in colab.cells:
        cell.metadata = {}
        if cell.cell_type == "code" and "from classroom import check" in cell.source:
            cell.source = "!pip install ./course.whl\n%matplotlib inline\n" + cell.source
    found["Copy of 03 (2).ipynb"] = colab

    moved = handed_in("03", {"03-e1": BY_HAND, "03-e3": EPOCH + "\n\nrate = 2 / 57"}, "Lea")
    found["Lea.ipynb"] = moved  # wrote two answers into one cell, and none for e2

    helper = slip("residual @ X[batch] / len(batch)", "mean_gradient(residual, X[batch])")
    helped = handed_in("03", helper, "Mo")
    define = "def mean_gradient(residual, X):\n    return residual @ X / len(residual)"
    helped.cells.insert(8, nbformat.v4.new_code_cell(define))  # far above, among the text
    helped.cells.insert(9, nbformat.v4.new_code_cell("print(never_defined)"))
    found["Mo.ipynb"] = helped

    nameless = handed_in("03", {"03-e1": BY_HAND})
    found["assignment3_final_FINAL.ipynb"] = nameless
    found["Nora.ipynb"] = b'{"cells": [{"cell_type": "code", "sour'  # cut off by the upload
    return found
