"""A page can show the figure of a notebook's cell, described as it is there."""

import base64
import json
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

from tests.book.notebooks import NOTEBOOKS, figures
from tests.environment import ROOT

CONF = """
import sys
sys.path.insert(0, {ext!r})
extensions = ["myst_parser", "figures"]
exclude_patterns = ["*.ipynb"]
"""


def build(folder, address):
    """Build a book of one page, which shows the figure at this address."""
    (folder / "conf.py").write_text(CONF.format(ext=str(ROOT / "book" / "_ext")))
    (folder / "index.md").write_text(f"# A page\n\n```{{cell-figure}} {address}\n```\n")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(folder)]
    return subprocess.run([*command, str(folder / "out")], capture_output=True, text=True)


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
    built = build(folder, f"some.ipynb#cell-{stored.id}")
    assert built.returncode == 0, built.stderr
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
    built = build(folder, address)
    assert built.returncode != 0 and message in built.stderr
