"""A place to link to for every code cell of a notebook.

The cell with the id ``m03-broken`` is linked as ``[…](03-….ipynb#cell-m03-broken)``, like a
heading; a link to a cell that does not exist is a warning.
"""

import json
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform


def code_cells(document, env):
    """The code cells of a page: the node, and the cell as the notebook has it."""
    path = Path(env.doc2path(env.docname))
    if path.suffix != ".ipynb":
        return
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for node in list(document.findall(nodes.container)):
        if node.get("nb_element") == "cell_code":
            yield node, cells[node["cell_index"]]


class NameCells(SphinxTransform):
    """Give every code cell its place, and make the place known to links."""

    default_priority = 800  # before the links within a page are resolved

    def apply(self):
        slugs = self.env.metadata[self.env.docname].setdefault("myst_slugs", {})
        for node, cell in code_cells(self.document, self.env):
            name = f"cell-{cell['id']}"
            node["ids"].append(name)
            slugs[name] = (node.line, name, name)


def setup(app):
    app.add_transform(NameCells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
