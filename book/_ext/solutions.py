"""The book without its solutions: ``make book SOLUTIONS=no``.

They are taken out of a notebook before anything reads it, so that no page, no picture, no search
and no other form of the book can have them.
"""

import json
import os

from roles import role
from sphinx.errors import ConfigError

from classroom.practice import reworded

WANTED = {"yes": True, "no": False}


def wanted():
    """Whether the environment asks for solutions."""
    said = os.environ.get("SOLUTIONS", "yes")
    if said not in WANTED:
        raise ConfigError(f"SOLUTIONS is yes or no, not {said!r}")
    return WANTED[said]


def leave_out(app, docname, source):
    """Empty the cells of solutions; they stay, since other cells are found by their numbers.

    What the page says of a student's name is said as it is true without answers.
    """
    if app.config.solutions or not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    notebook["cells"] = [
        {"cell_type": "markdown", "id": cell["id"], "metadata": {}, "source": ""}
        if role(cell) == "solution"
        else cell | {"source": reworded("".join(cell["source"]))}
        for cell in notebook["cells"]
    ]
    source[0] = json.dumps(notebook)


def setup(app):
    app.add_config_value("solutions", wanted(), "env", bool)
    app.connect("source-read", leave_out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
