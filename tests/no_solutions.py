"""Look for solutions and answers in what is handed out: ``python -m tests.no_solutions``.

After ``make book SOLUTIONS=no`` it reads every file that was built, and every file in a wheel or an
EPUB, and names those in which a line of a solution stands, or a line of a program in
``classroom/exercises``. Lines that stand elsewhere in the course, too, are not looked for.

Usage: python -m tests.no_solutions [files or folders; by default what is in _build]
"""

import argparse
import ast
import html
import io
import json
import os
import re
import sys
import zipfile
from pathlib import Path

import nbformat
from pypdf import PdfReader

from classroom.hand_out.student import role
from tests.environment import ROOT

LONG = 24  # characters that tell a line from others, spaces left out
BUILT = ["html", "epub/book.epub", "pdf", "slides", "student"]
TAG = re.compile(r"<[^>]*>")
MARKUP = re.compile(r"\$[^$]*\$|[`*\[\]{}<>#|\n]|\([^()\s]*\)")
NAME = re.compile(r"\w+_e\d+")  # as solutions name their own


def squeezed(text):
    return "".join(text.split())


def windows(text, wanted):
    """Which of the wanted pieces of text stand in it."""
    text = squeezed(text)
    return {text[start : start + LONG] for start in range(len(text) - LONG + 1)} & wanted


def lines_of(cell):
    """The lines of a solution's program, or the running words of its text."""
    return cell.source.splitlines() if cell.cell_type == "code" else MARKUP.split(cell.source)


def programs(path):
    """The lines of the functions in a module."""
    source = path.read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            yield from ast.get_source_segment(source, node).splitlines()[1:]


def looked_for(notebooks, modules=(), known=""):
    """Pieces of text that only solutions have, and names that only they have.

    Parameters
    ----------
    notebooks : list of NotebookNode
    modules : list of Path
        With the programs of answers.
    known : str
        More text that everybody may see.
    """
    cells = [cell for notebook in notebooks for cell in notebook.cells]
    solutions = [cell for cell in cells if role(cell) == "solution"]
    lines = [line for cell in solutions for line in lines_of(cell)]
    lines += [line for path in modules for line in programs(path)]
    pieces = {piece[:LONG] for piece in map(squeezed, lines) if len(piece) >= LONG}
    for cell in cells:
        if role(cell) != "solution":
            outputs = [output.get("data", {}) for output in cell.get("outputs", ())]
            known += cell.source + "".join(data.get("text/plain", "") for data in outputs)
    names = {name for cell in solutions for name in NAME.findall(cell.source)}
    return pieces - windows(known, pieces), names - set(NAME.findall(known))


def of_the_course():
    """What is looked for in the course's own hand-out."""
    notebooks = [
        nbformat.read(path, as_version=4)
        for folder in ("chapters", "book")
        for path in sorted((ROOT / folder).glob("*.ipynb"))
    ]
    answers = sorted(ROOT.glob("classroom/exercises/chapter_*.py"))
    seen = [*ROOT.glob("sgdcore/*.py"), *ROOT.glob("classroom/**/*.py"), *ROOT.glob("book/**/*.md")]
    seen = [path for path in seen if path not in answers]
    known = "".join(path.read_text(encoding="utf-8") for path in seen)
    return looked_for(notebooks, answers, known)


def strings(value):
    """Every text in what JSON holds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def texts(name, data):
    """The texts of a file by their names; an archive has many."""
    kind = Path(name).suffix
    if kind in (".whl", ".epub", ".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from texts(f"{name}: {member}", archive.read(member))
    elif kind in (".ipynb", ".json"):
        yield name, "".join(strings(json.loads(data)))
    elif kind in (".html", ".xhtml"):
        yield name, html.unescape(TAG.sub("", data.decode()))
    elif kind == ".pdf":
        yield name, "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    else:
        yield name, data.decode(errors="replace")


def files_in(path):
    return sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]


def found(paths, pieces, names):
    """What of it stands in these files and folders: the file's name, and the piece of text.

    Returns
    -------
    hits : list of (str, str)
    count : int
        Of the texts that were read.
    """
    hits, count = [], 0
    for path in [file for place in paths for file in files_in(place)]:
        for name, text in texts(str(path), path.read_bytes()):
            count += 1
            hits += [(name, piece) for piece in sorted(windows(text, pieces))]
            hits += [(name, word) for word in sorted(names & set(NAME.findall(text)))]
    return hits, count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path)
    paths = parser.parse_args().paths
    paths = paths or [ROOT / "_build" / name for name in BUILT if (ROOT / "_build" / name).exists()]
    if not paths:
        sys.exit("nothing is built: run make book SOLUTIONS=no")
    pieces, names = of_the_course()
    hits, count = found(paths, pieces, names)
    for name, piece in hits:
        print(f"{os.path.relpath(name)}: {piece}")
    print(f"{len(pieces)} pieces and {len(names)} names of solutions: {len(hits)} in {count} texts")
    sys.exit(bool(hits))


if __name__ == "__main__":
    main()
