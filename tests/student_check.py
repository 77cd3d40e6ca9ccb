"""Run the notebooks that a student gets, to their end: ``make student-check``.

Without its solutions a notebook takes as long as with them, so it does not run in every ``make
test``: the names prove there that no cell needs a solution (`tests.classroom.test_student`). Here
it runs once for each state of what it depends on. ``tests/student_checked.json`` holds the hash of
that state for every notebook that has passed. The file says that somebody's run passed, not that
this one would: whoever changes a hash by hand only cheats the reader of the history. It cannot
become stale unseen, since the hash is made anew from the files at every call: a notebook whose
hash is another runs again.

Usage: python -m tests.student_check [--list | --all]
"""

import argparse
import hashlib
import json
import sys

from nbclient.exceptions import CellExecutionError

from book._tools.run import execute
from classroom.hand_out import student
from tests.book.notebooks import NOTEBOOKS, printed
from tests.environment import ROOT

RECORD = ROOT / "tests" / "student_checked.json"
SHARED = ["sgdcore/**/*.py", "classroom/**/*.py", "requirements.txt", "tests/student_check.py",
          "book/_tools/run.py"]  # fmt: skip


def solved():
    """Every chapter, and the pages that have exercises too."""
    return [page for page in NOTEBOOKS if "solution" in map(student.role, page.cells)]


def shared():
    """A hash of what every notebook depends on."""
    state = hashlib.sha256()
    for path in sorted(path for pattern in SHARED for path in ROOT.glob(pattern)):
        state.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        state.update(path.read_bytes() + b"\0")
    return state.digest()


def state(notebook, common):
    """The hash of what decides how a stripped notebook runs: outputs do not, sources do."""
    stripped = student.strip(notebook.notebook)
    kept = [
        [cell.cell_type, cell.source, student.role(cell), cell.metadata.get("tags", [])]
        for cell in stripped.cells
        if cell.cell_type == "code"
    ]
    return hashlib.sha256(common + json.dumps(kept).encode()).hexdigest()


def recorded():
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def states():
    """By the name of each notebook, its hash."""
    common = shared()
    return {str(notebook): state(notebook, common) for notebook in solved()}


def stale(now, passed):
    """The notebooks that have not passed as they are."""
    return [name for name, value in now.items() if passed.get(name) != value]


def problems(notebook):
    """Run a stripped notebook; what is wrong with it."""
    stripped = student.strip(notebook.notebook)
    try:
        execute(stripped, notebook.path.parent)
    except CellExecutionError as error:
        return [str(error)]
    labels = [(c.metadata["course"]["exercise"], c) for c in stripped.cells
              if student.role(c) == "check"]  # fmt: skip
    return [
        f"the check of {label} says {printed(cell)!r}, expected '{label}: not written yet'"
        for label, cell in labels
        if not printed(cell).startswith(f"{label}: not written yet\n")
    ]


def store(passed):
    RECORD.write_text(json.dumps(passed, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="run those that have passed, too")
    parser.add_argument("--list", action="store_true", help="only say which would run")
    options = parser.parse_args()
    now = states()
    passed = {name: value for name, value in recorded().items() if name in now}
    todo = list(now) if options.all else stale(now, passed)
    if options.list:
        print(*(f"{name}: changed since its student's version last ran" for name in todo), sep="\n")
        return
    failed = False
    for notebook in solved():
        if str(notebook) not in todo:
            continue
        found = problems(notebook)
        print(f"{notebook}: {'; '.join(found) or 'runs without its solutions'}", flush=True)
        failed |= bool(found)
        passed.pop(str(notebook), None)
        if not found:
            passed[str(notebook)] = now[str(notebook)]
        store(passed)
    sys.exit(failed)


if __name__ == "__main__":
    main()
