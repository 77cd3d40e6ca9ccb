"""What each code cell of a notebook is for, and what follows from it.

A cell says so once, in its metadata: ``"course": {"role": "draw"}``. The pages and the notebooks
fold the program of a cell by its role; what it printed or drew stays open.
"""

# Folded, under this label.
FOLDED = {
    "setup": "Set-up",
    "draw": "The program that draws this",
    "verify": "How this was checked",
    "measure": "How this was measured",
}
OPEN = {"from-scratch", "twin", "broken", "fixed", "program"}
EXERCISES = {"student", "stub", "check", "solution"}
ROLES = OPEN | EXERCISES | set(FOLDED)


def role(cell):
    """The role of a cell, read by nbformat or as plain JSON; None if it has none."""
    return cell["metadata"].get("course", {}).get("role")


def hide_source(cell):
    """Have Jupyter fold the program of a cell where its role says so, and only there."""
    jupyter = cell["metadata"].pop("jupyter", {})
    jupyter.pop("source_hidden", None)
    if role(cell) in FOLDED:
        jupyter["source_hidden"] = True
    if jupyter:
        cell["metadata"]["jupyter"] = jupyter
