"""The figure of a notebook's cell on another page, with the description that it has there.

The directive ``cell-figure`` takes the address of the cell: ``sources.ipynb#cell-fig-five``.
"""

import json
from base64 import b64decode
from hashlib import sha256
from os.path import relpath
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


class CellFigure(SphinxDirective):
    """Show the stored figure of the cell that the address names as a link would."""

    required_arguments = 1

    def run(self):
        (address,) = self.arguments
        file, _, name = address.partition("#cell-")
        notebook = Path(self.env.relfn2path(file)[1])
        if not notebook.is_file():
            raise self.error(f"cell-figure: there is no notebook {file}")
        self.env.note_dependency(str(notebook))
        shown = [
            output["data"]
            for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            if cell["id"] == name
            for output in cell.get("outputs", ())
            if "image/png" in output.get("data", ())
        ]
        if len(shown) != 1:
            raise self.error(f"cell-figure: {address} must name a cell with one figure")
        picture = b64decode("".join(shown[0]["image/png"]))
        path = Path(self.env.doctreedir, "figures", f"{sha256(picture).hexdigest()}.png")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture)
        page = Path(self.env.doc2path(self.env.docname))
        image = nodes.image(uri=relpath(path, page.parent), alt="".join(shown[0]["text/plain"]))
        # The style sheet turns figures for dark mode by this class.
        return [nodes.container("", image, classes=["cell_output"])]


def setup(app):
    app.add_directive("cell-figure", CellFigure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
