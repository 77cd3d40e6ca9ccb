"""The table of conventions in chapter 25 says what the cases and the recorded runs say."""

import json

import numpy as np
import pytest

from sgdcore import optimizers
from tests.environment import ROOT
from tests.parity import cases, record, table


def stored():
    """What the chapter's cell has printed."""
    path = ROOT / "chapters" / "25-other-libraries.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    (cell,) = [cell for cell in cells if cell["id"] == "table"]
    return "".join(cell["outputs"][0]["text"]).splitlines()


def test_the_chapter_shows_the_table():
    assert [line.rstrip() for line in stored()] == [line.rstrip() for line in table.lines()]


def test_every_optimiser_has_an_entry():
    methods = [*cases.OPTIMIZERS, *cases.MLPS]
    assert len(list(table.compared())) == len(methods)
    text = "\n".join(table.lines())
    for name in methods:
        assert name.split("/")[1].removeprefix("mlp-") in text.replace("\n   ", " ")


@pytest.mark.parametrize("name", ["torch/momentum", "keras/momentum", "sklearn/mlp-adam"])
def test_another_record_makes_another_table(name, monkeypatch):
    library, method = name.split("/")
    read = record.stored

    def changed(which):
        traces = read(which)
        return traces | {method: np.cbrt(traces[method])} if which == library else traces

    before = list(table.lines())
    monkeypatch.setattr(record, "stored", changed)
    assert list(table.lines()) != before


def test_another_case_makes_another_table(monkeypatch):
    before = list(table.lines())
    nearer = cases.Naive(optimizers.momentum(0.8), "The momentum is another.")
    monkeypatch.setitem(cases.NAIVE, "torch/momentum", nearer)
    assert list(table.lines()) != before
