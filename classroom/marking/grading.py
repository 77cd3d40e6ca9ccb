"""Mark a class: a mark per exercise, a page of feedback for each student, one table, a summary.

Usage: python -m classroom.grade submissions/ --out marks/ [--exercises FOLDER]

A submission is a notebook, a zip with notebooks, or a folder with either. The student's programs
run in a sandbox on inputs drawn for marking, and what they return is compared here. A second run
marks again only what changed.
"""

import argparse
import contextlib
import csv
import functools
import hashlib
import json
import os
import re
import secrets
import stat
import sys
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat.reader
import numpy as np
from tqdm import tqdm

from classroom.exercises import collect, files_of
from classroom.hand_out.export import check_call
from classroom.hand_out.student import ROOT, role
from classroom.judging import RIGHT, WRONG, Failure, Verdict, canonical, cases_for, judge
from classroom.marking import feedback, sandbox
from classroom.marking.reader import LARGEST, MOST_NOTEBOOKS, is_aside, is_notebook, looks_like_one
from classroom.marking.wire import pack, unpack_observation

FORMULA = re.compile(r"(?<!\w)[=+@＝＋＠－-]")  # not within a word, such as a-b
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
    "ModuleNotFoundError": "It is marked with the packages that the course requires. No others are "
    "there, and no modules of your own.",
    "FileNotFoundError": "Nothing but the notebook is there while it is marked: write the numbers "
    "that you need into a cell.",
    "EOFError": "Nobody answers `input()` while it is marked: write the value into the cell.",
}
NO_ANSWER = (
    "This happened before your answer could be tried. In your notebook an old value may still be "
    "there, from a cell that you have changed or deleted since: restart the kernel, run all cells, "
    "and you will see the same."
)
FAILED_BEFORE = (
    "The line named last failed before your answer was tried, and what it should have made was "
    "missing. Begin there."
)
TOO_MUCH = (
    "Which of your answers takes long? Mend that one first, and hand in one notebook, not several."
)
ABSENT = "not in the notebook"
# A link or a pipe must neither be followed nor waited for; Windows has neither flag.
CAREFUL = sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
HASH = 24  # hexadecimal digits, 96 bits
MOST_FILES = 10_000  # that are looked at in a folder
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
    remarks: list = field(default_factory=list)  # for the teacher only: they may name others
    date: float = 0.0  # of its newest file
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


@functools.cache
def questions():
    """Every exercise that a chapter asks, by label; the book does not change under a class."""
    return questions_in(ROOT / "chapters")


def questions_in(folder):
    """Every exercise that the notebooks of a folder ask, by label.

    Raises
    ------
    ValueError
        If a check is of an exercise that is not asked above it, or that has one already.
    """
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        titles = {}
        # They are the book's own, so nobody need validate them for every class.
        for cell in nbformat.reader.reads(path.read_text(encoding="utf-8")).cells:
            label = cell.metadata.get("course", {}).get("exercise")
            asked = re.search(r"^:label: *(\S+)", cell.source, re.MULTILINE)
            if asked and (title := TITLE.search(cell.source)):
                titles[asked[1]] = title[1]
            if role(cell) == "check":
                if label not in titles:
                    raise ValueError(f"{path.name}: no {{exercise}} above its check says {label}")
                if label in found:
                    told = "a cell's metadata say of which exercise it is"
                    raise ValueError(f"{path.name}: two checks are of {label}; {told}")
                found[label] = Question(titles[label], check_call(cell.source)[1])
    return found


def exercises_of(folder):
    """The exercises of a teacher's own, by label: defined in a folder, and asked there.

    Raises
    ------
    ValueError
        If there are none, if one is only asked or only defined, or if the sandbox would show them.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    files = files_of(folder, "exercises")
    if not any(path.suffix == ".py" for path in files):
        begin = f"python -m classroom.private {folder} --new"
        raise ValueError(f"there is no exercises_NN.py in {folder}; to begin one: {begin}")
    for path in [folder, *files, *folder.glob("*.ipynb")]:
        if seen := sandbox.shown_in(path):
            told = "which students can read or get: keep your exercises elsewhere"
            raise ValueError(f"{path} is in {seen}, {told}")
    course = collect()
    exercises = {label: one for label, one in collect(folder).items() if label not in course}
    asked = questions_in(folder)
    for label in sorted(exercises.keys() ^ asked.keys()):
        lacks = "asked in no notebook" if label in exercises else "defined in no exercises_NN.py"
        raise ValueError(f"{label} is {lacks} of {folder}")
    return exercises


def fingerprint(asked, own=None):
    """A hash of everything that a mark depends on besides the submission."""
    digest = hashlib.sha256(f"{sys.version} {np.__version__} {asked}".encode())
    paths = [path for name in ("classroom", "sgdcore") for path in (ROOT / name).rglob("*.py")]
    for path in sorted(paths) + (files_of(own, "exercises") if own else []):
        digest.update(path.read_bytes())
    return digest.hexdigest()


# ---- One submission


def files_in(path):
    """The files of a submission that may be notebooks, or zips with some.

    Nothing in a folder is believed: links are not followed, and nothing is opened that is no
    ordinary file.

    Returns
    -------
    files : list of Path
        The newest last.
    troubles : list of str
        What was passed over.

    Raises
    ------
    ValueError
        If there are none, or far too many.
    """
    if path.is_symlink() or not os.path.isdir(path):
        return [path], []
    inside, troubles = _walked(path)
    found = [one for one in inside if is_notebook(one.name) or is_zip(one.name)]
    found = found or list(filter(_begins_like_one, inside))
    if not found:
        names = ", ".join(_readable(one.name) for one in inside[:5]) or "nothing"
        none = f"there is no notebook in the folder, only: {names}"
        raise ValueError("; ".join([none, *troubles[:1]]))
    if len(found) > MOST_NOTEBOOKS:
        troubles.append(f"there are {len(found)} files in it: the newest {MOST_NOTEBOOKS} count")
    return found[-MOST_NOTEBOOKS:], troubles


def _walked(folder):
    """The files in a folder and below, the newest last, and what was in the way."""
    found, troubles, todo = [], [], [folder]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    if is_aside(entry.name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    else:
                        date = entry.stat(follow_symlinks=False).st_mtime
                        found.append((date, Path(entry.path)))
        except OSError as error:
            troubles.append(f"a folder in it cannot be read: {error.strerror}")
        if len(found) + len(todo) > MOST_FILES:
            raise ValueError(f"there are more than {MOST_FILES} files in it")
    return [path for _, path in sorted(found)], troubles


def is_zip(name):
    return name.lower().endswith(".zip")


def _begins_like_one(path):
    try:
        with opened(path) as file:
            return looks_like_one(file.read(64))
    except ValueError:
        return False


def opened(path):
    """A file of a submission, to be read.

    Raises
    ------
    ValueError
        If it is no ordinary file, or too large.
    """
    try:
        kind = path.lstat().st_mode
        if stat.S_ISLNK(kind):
            raise ValueError("it is a link, and links are not followed")
        if not stat.S_ISREG(kind):
            raise ValueError("it is no ordinary file")
        file = os.fdopen(os.open(path, os.O_RDONLY | CAREFUL), "rb")
    except OSError as error:
        raise ValueError(f"it cannot be opened: {error.strerror}") from error
    found = os.fstat(file.fileno())  # of what was opened, whatever has taken its place since
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
    own : Path, optional
        A folder with exercises of the teacher's own.
    """

    def __init__(self, out, limits, trust, own=None):
        self.limits, self.trust = limits, trust
        self.exercises, self.questions = collect(), questions()
        if own is not None:
            self.exercises = self.exercises | exercises_of(own)
            self.questions = self.questions | questions_in(own)
        self.results = out / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        self.salt = _salt(out / "secret")
        self.code = fingerprint(self.questions, own)

    def mark(self, path):
        """The result of a submission, stored or new; this never fails because of what is in it."""
        result = Result(_readable(path.name), page=page_name(path.name))
        with contextlib.ExitStack() as files:
            try:
                return self._mark(path, result, files)
            except ValueError as error:
                result.troubles.append(str(error))
            except Exception as error:  # the others are to be marked all the same
                result.troubles.append(f"it could not be marked ({type(error).__name__})")
        return result

    def _mark(self, path, result, files):
        digest = hashlib.sha256(f"{self.code} {self.salt} {self.limits}".encode())
        paths, result.troubles = files_in(path)
        found = []
        for one in paths:
            where = "" if one == path else _readable(one.relative_to(path))
            try:
                file = files.enter_context(opened(one))
            except ValueError as error:
                result.troubles.append(_at(where, error))
                continue
            found.append((where, file))
            digest.update(repr(where).encode())
            digest.update(hashlib.file_digest(file, "sha256").digest())
            result.date = max(result.date, os.fstat(file.fileno()).st_mtime)
        digest.update(repr(result.troubles).encode())
        store = self.results / f"{result.page}.json"
        if known := Result.load(store, digest.hexdigest()):
            known.date = result.date
            return known
        end = time.monotonic() + self.limits.submission
        notebooks = []
        for where, file in found:
            notebooks += self._read(file, where, _expected(path if not where else where), result)
            if time.monotonic() > end:
                result.troubles.append("reading all of it takes too long")
                break
        for label, (plan, student) in self._chosen(notebooks, result).items():
            if time.monotonic() > end:
                result.marks[label] = Mark(_wrong("takes too long", TOO_MUCH, [
                    f"the answers before this one took {self.limits.submission} seconds in all, "
                    "so it was not tried",
                ]))  # fmt: skip
            else:
                result.marks[label] = self._mark_exercise(label, plan, student)
        result.store(store, digest.hexdigest())
        return result

    def _read(self, file, where, expected, result):
        """The notebooks in a file, each with its date; troubles go to the result."""
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        answers = json.dumps({label: asked.answer for label, asked in self.questions.items()})
        outcome = sandbox.run("reader", [answers], file, self.limits, self.trust)
        if outcome.stopped:
            told = "it is no notebook: reading it took too much time or memory"
            result.troubles.append(_at(where, told))
            return []
        found = json.loads(outcome.output)
        if "error" in found:
            result.troubles.append(_at(where, found["error"] + expected))
            return []
        readable = []
        for notebook in found["notebooks"]:
            place = "/".join(filter(None, [where, _readable(notebook["name"])]))
            if "error" in notebook:
                result.troubles.append(_at(place, notebook["error"] + expected))
                continue
            if not notebook["plans"]:
                result.troubles.append(_at(place, "no exercise of the course was found in it"))
            date = tuple(notebook["date"] or time.localtime(os.fstat(file.fileno()).st_mtime)[:6])
            readable.append(notebook | {"date": date, "name": place})
        return readable

    def _chosen(self, notebooks, result):
        """By label, what is marked: the plan from the newest notebook that has it, and for whom."""
        holders = defaultdict(list)
        for notebook in sorted(notebooks, key=lambda one: (one["date"], one["name"])):
            result.student = _readable(notebook["student"]) or result.student
            for label in notebook["plans"]:
                holders[label].append(notebook)
        several = defaultdict(list)
        for label, found in sorted(holders.items()):
            if len(found) > 1:
                several[tuple(one["name"] for one in found)].append(label)
        for names, labels in several.items():
            *_, before, last = holders[labels[0]]
            why = "the newest" if before["date"] < last["date"] else "the last by name"
            told = f"{', '.join(labels)} stands in {' and in '.join(names)}"
            result.troubles.append(f"{told}: what counts is {names[-1]}, {why}")
        return {
            label: (found[-1]["plans"][label], found[-1]["student"] or result.name)
            for label, found in sorted(holders.items())
        }

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
            failures = [
                Failure(*("" if part is None else _readable(part) for part in one))
                for one in answer["failures"][:1]
            ]
            if answer["observations"] is None:
                return _failed(failures[0]), ()
            observations = list(map(unpack_observation, answer["observations"]))
            with judging:
                verdict = judge(exercise, cases, observations)
            errors = [one.error for one in observations if one.error is not None]
            return _told_apart(verdict, failures, {str(one.kind) for one in failures + errors})
        except Exception as error:  # whatever it made up must not stop the marking of the others
            told = f"it could not be compared ({type(error).__name__})"
            return _wrong("what came back is no answer", None, [told]), ()


def _wrong(mistake, hint, details=(), headline=None):
    return Verdict(WRONG, f"{WRONG} — {headline or mistake}", tuple(details), hint, mistake)


def _failed(failure):
    """The verdict where the notebook's own cells failed before there was an answer to try."""
    where = []
    if failure.source:
        where = [f"in line {failure.line} of your cell: {failure.source}"]
    hint = REMARKS.get(failure.kind, NO_ANSWER)
    said = _readable(f"{failure.kind}: {failure.message}")
    return _wrong("there is no answer", hint, where, said)


def _told_apart(verdict, failures, kinds):
    """A verdict with what failed before the answer was tried, and what is so in marking only."""
    if verdict.status != WRONG:
        return verdict, ()
    remarks = [REMARKS[kind] for kind in REMARKS if kind in kinds]
    for one in failures:
        where = f", in line {one.line} of your cell: {one.source}" if one.source else ""
        told = (f"what failed before it{where}", f"  {one.kind}: {one.message}")
        verdict = verdict._replace(details=verdict.details + told)
    if verdict.hint is None and (remarks or failures):
        verdict = verdict._replace(hint=remarks.pop(0) if remarks else FAILED_BEFORE)
    return verdict, tuple(remarks)


def _at(where, trouble):
    """What is wrong with one file among others."""
    return _readable(f"{where}: {trouble}" if where else trouble)


def _expected(path):
    """What is said about a file that is none, after what is wrong with it."""
    name = os.path.basename(path)
    if is_notebook(name) or is_zip(name):
        return ""
    kind = f"a {_readable(Path(name).suffix)} file" if Path(name).suffix else "something else"
    return f"; expected is the .ipynb file that Jupyter saves, or a zip with it, and this is {kind}"


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
    # Short enough for every file system, even where a letter takes four bytes.
    plain = re.sub(r"[^\w-]+", "-", Path(name).stem).strip("-")[:40]
    return f"{plain}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:HASH]}"


# ---- The class


def grade(submissions, out, limits=None, trust=False, own=None):
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
    own : Path, optional
        A folder with exercises of the teacher's own.

    Returns
    -------
    list of Result
        By the names of the submissions.
    """
    here, there = submissions.resolve(), out.resolve()
    paths = sorted(
        path
        for path in submissions.iterdir()
        if not is_aside(path.name) and here / path.name != there
    )
    if not paths:
        raise ValueError(f"there are no submissions in {submissions}")
    if len({page_name(path.name) for path in paths}) < len(paths):
        raise ValueError("two submissions would get the same page: give one another name")
    if own is not None and own.resolve().is_relative_to(here):
        raise ValueError(f"{own} is among the submissions: keep your exercises elsewhere")
    marker = Marker(out, limits or sandbox.Limits(), trust, own)
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
    """Two submissions under one name are a slip, or worse; which, only the teacher can tell."""
    by_name = defaultdict(list)
    for result in results:
        if name := canonical(result.student):
            by_name[name].append(result)
    for same in by_name.values():
        *_, before, newest = [None, *sorted(same, key=lambda result: result.date)]
        if before is None:
            continue
        told = f"the same student in {' and '.join(result.name for result in same)}"
        told += ", both marked" if len(same) == 2 else ", all marked"
        if before.date < newest.date:
            told += f"; the newest is {newest.name}"
        for result in same:
            result.remarks.append(told)


def write_marks(results, path):
    """One row a submission: a mark for each exercise, their sum, and what was in the way."""
    labels = sorted({label for result in results for label in result.marks})
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # so that Excel sees UTF-8
        table = csv.writer(file)
        table.writerow(["submission", "student", *labels, "sum", "of", "remarks"])
        for result in results:
            points = {label: mark.points for label, mark in result.marks.items()}
            row = [points.get(label, "") for label in labels]
            row += [sum(points.values()), len(points), "; ".join(result.troubles + result.remarks)]
            table.writerow(map(_no_formula, [result.name, result.student, *row]))


def _no_formula(entry):
    """A spreadsheet calculates what begins like a formula, whatever it takes as the separator."""
    return FORMULA.sub(r"'\g<0>", entry) if isinstance(entry, str) else entry


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("submissions", type=Path, help="a folder with notebooks, zips or folders")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--exercises", type=Path, help="a folder with exercises of your own")
    parser.add_argument("--trust", action="store_true", help="run the programs unprotected")
    given = parser.parse_args()
    if not given.submissions.is_dir():
        parser.error(f"{given.submissions} is no folder")
    try:
        if given.trust:
            print("--trust: the submissions run unprotected, as any program of yours.")
        else:
            sandbox.probe()
        results = grade(given.submissions, given.out, trust=given.trust, own=given.exercises)
    except (sandbox.Missing, ValueError) as error:
        sys.exit(str(error))
    for result in results:
        for trouble in result.troubles + result.remarks:
            print(f"{result.name}: {trouble}")
    print(f"Begin with {os.path.join(given.out, 'summary.html')}")
