"""The exercises as assignments for nbgrader, which then hands out, collects and marks them.

Usage: python -m classroom.export --nbgrader [--out _build/nbgrader]

Each chapter becomes one assignment in nbgrader's source format. What marks an answer is the judge
that also answers in the notebook, so the machine that runs ``nbgrader autograde`` needs `classroom`
installed. nbgrader itself is no requirement of the course.
"""

import argparse
import ast
import os
import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from classroom.hand_out.student import ROOT, make_plain, published, read_numbering, role

CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "sgd-course"
c.ClearSolutions.code_stub = {"python": "# write your answer here"}
c.ExecutePreprocessor.timeout = 300
"""
HIDDEN_TEST = """\
{check}
### BEGIN HIDDEN TESTS
from classroom.checking import assess
verdict = assess("{label}", {answer})
assert verdict.status == "right", verdict.headline
### END HIDDEN TESTS
"""
NEITHER = {"grade": False, "solution": False, "task": False, "schema_version": 3}


def check_call(source):
    """The statement of a source that calls ``check``, and the source of the answer in it.

    Raises
    ------
    ValueError
        If there is not one such call.
    """
    found = [
        (statement, ast.unparse(argument))
        for statement in ast.parse(source).body
        for call in ast.walk(statement)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "check"
        for argument in call.args[1:]
    ]
    if len(found) != 1:
        raise ValueError(f"expected one call of check with a label and an answer, in:\n{source}")
    return found[0]


def solved(stub, asked_for, solutions):
    """A stub with its solution below it, between the marks at which nbgrader cuts it out.

    The solutions of the book have names of their own (``epoch_e2``), since the stub's name must
    stay the student's; here the stub's name is given to them in the end.
    """
    *before, last = solutions
    call, answer = check_call(last)
    lines = last.splitlines()
    without_call = lines[: call.lineno - 1] + lines[call.end_lineno :]
    solution = "\n\n".join([*before, "\n".join(without_call).strip(), f"{asked_for} = {answer}"])
    return f"{stub}\n### BEGIN SOLUTION\n{solution.strip()}\n### END SOLUTION"


def assignment(notebook):
    """Return a chapter in nbgrader's source format.

    Stubs become cells to fill in, checks become cells that are marked with one point each.
    """
    cells, solutions = [], {}
    for cell in notebook.cells:
        if role(cell) == "solution" and cell.cell_type == "code":
            solutions.setdefault(cell.metadata["course"]["exercise"], []).append(cell.source)
    stub = None
    for cell in notebook.cells:
        label = cell.metadata.get("course", {}).get("exercise")
        if role(cell) == "stub":
            stub = new_code_cell(cell.source, id=cell.id)
            cells.append(stub)
        elif role(cell) == "check":
            _, answer = check_call(cell.source)
            stub.source = solved(stub.source, answer, solutions[label])
            stub.metadata["nbgrader"] = NEITHER | {
                "grade_id": f"{label}-answer", "solution": True, "locked": False,
            }  # fmt: skip
            source = HIDDEN_TEST.format(check=cell.source.strip(), label=label, answer=answer)
            marked = NEITHER | {"grade_id": label, "grade": True, "locked": True, "points": 1}
            cells.append(new_code_cell(source, id=cell.id, metadata={"nbgrader": marked}))
        elif role(cell) != "solution":
            cells.append(cell)
    return nbformat.from_dict({**notebook, "cells": cells})


def write(target):
    """Write a course folder for nbgrader; what an earlier call wrote is replaced."""
    notebooks = {
        path: nbformat.read(path, as_version=4)
        for path in sorted((ROOT / "chapters").glob("*.ipynb"))
    }
    numbers, numbering = published(notebooks), read_numbering()
    shutil.rmtree(target / "source", ignore_errors=True)
    for path, notebook in notebooks.items():
        exported = assignment(notebook)
        make_plain(exported, path.relative_to(ROOT), numbering, numbers)
        place = target / "source" / path.stem / path.name
        place.parent.mkdir(parents=True)
        nbformat.write(exported, place)
    (target / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nbgrader", action="store_true", required=True, help="the format")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "nbgrader")
    out = parser.parse_args().out
    write(out)
    print(f"Assignments for nbgrader are in {os.path.relpath(out)}")
