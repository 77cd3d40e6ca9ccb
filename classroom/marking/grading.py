"""Mark a class: a mark per exercise, a page of feedback for each student, one table, a summary.

Usage: python -m classroom.grade submissions/ --out marks/

A submission is a notebook, a zip with notebooks, or a folder with either. The student's programs
run in a sandbox on inputs drawn for marking, and what they return is compared here. A second run
marks again only what changed.
"""

import argparse
import csv
import hashlib
import json
import os
import re
import secrets
import stat
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
import numpy as np
from tqdm import tqdm

from classroom.exercises import collect
from classroom.hand_out.export import check_call
from classroom.hand_out.student import ROOT, role
from classroom.judging import RIGHT, WRONG, Verdict, canonical, cases_for, judge
from classroom.marking import feedback, sandbox
from classroom.marking.reader import LARGEST, MOST_NOTEBOOKS, is_notebook
from classroom.marking.wire import pack, unpack_observation

TITLE = re.compile(r"\{exercise\} *(.*)")
STOPPED = {
    sandbox.TIME: (
        "takes too long",
        "Is there a loop whose condition never becomes false? Does every turn bring it closer to "
        "its end? A loop over single numbers can be slow too, where one numpy operation would do.",
    ),
    sandbox.OUTPUT: (
        "gives back far more than was asked",
        "Print the shape of what you return. Do two shapes stretch each other to a large table?",
    ),
    sandbox.ENDED: (
        "Python ended before there was an answer",
        "Does your code call exit() or quit(), or fill the memory? Restart the notebook's kernel, "
        "run only the cells of this exercise, and watch which one does it.",
    ),
}
REMARKS = {
    "PermissionError": "While it is marked, a program has no network, starts no other programs or "
    "threads, and writes no files.",
    "MemoryError": "While it is marked, a program may use 2 GB of memory.",
    "ModuleNotFoundError": "It is marked with the packages that the course requires, no others.",
}
NO_ANSWER = (
    "This happened before your answer could be tried. In your notebook an old value may still be "
    "there, from a cell that you have changed or deleted since: restart the kernel, run all cells, "
    "and you will see the same."
)
ABSENT = "not in the notebook"
# A link or a pipe must neither be followed nor waited for; Windows has neither flag.
CAREFUL = sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
judging = threading.Lock()  # catching warnings is not safe in several threads at once


@dataclass(frozen=True)
class Question:
    """An exercise, as the book asks it."""

    title: str
    answer: str  # the expression that is handed to ``check``


@dataclass(frozen=True)
class Mark:
    """What came of one exercise, and what the student is told."""

    verdict: Verdict
    notes: tuple[str, ...] = ()

    @property
    def points(self):
        return int(self.verdict.status == RIGHT)


@dataclass
class Result:
    """What came of a submission."""

    name: str  # of the file or folder
    student: str = ""
    marks: dict = field(default_factory=dict)  # from labels to Mark
    troubles: list = field(default_factory=list)  # why something could not be marked

    page: str = ""  # the name of its feedback, without the ending

    def store(self, path, key):
        text = json.dumps({"key": key, **asdict(self)})
        aside = path.with_suffix(".new")
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)

    @classmethod
    def load(cls, path, key):
        """The result that was stored under this key, or None."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored.pop("key") != key:
                return None
            marks = {
                label: Mark(Verdict(*mark["verdict"]), tuple(mark["notes"]))
                for label, mark in stored.pop("marks").items()
            }
            return cls(**stored, marks=marks)
        except (OSError, ValueError, KeyError, TypeError):
            return None


# ---- What the book asks


def questions():
    """Every exercise that a chapter asks, by label."""
    found = {}
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        titles = {}
        for cell in nbformat.read(path, as_version=4).cells:
            label = cell.metadata.get("course", {}).get("exercise")
            asked = re.search(r"^:label: *(\S+)", cell.source, re.MULTILINE)
            if asked and (title := TITLE.search(cell.source)):
                titles[asked[1]] = title[1]
            if role(cell) == "check":
                found[label] = Question(titles[label], check_call(cell.source)[1])
    return found


def fingerprint(asked):
    """A hash of everything that a mark depends on besides the submission."""
    digest = hashlib.sha256(f"{sys.version} {np.__version__} {asked}".encode())
    for folder in ("classroom", "sgdcore"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


# ---- One submission


def files_in(path):
    """The paths of the files of a submission; links to folders are not followed.

    Raises
    ------
    ValueError
        If there are none, or far too many.
    """
    if not path.is_dir() or path.is_symlink():
        return [path]
    found = sorted(
        Path(folder) / name
        for folder, _, names in os.walk(path)
        for name in names
        if is_notebook(os.path.relpath(os.path.join(folder, name), path)) or name.endswith(".zip")
    )
    if not found:
        raise ValueError("there is no notebook in the folder")
    if len(found) > MOST_NOTEBOOKS:
        raise ValueError(f"there are {len(found)} notebooks in it, at most {MOST_NOTEBOOKS} count")
    return found


def opened(path):
    """A file of a submission, to be read.

    Raises
    ------
    ValueError
        If it is no ordinary file, or too large.
    """
    if path.is_symlink():
        raise ValueError("it is a link, and links are not followed")
    try:
        file = os.fdopen(os.open(path, os.O_RDONLY | CAREFUL), "rb")
    except OSError as error:
        raise ValueError(f"it cannot be opened: {error.strerror}") from error
    found = os.fstat(file.fileno())
    if stat.S_ISREG(found.st_mode) and found.st_size <= LARGEST:
        return file
    file.close()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is no ordinary file")
    raise ValueError(
        f"it has {found.st_size / 10**6:.0f} MB, at most {LARGEST // 10**6} are read; clear the "
        "outputs of the notebook and hand it in again"
    )


class Marker:
    """Marks submissions.

    Parameters
    ----------
    out : Path
        Where results are kept.
    limits : Limits
        Of each run in the sandbox.
    trust : bool
        Whether to run without the sandbox.
    """

    def __init__(self, out, limits, trust):
        self.limits, self.trust = limits, trust
        self.exercises, self.questions = collect(), questions()
        self.results = out / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        self.salt = _salt(out / "secret")
        self.code = fingerprint(self.questions)

    def mark(self, path):
        """The result of a submission, stored or new; this never fails because of what is in it."""
        result = Result(_readable(path.name), page=page_name(path.name))
        digest = hashlib.sha256(f"{self.code} {self.salt}".encode())
        files = []
        try:
            for one in files_in(path):
                try:
                    files.append(opened(one))
                    digest.update(hashlib.file_digest(files[-1], "sha256").digest())
                except ValueError as error:
                    where = "" if one == path else f"{_readable(one.name)}: "
                    result.troubles.append(f"{where}{error}")
            digest.update(repr(result.troubles).encode())
            store = self.results / f"{result.page}.json"
            known = Result.load(store, digest.hexdigest())
            if known:
                return known
            for file in files:
                self._mark_file(file, result)
            result.store(store, digest.hexdigest())
        except ValueError as error:
            result.troubles.append(str(error))
        finally:
            for file in files:
                file.close()
        return result

    def _mark_file(self, file, result):
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        answers = json.dumps({label: asked.answer for label, asked in self.questions.items()})
        outcome = sandbox.run("reader", [answers], file, self.limits, self.trust)
        if outcome.stopped:
            result.troubles.append("it is no notebook: reading it took too much time or memory")
            return
        found = json.loads(outcome.output)
        for notebook in found.get("notebooks", []):
            where = f"{_readable(notebook['name'])}: " if notebook["name"] else ""
            if "error" in notebook:
                result.troubles.append(where + _readable(notebook["error"]))
                continue
            if not notebook["plans"]:
                result.troubles.append(f"{where}no exercise of the course was found in it")
            result.student = result.student or _readable(notebook["student"])
            for label, plan in notebook["plans"].items():
                if label in result.marks:
                    result.troubles.append(f"{where}{label} was handed in twice, the last counts")
                student = notebook["student"] or result.name
                result.marks[label] = self._mark_exercise(label, plan, student)
        if "error" in found:
            result.troubles.append(_readable(found["error"]))

    def _mark_exercise(self, label, plan, student):
        """Run one answer in a sandbox of its own, and judge it."""
        notes = tuple(map(_readable, plan["notes"]))
        if plan["unreadable"]:
            said, *where = map(_readable, plan["unreadable"])
            hint = "Run the cell in the notebook: Python marks the place."
            return Mark(_wrong("cannot be read by Python", hint, where, said))
        exercise = self.exercises[label]
        cases = cases_for(exercise, label, f"{self.salt} {student}")
        job = {
            "answer": plan["answer"],
            "cells": plan["cells"],
            "cases": None if exercise.cases is None else pack(cases),
        }
        with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
            json.dump(job, file)
            file.seek(0)
            outcome = sandbox.run("runner", [], file, self.limits, self.trust)
        verdict, remarks = self._judged(exercise, cases, outcome)
        return Mark(verdict, notes + remarks)

    def _judged(self, exercise, cases, outcome):
        """The verdict on what came out of the sandbox, and remarks on it."""
        if outcome.stopped:
            mistake, hint = STOPPED[outcome.stopped]
            limit = f"it was stopped after {self.limits.seconds} seconds"
            return _wrong(mistake, hint, [limit] * (outcome.stopped == sandbox.TIME)), ()
        try:
            answer = json.loads(outcome.output)
            if "failure" in answer:
                return _failed(*answer["failure"])
            observations = list(map(unpack_observation, answer["observations"]))
            with judging:
                verdict = judge(exercise, cases, observations)
        except Exception as error:  # whatever it made up must not stop the marking of the others
            told = f"it could not be compared ({type(error).__name__})"
            return _wrong("what came back is no answer", None, [told]), ()
        kinds = {one.error.kind for one in observations if one.error is not None}
        return verdict, tuple(REMARKS[kind] for kind in REMARKS if kind in kinds)


def _wrong(mistake, hint, details=(), headline=None):
    return Verdict(WRONG, f"{WRONG} — {headline or mistake}", tuple(details), hint, mistake)


def _failed(kind, message, line, source):
    """The verdict where the notebook's own cells failed before there was an answer to try."""
    where = []
    if source:
        where = [f"in line {_readable(line)} of your cell: {_readable(source)}"]
    verdict = _wrong("there is no answer", NO_ANSWER, where, _readable(f"{kind}: {message}"))
    return verdict, tuple(REMARKS[known] for known in REMARKS if known == kind)


def _salt(path):
    """Makes the inputs for marking others than those that a student can try; kept for next time."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16), encoding="ascii")
    return path.read_text(encoding="ascii")


def _readable(text):
    """Text that can be printed and written anywhere, on one line and of moderate length."""
    return "".join(c if c.isprintable() else " " for c in str(text)[:400]).strip()


def page_name(name):
    """A name for the files about a submission: plain, and no two the same."""
    plain = re.sub(r"[^\w-]+", "-", Path(name).stem).strip("-")[:60]
    return f"{plain}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:6]}"


# ---- The class


def grade(submissions, out, limits=None, trust=False):
    """Mark every submission in a folder and write what came of it.

    Parameters
    ----------
    submissions : Path
        The folder.
    out : Path
        Where marks, feedback and summary are written.
    limits : Limits, optional
        Of each run in the sandbox.
    trust : bool
        Whether to run without the sandbox.

    Returns
    -------
    list of Result
        By the names of the submissions.
    """
    paths = sorted(
        path
        for path in submissions.iterdir()
        if not path.name.startswith(".") and path.resolve() != out.resolve()
    )
    if not paths:
        raise ValueError(f"there are no submissions in {submissions}")
    marker = Marker(out, limits or sandbox.Limits(), trust)
    results = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        marking = {pool.submit(marker.mark, path): path for path in paths}
        try:
            for done in tqdm(as_completed(marking), total=len(paths), unit="submission"):
                results[marking[done]] = done.result()
        finally:
            pool.shutdown(cancel_futures=True)  # so that Ctrl-C need not wait for all
    results = [results[path] for path in paths]
    _add_absent(results, marker.questions)
    _tell_namesakes(results)
    write_marks(results, out / "marks.csv")
    feedback.write(results, marker.questions, marker.exercises, out)
    return results


def _add_absent(results, asked):
    """Exercises that are missing from a chapter that was handed in count as not done."""
    for result in results:
        chapters = {label.split("-")[0] for label in result.marks}
        for label in asked:
            if label.split("-")[0] in chapters and label not in result.marks:
                result.marks[label] = Mark(Verdict(ABSENT, ABSENT))
        result.marks = dict(sorted(result.marks.items()))


def _tell_namesakes(results):
    """Two submissions under one name are a slip, or worse."""
    names = [canonical(result.student) for result in results]
    for result, name in zip(results, names, strict=True):
        if name and names.count(name) > 1:
            others = [r.name for r, n in zip(results, names, strict=True) if n == name]
            result.troubles.append(f"the same student in {' and '.join(others)}")


def write_marks(results, path):
    """One row a submission: a mark for each exercise, their sum, and what was in the way."""
    labels = sorted({label for result in results for label in result.marks})
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # so that Excel sees UTF-8
        table = csv.writer(file)
        table.writerow(["submission", "student", *labels, "sum", "of", "remarks"])
        for result in results:
            points = {label: mark.points for label, mark in result.marks.items()}
            row = [points.get(label, "") for label in labels]
            row += [sum(points.values()), len(points), "; ".join(result.troubles)]
            name, student, *rest = map(_no_formula, [result.name, result.student, *row])
            table.writerow([name, student, *rest])


def _no_formula(entry):
    """A spreadsheet calculates what begins like a formula, whoever wrote it."""
    return f"'{entry}" if str(entry)[:1] in ("=", "+", "-", "@", "\t", "\r") else entry


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("submissions", type=Path, help="a folder with notebooks, zips or folders")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--trust", action="store_true", help="run the programs unprotected")
    given = parser.parse_args()
    if not given.submissions.is_dir():
        parser.error(f"{given.submissions} is no folder")
    try:
        if given.trust:
            print("--trust: the submissions run unprotected, as any program of yours.")
        else:
            sandbox.probe()
        results = grade(given.submissions, given.out, trust=given.trust)
    except (sandbox.Missing, ValueError) as error:
        sys.exit(str(error))
    for result in results:
        for trouble in result.troubles:
            print(f"{result.name}: {trouble}")
    print(f"Begin with {os.path.join(given.out, 'summary.html')}")
