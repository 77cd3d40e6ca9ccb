"""A page can show the figure of a notebook's cell, described as it is there."""

import base64
import io
import json
import re

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.errors import SphinxWarning
from sphinx.util.docutils import docutils_namespace

from tests.book.notebooks import NOTEBOOKS, figures
from tests.environment import ROOT

CONF = """
import sys
sys.path.insert(0, {ext!r})
extensions = ["myst_parser", "figures"]
exclude_patterns = ["*.ipynb"]
"""


def build(folder, address):
    """Build a book of one page, which shows the figure at this address, as ``sphinx -W`` does."""
    (folder / "conf.py").write_text(CONF.format(ext=str(ROOT / "book" / "_ext")))
    (folder / "index.md").write_text(f"# A page\n\n```{{cell-figure}} {address}\n```\n")
    out = folder / "out"
    with docutils_namespace():
        app = Sphinx(
            folder, folder, out, out / ".trees", "html",
            status=None, warning=io.StringIO(), warningiserror=True,
        )  # fmt: skip
        app.build()


@pytest.fixture(scope="module")
def stored():
    """A cell of the book that shows a figure."""
    return next(cell for notebook in NOTEBOOKS for cell in notebook.code if figures(cell))


@pytest.fixture
def folder(tmp_path, stored):
    cells = [stored, {"id": "empty", "cell_type": "code", "source": "", "outputs": []}]
    (tmp_path / "some.ipynb").write_text(json.dumps({"cells": cells}))
    return tmp_path


def test_the_figure_is_shown_with_its_description(folder, stored):
    build(folder, f"some.ipynb#cell-{stored.id}")
    html = (folder / "out" / "index.html").read_text(encoding="utf-8")
    (image,) = BeautifulSoup(html, "html.parser").select(".cell_output img")
    (figure,) = figures(stored)
    assert image["alt"] == figure.data["text/plain"]
    picture = (folder / "out" / image["src"]).read_bytes()
    assert picture == base64.b64decode(figure.data["image/png"])


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("none.ipynb#cell-empty", "there is no notebook none.ipynb"),
        ("some.ipynb#cell-empty", "must name a cell with one figure"),
        ("some.ipynb#cell-unknown", "must name a cell with one figure"),
    ],
)
def test_an_address_without_a_figure_fails_the_build(folder, address, message):
    with pytest.raises(SphinxWarning, match=re.escape(message)):
        build(folder, address)
