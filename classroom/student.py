"""The student's version of a notebook: the same without the solutions.

Usage: python -m classroom.student chapters/03-stochastic-gradient-descent.ipynb -o student.ipynb
"""

import argparse
import copy
from pathlib import Path

import nbformat


def role(cell):
    """The part a cell plays in an exercise: ``"stub"``, ``"check"``, ``"solution"`` or None."""
    return cell.metadata.get("course", {}).get("role")


def strip(notebook):
    """Return a copy of ``notebook`` without its solutions.

    Stubs and checks stay, without outputs; every other cell stays as it is.

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
        if role(cell) in ("stub", "check"):
            cell.outputs = []
            cell.execution_count = None
    return stripped


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    nbformat.write(strip(nbformat.read(options.notebook, as_version=4)), options.output)


if __name__ == "__main__":
    main()
