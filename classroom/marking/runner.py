"""What runs in the sandbox: the chosen statements of a notebook, then the student's answer.

It is given a job and returns what it observed, both as JSON. Nothing it says is believed: all that
a forged output can hold are values, and those are compared outside.
"""

import ast
import json
import linecache
import sys
import types

from classroom.judging import Failure, Observation, observe, plain
from classroom.marking.wire import pack_observation, unpack


class Magic:
    """Stands for IPython, which a cell may ask for something that marking does not need."""

    def __getattr__(self, name):
        return lambda *arguments, **options: None


def namespace():
    """Where the student's code runs: a main module of its own."""
    main = types.ModuleType("__main__")
    main.get_ipython = Magic
    main.display = lambda *shown, **options: None
    sys.modules["__main__"] = main
    return vars(main)


def run(cells, names):
    """Run the statements that are kept; return the failures, as a notebook would show them."""
    failures = []
    for cell in cells:
        file = f"cell {cell['number']}"
        lines = cell["source"].splitlines(keepends=True)
        linecache.cache[file] = len(cell["source"]), None, lines, file
        for number in cell["keep"]:
            try:
                body = ast.parse(cell["source"]).body
                exec(compile(ast.Module([body[number]], []), file, "exec"), names)
            except BaseException as error:
                failures.append(failure(error))
    return failures


def failure(error):
    """An exception that stopped a statement of the notebook."""
    place = error.__traceback__
    line = source = None
    while place is not None:
        file = place.tb_frame.f_code.co_filename
        if file.startswith("cell "):
            line, source = place.tb_lineno, linecache.getline(file, place.tb_lineno).strip()
        place = place.tb_next
    return Failure(type(error).__name__, str(error), line, source)


def answer(job):
    """Carry out a job; return what was observed, if anything was, and what failed first."""
    names = namespace()
    failures = run(job["cells"], names)
    try:
        value = eval(compile(job["answer"], "answer", "eval"), names)
    except BaseException as error:
        failures.append(failure(error))
        return {"observations": None, "failures": failures[:1]}
    seen = [Observation(plain(value))]
    if job["cases"] is not None:
        seen = observe(value, unpack(job["cases"]))
    return {"observations": list(map(pack_observation, seen)), "failures": failures[:1]}


def work(data):
    """A job of the host: what `answer` carries out, as JSON."""
    return json.dumps(answer(json.loads(data))).encode()
