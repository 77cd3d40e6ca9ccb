"""The comparison of stored and new outputs: numbers within tolerance, the rest to the letter."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval.plugin import IPyNbCell, nocolors

from tests.environment import ROOT
from tests.nbval_records import compare_outputs


def record(value, name="loss", rtol=1e-6, reason=None, shown=None):
    tolerance = {"rtol": rtol} | ({"reason": reason} if reason else {})
    text = f"{value:.6g}" if shown is None else shown
    return new_output(
        "display_data",
        {"text/plain": repr(value), "text/html": f'<code class="record">{name} = {text}</code>'},
        metadata={"scrapbook": {"name": name, "mime_prefix": ""}, "record": tolerance},
    )


def figure(description, png="iVBORw0KGgo="):
    return new_output(
        "display_data",
        {"image/png": png, "text/plain": description},
        metadata={"course": {"figure": True}},
    )


def stream(text):
    return new_output("stream", name="stdout", text=text)


def agree(new, stored):
    """Whether nbval, patched, accepts ``new`` outputs where ``stored`` ones stand."""
    cell = object.__new__(IPyNbCell)
    cell.colors = nocolors
    skip = ("metadata", "traceback", "output_type", "name", "execution_count", "image/png")
    cell.parent = SimpleNamespace(skip_compare=skip, sanitize_patterns={})
    cell.format_output_compare = lambda key, left, right: None
    return compare_outputs(cell, new, stored)


STORED = [record(0.5), stream("done\n"), figure("loss falls from 1 to 0.5")]


@pytest.mark.parametrize(
    "new",
    [
        STORED,
        [record(0.5 * (1 + 9e-7)), *STORED[1:]],
        [*STORED[:2], figure("loss falls from 1 to 0.5", png="AAAA")],
    ],
    ids=["same", "within tolerance", "other pixels"],
)
def test_accepted(new):
    assert agree(new, STORED)


@pytest.mark.parametrize(
    "new",
    [
        [record(0.5 * (1 + 2e-6)), *STORED[1:]],
        [record(-0.5), *STORED[1:]],
        [record(float("nan")), *STORED[1:]],
        [record(0.5, name="risk"), *STORED[1:]],
        [record(0.5, rtol=1e-3), *STORED[1:]],
        [record(0.5, reason="few runs"), *STORED[1:]],
        [record(0.5, shown="0.7"), *STORED[1:]],
        STORED[1:],
        [record(0.5), *STORED],
        [STORED[0], stream("Done\n"), STORED[2]],
        [*STORED[:2], figure("loss falls from 1 to 0.4")],
        STORED[:2],
    ],
    ids=[
        "beyond tolerance",
        "other sign",
        "nan for a number",
        "other name",
        "other tolerance",
        "other reason",
        "other number shown",
        "record missing",
        "record too many",
        "other text",
        "other description",
        "figure missing",
    ],
)
def test_rejected(new):
    assert not agree(new, STORED)


def test_a_stored_number_that_is_shown_wrong_is_rejected():
    assert not agree([record(0.5)], [record(0.5, shown="0.8")])


def test_order_counts():
    pair = [record(0.5, name="a"), record(0.5, name="b")]
    assert agree(pair, pair)
    assert not agree(pair[::-1], pair)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 0.0, 3])
def test_special_values_agree_with_themselves_only(value):
    assert agree([record(value)], [record(value)])
    assert not agree([record(1.0)], [record(value)])
    assert not agree([record(value)], [record(1.0)])


def test_nbval_uses_it(tmp_path):
    """In one notebook, since it takes seconds to start: 0.5 comes where another number stands."""
    cells = []
    for stored in (0.5, 0.5000001, 0.51):
        output = record(stored)
        source = (
            "from IPython.display import display\n"
            f"display({json.dumps(dict(record(0.5).data))}, raw=True,"
            f" metadata={json.dumps(dict(output.metadata))})"
        )
        count = len(cells) + 1
        cells.append(new_code_cell(source, execution_count=count, outputs=[output]))
    nbformat.write(new_notebook(cells=cells), tmp_path / "made-up.ipynb")
    options = ["-v", "-p", "tests.nbval_records", "--nbval", "--nbval-current-env"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tmp_path / "made-up.ipynb"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1, result.stdout
    verdicts = re.findall(r"::Cell (\d) (PASSED|FAILED)", result.stdout)
    assert verdicts == [("0", "PASSED"), ("1", "PASSED"), ("2", "FAILED")], result.stdout
    assert "record 'loss': stored 0.51, now 0.5" in result.stdout
