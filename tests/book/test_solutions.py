"""A book without its solutions, a small one; ``tests.no_solutions`` looks through the whole."""

import io
import json
import subprocess
import zipfile

import nbformat
import pytest
import solutions
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.application import Sphinx
from sphinx.errors import ConfigError
from sphinx.util.docutils import docutils_namespace

from classroom.practice import OF_THE_NAME, WITHOUT_ANSWERS
from tests import no_solutions
from tests.book.notebooks import CHAPTERS
from tests.environment import ROOT

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_nb", "sphinx_exercise", "cells", "solutions"]
nb_execution_mode = "off"
"""
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


def cell(make, source, role, **rest):
    course = {"course": {"exercise": "01-e1", "role": role}}
    return make(source, metadata=course, id=role + str(len(source)), **rest)


def page():
    drawn = new_output("display_data", {"image/png": PICTURE, "text/plain": "falling_e1"})
    start = "```{solution-start} 01-e1\n:class: dropdown\n```\n\n"
    language = {"language_info": {"name": "python", "pygments_lexer": "python"}}
    return new_notebook(metadata=language, cells=[
        new_markdown_cell("# A page\n\n```{exercise} To code\n:label: 01-e1\n\nAdd them up.\n```"),
        new_markdown_cell(f"Write your name, once: {OF_THE_NAME}", id="name"),
        cell(new_code_cell, "total = ...", "stub"),
        cell(new_code_cell, 'check("01-e1", total)', "check"),
        cell(new_markdown_cell, start + "Every second term of the sum cancels.", "solution"),
        cell(new_code_cell, "total_e1 = sum(k * (-1) ** k for k in range(100))", "solution",
             outputs=[drawn]),
        cell(new_markdown_cell, "```{solution-end}\n```", "solution"),
        new_code_cell("after_the_solution = 1", id="after"),
    ])  # fmt: skip


def built(folder, wanted, monkeypatch):
    """Build a book of one page, as ``sphinx -W`` does; return its folder."""
    monkeypatch.setenv("SOLUTIONS", wanted)
    folder.mkdir()
    (folder / "conf.py").write_text(CONF)
    nbformat.write(page(), folder / "index.ipynb")
    out = folder / "out"
    with docutils_namespace():
        app = Sphinx(
            folder, folder, out, folder / "trees", "html", {"html_copy_source": "0"},
            status=None, warning=io.StringIO(), warningiserror=True,
        )  # fmt: skip
        app.build()
    return out


def test_a_book_without_solutions_has_none(tmp_path, monkeypatch):
    pieces, names = no_solutions.looked_for([page()])
    assert pieces == {"Everysecondtermofthesumc", "total_e1=sum(k*(-1)**kfo"}
    assert names == {"total_e1"}
    seen, pictures, texts = {}, {}, {}
    for wanted in ("yes", "no"):
        out = built(tmp_path / wanted, wanted, monkeypatch)
        hits, _ = no_solutions.found([out], pieces, names)
        seen[wanted] = {(name.rpartition("/")[2], piece) for name, piece in hits}
        pictures[wanted] = len(list(out.rglob("_images/*.png")))
        texts[wanted] = (out / "index.html").read_text(encoding="utf-8")
    assert seen["yes"] >= {("index.html", piece) for piece in pieces}
    assert ("searchindex.js", "total_e1") in seen["yes"]
    assert seen["no"] == set()
    assert pictures == {"yes": 1, "no": 0}
    assert "Solution to" in texts["yes"] and "olution to" not in texts["no"]
    assert OF_THE_NAME in texts["yes"] and OF_THE_NAME not in texts["no"]
    assert WITHOUT_ANSWERS in texts["no"] and WITHOUT_ANSWERS not in texts["yes"]
    for text in texts.values():  # nothing else is missing, and a cell is found by its place
        for kept in ("Add them up.", 'id="cell-stub11"', 'id="cell-check21"', 'id="cell-after"'):
            assert kept in text


def test_every_chapter_says_of_the_name_what_is_said_otherwise_without_answers():
    for chapter in CHAPTERS:
        text = "".join(cell.source for cell in chapter.section("Exercises"))
        assert text.count(OF_THE_NAME) == 1, chapter.name


def test_every_kind_of_file_is_looked_through(tmp_path):
    line = "secret = (1 + 2 + 3 + 4) ** 2 - 55555"
    solution = cell(new_code_cell, line, "solution")
    pieces, _ = no_solutions.looked_for([new_notebook(cells=[solution])])
    (tmp_path / "a.html").write_text("secret&nbsp;= (1 + <b>2</b>\n + 3 + 4) ** 2 - 55555")
    source = ["secret = (1 + 2 + 3", " + 4) ** 2 - 55555"]
    (tmp_path / "b.ipynb").write_text(json.dumps({"cells": [{"source": source}]}))
    with zipfile.ZipFile(tmp_path / "c.whl", "w") as wheel:
        wheel.writestr("d.py", line)
    (tmp_path / "e.css").write_bytes(b"\xff")
    hits, count = no_solutions.found([tmp_path], pieces, set())
    names = [name.removeprefix(f"{tmp_path}/") for name, _ in hits]
    assert (names, count) == (["a.html", "b.ipynb", "c.whl: d.py"], 4)


@pytest.mark.parametrize(("said", "means"), [("yes", True), ("no", False)])
def test_the_environment_asks_for_solutions_or_none(monkeypatch, said, means):
    monkeypatch.setenv("SOLUTIONS", said)
    assert solutions.wanted() is means
    monkeypatch.delenv("SOLUTIONS")
    assert solutions.wanted() is True


def make(*arguments):
    command = ["make", "-n", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_another_word_is_refused(monkeypatch):
    monkeypatch.setenv("SOLUTIONS", "none")
    with pytest.raises(ConfigError, match="SOLUTIONS is yes or no, not 'none'"):
        solutions.wanted()
    assert "SOLUTIONS is yes or no, not 'some'" in make("help", "SOLUTIONS=some").stderr


def test_what_is_built_of_the_other_kind_is_removed_first():
    """So that no picture, deck or file of it stays behind."""
    removed = make("KIND=_build/.never", "_build/.never").stdout.split()
    for name in ("html", "epub", "pdf", "slides", "student", ".doctrees", ".solutions-*"):
        assert f"_build/{name}" in removed
    rules = (ROOT / "Makefile").read_text()
    for target in ("$(BOOK)", "strict", "epub"):
        assert f"\n{target}: $(READY) $(KIND)" in rules
