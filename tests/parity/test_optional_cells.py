"""The optional cells of the chapters, run beside the libraries they name, say what they stored."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.environment import ROOT

SILENTLY = "import contextlib\nwith contextlib.redirect_stdout(None):\n    exec({!r})\n"
NUMBER = re.compile(r"\d+\.\d+")


def optional_cells():
    """Each optional cell, and its program: before it come, silently, the cells under "after"."""
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        cells = {cell["id"]: cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
        for cell in cells.values():
            course = cell["metadata"].get("course", {})
            # A picture has nothing to compare: it shows what another cell has measured.
            if "optional" in course and course["role"] != "draw":
                before = ["".join(cells[name]["source"]) for name in course.get("after", [])]
                program = SILENTLY.format("\n".join(before)) + "".join(cell["source"])
                yield pytest.param(cell, program, id=f"{path.name[:2]}-{cell['id']}")


@pytest.mark.skipif(not os.environ.get("PARITY_LIVE"), reason="needs the peers: PARITY_LIVE=1")
@pytest.mark.parametrize(("cell", "program"), list(optional_cells()))
def test_a_cell_says_what_is_stored(cell, program):
    # In a process of its own: the recorder has set Keras to double precision.
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT / "chapters",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    stored = "".join("".join(output["text"]) for output in cell["outputs"])
    assert NUMBER.sub("#", ran.stdout) == NUMBER.sub("#", stored)
    # Single precision: an accuracy may differ by a few images.
    assert [float(n) for n in NUMBER.findall(ran.stdout)] == pytest.approx(
        [float(n) for n in NUMBER.findall(stored)], rel=0.03
    )
