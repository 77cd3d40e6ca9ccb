"""Read a submission in the sandbox, and find what each answer needs, without running anything.

A chapter takes most of a minute to run, and any cell of a student's copy may be broken. So an
answer is not computed by running the notebook: from the expression that the student hands to
``check`` we go back to the statements that define its names, to those that these need, and so on.
Only these run. They are found by their names, wherever they stand: cells may have been added or
moved, and may have lost their metadata.
"""

import ast
import io
import json
import lzma
import re
import struct
import symtable
import sys
import zipfile
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from classroom.judging import student_in

LARGEST = 20_000_000  # bytes of a notebook
MOST_CELLS = 3000
MOST_NOTEBOOKS = 30
DEEPEST = 5000  # calls within calls: a sum of n terms takes about 3 n
LABEL = re.compile(r"^:label: *(\d\d-e\d+) *$", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
LITTER = {"__macosx", "thumbs.db", "desktop.ini"}
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
HARMLESS = ("check", "identify", "print")
# What IPython runs as Python: the rest of the cell, or of the line.
AROUND_CELL = re.compile(r"\A\s*%%(?:time|timeit|capture|prun)\b.*")
AROUND_LINE = re.compile(
    r"get_ipython\(\)\.run_line_magic\('(?:time|prun)', ('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\)"
)


# ---- The file


def notebooks_in(data):
    """Name and content of each notebook of a file that is one, or is a zip with some.

    Nothing is unpacked to the disk, so paths and links in a zip lead nowhere.

    Returns
    -------
    list of tuple
        A name, a date if it is known, and a content, or the error because of which there is none.

    Raises
    ------
    ValueError
        If there is no notebook in it.
    """
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return [("", None, data)]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = list(_unzipped(archive))
            names = archive.namelist()[:5]
    except UNZIPPING as error:
        raise ValueError(f"the zip cannot be read: {error}") from error
    if not found:
        raise ValueError(f"there is no notebook in the zip, only: {', '.join(names) or 'nothing'}")
    return found


# What zipfile raises on broken and on encrypted files.
UNZIPPING = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    RuntimeError, ValueError, OSError, EOFError,
)  # fmt: skip


def _unzipped(archive):
    """The notebooks of a zip, one after the other, as `notebooks_in` returns them."""
    infos = sorted(archive.infolist(), key=lambda info: (info.date_time, info.filename))
    infos = [info for info in infos if not (info.is_dir() or is_aside(info.filename))]
    named = [info for info in infos if is_notebook(info.filename)]
    for info in (named or infos)[-MOST_NOTEBOOKS:]:
        try:
            with archive.open(info) as file:
                data = file.read(LARGEST + 1)
        except UNZIPPING as error:
            data = ValueError(f"it cannot be unpacked: {error}")
        if named or (type(data) is bytes and looks_like_one(data)):
            yield info.filename, info.date_time, data


def is_notebook(name):
    """Whether a path ends as a notebook's does, whatever a system has appended to it."""
    return ".ipynb" in name.rpartition("/")[2].lower()


def looks_like_one(data):
    """Whether a content begins as a notebook does."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def is_aside(name):
    """Whether a path is a copy or a note that an editor or a system put aside."""
    return any(
        part.startswith((".", "~$")) or part.lower() in LITTER
        for part in name.split("/")
        if part not in (".", "..")
    )


def cells_of(data):
    """The cells of a notebook.

    Raises
    ------
    ValueError
        If it is none.
    """
    if len(data) > LARGEST:
        raise ValueError(f"larger than {LARGEST // 10**6} MB")
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no notebook: it cannot be read as JSON") from error
    cells = notebook.get("cells") if type(notebook) is dict else None
    if type(cells) is not list or any(type(cell) is not dict for cell in cells):
        raise ValueError("it is no notebook: it has no list of cells")
    if len(cells) > MOST_CELLS:
        raise ValueError(f"it has {len(cells)} cells, at most {MOST_CELLS} are read")
    return [Cell.of(number, cell) for number, cell in enumerate(cells)]


@dataclass
class Cell:
    """A cell, the exercise that it is marked as part of, and its statements if it is code."""

    number: int
    code: bool
    source: str
    marked: str | None
    body: list = field(default_factory=list)  # as Python's trees
    statements: list = field(default_factory=list)
    trouble: str | None = None  # why Python cannot read it
    trouble_at: str = ""  # the line

    @classmethod
    def of(cls, number, raw):
        source = raw.get("source", "")
        source = "".join(map(str, source)) if type(source) is list else str(source)
        code = raw.get("cell_type") == "code"
        marked = None if code else LABEL.search(source)
        metadata = raw.get("metadata")
        course = metadata.get("course") if type(metadata) is dict else None
        label = course.get("exercise") if type(course) is dict else None
        label = label if type(label) is str else None
        cell = cls(number, code, source, marked[1] if marked else label)
        if code:
            cell.parse()
        return cell

    def parse(self):
        """Find the statements, after IPython's own reading if Python cannot read the cell."""
        try:
            try:
                tree = ast.parse(self.source)
            except SyntaxError:
                source = as_python(self.source)
                tree = ast.parse(source)
                self.source = source
            self.body = tree.body
            self.statements = [
                Statement.of(self, number, node) for number, node in enumerate(self.body)
            ]
        except Exception as error:  # no cell may be in the way of the others
            self.give_up(error)

    def give_up(self, error):
        """Leave the cell out, and keep why."""
        self.body, self.statements = [], []
        if isinstance(error, SyntaxError):
            self.trouble = f"{type(error).__name__} in line {error.lineno}: {error.msg}"
            self.trouble_at = (error.text or "").strip()
        elif isinstance(error, RecursionError | MemoryError):
            self.trouble = "a sum or a list in it is nested too deep"
        else:
            self.trouble = f"{type(error).__name__}: {error}"


def as_python(source):
    """What IPython makes of a cell: its commands become calls, the code around them stays."""
    from IPython.core.inputtransformer2 import TransformerManager  # slow to import, rarely needed

    source = AROUND_CELL.sub("pass", source, count=1)
    source = TransformerManager().transform_cell(source)
    return AROUND_LINE.sub(lambda call: ast.literal_eval(call[1]), source)


# ---- Statements and their names


@dataclass
class Statement:
    """A statement at the top of a cell, and the names that it deals with."""

    cell: Cell
    number: int  # in the cell
    binds: set  # names that it defines
    touches: set  # names whose objects it may change
    passes: set  # names whose objects it hands to a call, which may change them
    uses: set  # names that it needs when it runs
    later: set  # names that the functions in it need when they are called
    certain: bool  # whether it defines its names whatever happens
    stub: bool  # whether it leaves them to be written

    @property
    def stub_of_function(self):
        return self.stub and isinstance(self.cell.body[self.number], ast.FunctionDef)

    @classmethod
    def of(cls, cell, number, node):
        source = ast.unparse(OneKind().visit(node))
        table = symtable.symtable(source, "cell", "exec")
        symbols = table.get_symbols()
        binds = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
        uses = {s.get_name() for s in symbols if s.is_referenced()}
        at_once, later = _globals_below(table)
        if isinstance(node, FUNCTION | ast.ClassDef):
            binds.add(node.name)
        else:  # a lambda may be called at once
            at_once |= later
        simple = ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom
        certain = isinstance(node, simple | ast.FunctionDef | ast.ClassDef)
        uses = (uses | at_once) - set(_bound_first(node))
        touches, passes = set(_touched(node)), set(_passed(node))
        return cls(cell, number, binds, touches, passes, uses, later, certain, _is_stub(node))


class OneKind(ast.NodeTransformer):
    """Makes every comprehension a generator's: from Python 3.12 on, the others share a scope."""

    def visit_ListComp(self, node):
        return self.generic_visit(ast.GeneratorExp(node.elt, node.generators))

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node):
        pair = ast.Tuple([node.key, node.value], ast.Load())
        return self.generic_visit(ast.GeneratorExp(pair, node.generators))


def _globals_below(table):
    """Global names in the scopes below: needed at once (comprehensions, classes), and later."""
    at_once, later = set(), set()
    for child in table.get_children():
        names = {s.get_name() for s in child.get_symbols() if s.is_global()}
        below, below_later = _globals_below(child)
        called = child.get_type() == "function" and child.get_name() != "genexpr"
        (later if called else at_once).update(names | below)
        later |= below_later
    return at_once, later


def _touched(node):
    """Names of the objects that a statement may change: a[…] = …, a.b = …, a += …, a.append(…)."""
    for part in _outside_functions(node):
        if isinstance(part, ast.Subscript | ast.Attribute) and isinstance(part.ctx, ast.Store):
            yield from _root(part)
        elif isinstance(part, ast.AugAssign):
            yield from _root(part.target)
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            if isinstance(part.value.func, ast.Attribute):
                yield from _root(part.value.func)


def _passed(node):
    """Names of the objects that are handed to a call whose result is not used: f(a)."""
    for part in _outside_functions(node):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            call = part.value
            if not (isinstance(call.func, ast.Name) and call.func.id in HARMLESS):
                for argument in call.args:
                    yield from _root(argument)


def _outside_functions(node):
    return () if isinstance(node, FUNCTION | ast.ClassDef) else ast.walk(node)


def _bound_first(node):
    """Names in a loop or another block that are given a value there before they are used."""
    seen = {}
    for part in _in_order(node):
        if isinstance(part, ast.Name):
            seen.setdefault(part.id, part.ctx)
    return [name for name, first in seen.items() if isinstance(first, ast.Store)]


def _in_order(node):
    """The nodes in the order in which they are evaluated, those inside functions left out."""
    if isinstance(node, FUNCTION | ast.ClassDef):
        return
    if isinstance(node, ast.Lambda | ast.GeneratorExp):  # what it binds is its own
        names = (part for part in ast.walk(node) if isinstance(part, ast.Name))
        yield from (name for name in names if isinstance(name.ctx, ast.Load))
        return
    if isinstance(node, ast.AugAssign):  # its target is used before it is bound
        yield ast.Name(next(_root(node.target), ""), ast.Load())
    fields = [value for _, value in ast.iter_fields(node)]
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.For):
        first = node.iter if isinstance(node, ast.For) else node.value
        fields = [first, *(value for value in fields if value is not first)]
    for value in fields:
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child
                yield from _in_order(child)


def _root(node):
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Starred):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def _is_stub(node):
    """Whether it is an untouched stub: ``name = ...``, or a function that returns ``...``."""
    if isinstance(node, ast.FunctionDef):
        node = node.body[-1]
    value = getattr(node, "value", None)
    return isinstance(value, ast.Constant) and value.value is ...


# ---- What an answer needs


class Notebook:
    """The statements of a notebook, and for each exercise those that its answer needs.

    Parameters
    ----------
    cells : list of Cell
    answers : dict
        From the label of an exercise to the expression that the book hands to ``check``.
    """

    def __init__(self, cells, answers):
        self.cells = cells
        self.answers = answers
        self.statements = [one for cell in cells for one in cell.statements]
        self.bound = defaultdict(list)  # by name, the places where it is defined or changed
        self.asked = self._asked()
        self.owners = self._owners()
        self.section = min(self.owners, default=len(cells))  # the first cell of an exercise
        imported = set()
        self.stars = set()  # the places of from … import *
        for place, one in enumerate(self.statements):
            node = one.cell.body[one.number]
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                self.stars.add(place)
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported |= one.binds
            changed = one.touches - imported
            if one.cell.number >= self.section:  # above, calls draw what they are handed
                changed |= one.passes
            for name in one.binds | changed:
                self.bound[name].append(place)

    def _asked(self):
        """By label, the cell with the last check, and the expression that is checked."""
        found = {}
        for cell in self.cells:
            for node in cell.body:
                for call in ast.walk(node):
                    match call:
                        case ast.Call(ast.Name("check"), [ast.Constant(str(label)), answer]):
                            found[label] = cell.number, ast.unparse(answer)
        return found

    def _owners(self):
        """By number of a cell, the exercise under whose question it stands."""
        checks = {cell: label for label, (cell, _) in self.asked.items()}
        owners, owner = {}, None
        for cell in self.cells:
            # A heading above the check is the student's own.
            checked = owner not in self.asked or self.asked[owner][0] < cell.number
            if checked and not cell.code and HEADING.search(cell.source):
                owner = None
            owner = cell.marked or checks.get(cell.number, owner)
            if owner in self.answers:
                owners[cell.number] = owner
        return owners

    def labels(self):
        """The exercises that are in the notebook."""
        return sorted((set(self.asked) & set(self.answers)) | set(self.owners.values()))

    def plan(self, label):
        """What runs to get an answer: an expression, and the statements of each cell."""
        answer = self.asked.get(label, (0, self.answers[label]))[1]
        shared = {name for name, times in Counter(self.answers.values()).items() if times > 1}
        chosen = self._needed(answer, self._end(label), shared)
        cells = {}
        for place in sorted(chosen):
            one = self.statements[place]
            cells.setdefault(one.cell.number, []).append(one.number)
        return {
            "answer": answer,
            "cells": [
                {"number": number, "source": self.cells[number].source, "keep": keep}
                for number, keep in cells.items()
            ],
            "unreadable": (unreadable := self._unreadable(label, chosen)),
            "notes": [] if unreadable else self._notes(label, answer, chosen),
        }

    def _end(self, label):
        """The place up to which statements belong to an exercise or stand before it."""
        marked = {cell.marked for cell in self.cells}
        own = [number for number, owner in self.owners.items() if owner == label]
        if label in self.asked and label not in marked:
            last = self.asked[label][0]
        else:
            last = max(own, default=len(self.cells))
        return sum(one.cell.number <= last for one in self.statements)

    def _needed(self, answer, end, shared):
        """The places of the statements that define what the answer needs."""
        try:
            names = symtable.symtable(answer, "answer", "exec").get_identifiers()
        except (SyntaxError, ValueError):
            return set()
        chosen, seen, todo = set(), set(), [(name, end) for name in names]
        while todo:
            one = todo.pop()
            if one in seen:
                continue
            seen.add(one)
            name, before = one
            places = self._definitions(name, before, may_follow=name not in shared)
            for place in places or self.stars:
                chosen.add(place)
                todo += [(use, place) for use in self.statements[place].uses]
                todo += [(use, before) for use in self.statements[place].later]
        return chosen

    def _definitions(self, name, before, may_follow):
        """The places that make a name what it is at one place, the last first.

        An untouched stub counts only if the exercises have no other definition of that name.
        """
        places = self.bound.get(name, [])
        found, stub = [], False
        for place in reversed([place for place in places if place < before]):
            one = self.statements[place]
            if one.stub and name in one.binds:
                stub = True
                found.append(place)
                break
            found.append(place)
            if one.certain and name in one.binds:
                break
        if found and not stub:
            return found
        written = [
            place
            for place in places
            if not self.statements[place].stub
            and name in self.statements[place].binds
            and (self.statements[place].cell.number >= self.section or not found)
            and (may_follow or place < before)
        ]
        earlier = [place for place in written if place < before]
        return (earlier or written)[-1:] or found

    def _unreadable(self, label, chosen):
        """What is wrong, and where, if there is no answer because a cell is no Python."""
        if any(self.statements[place].cell.number >= self.section for place in chosen):
            return []
        for cell in self.cells:
            if cell.trouble and self.owners.get(cell.number) == label:
                return [
                    cell.trouble,
                    cell.trouble_at,
                    f"in the cell that begins: {beginning(cell)}",
                ]
        return []

    def _notes(self, label, answer, chosen):
        """What the student should know about how the answer was found."""
        notes = [
            f"The cell that begins “{beginning(cell)}” was passed over, since Python cannot read "
            f"it: {cell.trouble}."
            for cell in self.cells
            if cell.trouble and self.owners.get(cell.number) == label
        ]
        if all(self.statements[place].stub_of_function for place in chosen):
            written = [
                name
                for one in self.statements
                if self.owners.get(one.cell.number) == label and not one.stub
                for name in sorted(one.binds)
                if isinstance(one.cell.body[one.number], ast.FunctionDef)
            ]
            if written:
                notes.append(
                    f"Marked is {answer}, as in your check. You also wrote {', '.join(written)}: "
                    "if that is your answer, give it the name that is checked."
                )
        return notes


def beginning(cell):
    """The first words of a cell, to tell it by."""
    lines = [line.strip() for line in cell.source.splitlines() if line.strip()]
    return lines[0][:60] if lines else ""


def read(data, answers):
    """Everything that is known of a submission without running it, in the terms of JSON."""
    notebooks = []
    for name, date, content in notebooks_in(data):
        one = {"name": name, "date": date}
        try:
            if isinstance(content, ValueError):
                raise content
            notebook = Notebook(cells_of(content), answers)
            one["student"] = student_in(cell.source for cell in notebook.cells if cell.body)
            one["plans"] = {label: notebook.plan(label) for label in notebook.labels()}
        except ValueError as error:
            one["error"] = str(error)
        except Exception as error:  # no notebook may be in the way of the others
            one["error"] = f"it cannot be read ({type(error).__name__})"
        notebooks.append(one)
    return notebooks


def work(data):
    """A job of the host: a line with the answers that the book asks for, then a file."""
    answers, _, data = data.partition(b"\n")
    sys.setrecursionlimit(DEEPEST)
    try:
        found = {"notebooks": read(data, json.loads(answers))}
    except ValueError as error:
        found = {"error": str(error)}
    return json.dumps(found).encode()
