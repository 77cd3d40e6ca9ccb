"""Marks one submission: what its answers return in the sandbox is judged here, or on a worker."""

import functools
import json
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from classroom.exercises import collect
from classroom.judging import RIGHT, WRONG, Failure, Verdict, cases_for, judge
from classroom.marking import sandbox
from classroom.marking.intake import at, readable
from classroom.marking.questions import exercises_of, fingerprint, questions, questions_in
from classroom.marking.wire import pack, unpack_observation

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
OTHER_COURSE = (
    "the course, Python or NumPy here is another than where the marking was started: install the "
    "same, or the marks could differ"
)
judging = threading.Lock()  # catching warnings is not safe in several threads at once


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
    complete: bool = True  # whether all of it was tried; else it is marked again next time

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


class Settings(NamedTuple):
    """All that a mark depends on besides the submission: plain data, so that it can travel."""

    code: str  # the fingerprint of the course
    salt: str  # makes the inputs for marking others than those that a student can try
    limits: sandbox.Limits
    trust: bool = False  # whether to run without the sandbox
    own: tuple[tuple[str, bytes], ...] = ()  # names and contents of a teacher's own files


def mark(submission, settings):
    """The result of a submission.

    Raises
    ------
    sandbox.Missing
        If this machine has no sandbox, or another course than the settings are of.
    """
    return marker(settings).mark(submission)


@functools.lru_cache(maxsize=1)
def marker(settings):
    """What marks by these settings, made once."""
    return Marker(settings)


class Marker:
    """Marks submissions.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    sandbox.Missing
        If this machine has no sandbox, or another course than the settings are of.
    """

    def __init__(self, settings):
        self.settings, self.limits = settings, settings.limits
        self.exercises, self.questions = collect(), questions()
        if settings.own:
            with tempfile.TemporaryDirectory() as folder:
                for name, content in settings.own:
                    Path(folder, name).write_bytes(content)
                self.exercises = self.exercises | exercises_of(Path(folder))
                self.questions = self.questions | questions_in(Path(folder))
        if fingerprint(self.questions, settings.own) != settings.code:
            raise sandbox.Missing(OTHER_COURSE)
        if not settings.trust:
            sandbox.probe()

    def mark(self, submission):
        """The result of a submission."""
        result = Result(submission.name, page=submission.page, date=submission.date)
        result.troubles += submission.troubles
        end = time.monotonic() + self.limits.submission
        with sandbox.Sandbox(self.limits, self.settings.trust) as box:
            notebooks = []
            for file in submission.files:
                notebooks += self._read(box, file, result)
                if time.monotonic() > end:
                    result.troubles.append("reading all of it takes too long")
                    break
            for label, (plan, student) in self._chosen(notebooks, result).items():
                if time.monotonic() > end:
                    result.marks[label] = Mark(_wrong("takes too long", TOO_MUCH, [
                        f"the answers before this one took {self.limits.submission} seconds in "
                        "all, so it was not tried",
                    ]))  # fmt: skip
                else:
                    result.marks[label] = self._mark_exercise(box, label, plan, student)
        return result

    def _read(self, box, file, result):
        """The notebooks in a file, each with its date; troubles go to the result."""
        answers = {label: asked.answer for label, asked in self.questions.items()}
        outcome = box.run("reader", json.dumps(answers).encode() + b"\n" + file.data)
        if outcome.stopped:
            told = "it is no notebook: reading it took too much time or memory"
            result.troubles.append(at(file.where, told))
            return []
        found = json.loads(outcome.output)
        if "error" in found:
            result.troubles.append(at(file.where, found["error"] + file.expected))
            return []
        usable = []
        for notebook in found["notebooks"]:
            place = "/".join(filter(None, [file.where, readable(notebook["name"])]))
            if "error" in notebook:
                result.troubles.append(at(place, notebook["error"] + file.expected))
                continue
            if not notebook["plans"]:
                result.troubles.append(at(place, "no exercise of the course was found in it"))
            date = tuple(notebook["date"] or time.localtime(file.date)[:6])
            usable.append(notebook | {"date": date, "name": place})
        return usable

    def _chosen(self, notebooks, result):
        """By label, what is marked: the plan from the newest notebook that has it, and for whom."""
        holders = defaultdict(list)
        for notebook in sorted(notebooks, key=lambda one: (one["date"], one["name"])):
            result.student = readable(notebook["student"]) or result.student
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

    def _mark_exercise(self, box, label, plan, student):
        """Run one answer in a process of its own, and judge it."""
        notes = tuple(map(readable, plan["notes"]))
        if plan["unreadable"]:
            said, *where = map(readable, plan["unreadable"])
            hint = "Run the cell in the notebook: Python marks the place."
            return Mark(_wrong("cannot be read by Python", hint, where, said))
        exercise = self.exercises[label]
        cases = cases_for(exercise, label, f"{self.settings.salt} {student}")
        job = {
            "answer": plan["answer"],
            "cells": plan["cells"],
            "cases": None if exercise.cases is None else pack(cases),
        }
        outcome = box.run("runner", json.dumps(job).encode())
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
                Failure(*("" if part is None else readable(part) for part in one))
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
    said = readable(f"{failure.kind}: {failure.message}")
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
