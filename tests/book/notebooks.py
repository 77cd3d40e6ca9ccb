"""The notebooks of the book as the tests read them."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat.reader
import yaml

from tests.book.prose import outside_fences
from tests.environment import ROOT

SECTIONS = ["Concepts", "Math", "Code", "Challenges", "FAQ", "Exercises", "Summary"]
TAG = re.compile(r"mistake:(\d\d):(broken|fixed|measured)")
HEADING = re.compile(r"^(#+) +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Notebook:
    path: Path

    def __str__(self):
        return self.path.stem

    @property
    def name(self):
        """The number of a chapter, such as "04", and the stem of another page."""
        number = re.match(r"(\d\d)-", self.path.name)
        return number[1] if number else self.path.stem

    @cached_property
    def notebook(self):
        # Whether it is a notebook of this format, one test asks once.
        return nbformat.reader.reads(self.path.read_text(encoding="utf-8"))

    @property
    def cells(self):
        return self.notebook.cells

    @property
    def code(self):
        return [cell for cell in self.cells if cell.cell_type == "code"]

    def tagged(self, tag):
        """Code cells with ``tag``."""
        return [cell for cell in self.code if tag in cell.metadata.get("tags", ())]

    def program(self, tag):
        """The code cells with ``tag``, put together: a program that runs by itself."""
        cells = self.tagged(tag)
        assert cells, f"no cell of {self.path.name} is tagged {tag}"
        return "\n\n".join(cell.source for cell in cells)

    def section(self, title):
        """Cells from the heading of a section up to the next section."""
        found, inside = [], False
        for cell in self.cells:
            for level, text in headings(cell):
                if level == 2:
                    inside = text == title
            if inside:
                found.append(cell)
        return found

    @property
    def records(self):
        """Metadata of every published number, in order."""
        outputs = (out for cell in self.code for out in cell.outputs)
        return [out.metadata for out in outputs if "record" in out.get("metadata", {})]

    @property
    def mistakes(self):
        """The number and role of every cell that is tagged as a mistake, as a set of pairs."""
        tags = (tag for cell in self.code for tag in cell.metadata.get("tags", ()))
        matches = (TAG.fullmatch(tag) for tag in tags)
        return {(int(match[1]), match[2]) for match in matches if match}

    def exercises(self):
        """For each label the cells that belong to the exercise, in order."""
        found = {}
        for cell in self.cells:
            label = cell.metadata.get("course", {}).get("exercise")
            if label is not None:
                found.setdefault(label, []).append(cell)
        return found


def notebook(name):
    """The chapter of this number, such as "04", or the page of this name, such as "mistakes"."""
    (found,) = (notebook for notebook in NOTEBOOKS if notebook.name == name)
    return found


def measures(cell):
    """Whether a cell asserts something that its names decide."""
    asserts = (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Assert))
    return any(isinstance(leaf, ast.Name) for node in asserts for leaf in ast.walk(node.test))


def headings(cell):
    """Level and text of every heading in a markdown cell; a comment in code is none."""
    if cell.cell_type != "markdown":
        return []
    return [(len(m[1]), m[2]) for m in HEADING.finditer(outside_fences(cell.source))]


def figures(cell):
    """Outputs of a cell that are pictures."""
    return [out for out in cell.get("outputs", ()) if "image/png" in out.get("data", ())]


def printed(cell):
    """What a cell wrote to standard output."""
    return "".join(
        out.text for out in cell.outputs if out.output_type == "stream" and out.name == "stdout"
    )


def contents():
    """Every document that ``_toc.yml`` names, in order, without suffix."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"]] + [
        entry["file"]
        for part in toc["parts"]
        for chapter in part["chapters"]
        for entry in (chapter, *chapter.get("sections", ()))
    ]


CHAPTERS = [Notebook(path) for path in sorted((ROOT / "chapters").glob("*.ipynb"))]
# A chapter keeps its anatomy; what else holds for a notebook holds for the pages of the book too.
NOTEBOOKS = CHAPTERS + [Notebook(path) for path in sorted((ROOT / "book").glob("*.ipynb"))]
PAGES = sorted((ROOT / "book").rglob("*.md"))
