"""The field guide: every mistake, its form and its evidence, and the ten programs."""

import re

import numpy as np
import pytest

from tests.book.mistakes import leaves, outcome
from tests.book.notebooks import NOTEBOOKS, measures, notebook
from tests.environment import ROOT

GUIDE = notebook("mistakes")
ALL = set(range(1, 37))
REFERENCES = {31}  # what such an entry says is looked up, not run
ENTRY = re.compile(
    r"\(mistake-(?P<anchor>\d\d)\)=\n"
    r"### (?P<number>\d+) · (?P<title>.+)\n\n"
    r"`(?P<kind>code|claim|reference)` · (?P<sources>.+)\n\n"
    r":::\{container\} mistake\n"
    r"Symptom\n: (?P<symptom>.+)\n\nCause\n: (?P<cause>.+)\n\n"
    r"Fix\n: (?P<fix>.+)\n\nSee it\n: (?P<see>.+)\n"
    r":::"
)
LINK = re.compile(r"\]\((?P<file>[^)#]*)#cell-(?P<cell>[\w-]+)\)")
ROW = re.compile(r"^\| (?!What you see|:--)(?P<seen>.+?) \| (?P<links>.+) \|$", re.MULTILINE)


def text(section=None):
    cells = GUIDE.section(section) if section else GUIDE.cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


ENTRIES = {int(entry["number"]): entry for entry in ENTRY.finditer(text())}


def linked_cells(entry):
    """The cells that an entry leads to; a link that leads nowhere fails."""
    found = []
    for link in LINK.finditer(entry["see"]):
        path = (GUIDE.path.parent / link["file"]).resolve() if link["file"] else GUIDE.path
        (home,) = (notebook for notebook in NOTEBOOKS if notebook.path == path)
        (cell,) = (cell for cell in home.code if cell.id == link["cell"])
        found.append(cell)
    return found


def tags(cells):
    return {tag for cell in cells for tag in cell.metadata.get("tags", ())}


def test_every_mistake_has_one_entry():
    numbers = [int(number) for number in re.findall(r"^### (\d+) · ", text(), re.MULTILINE)]
    assert sorted(numbers) == sorted(ALL)
    assert set(ENTRIES) == ALL, "an entry is not in the form of the others"
    assert all(int(entry["anchor"]) == number for number, entry in ENTRIES.items())
    kinds = {number: entry["kind"] for number, entry in ENTRIES.items()}
    assert {number for number, kind in kinds.items() if kind == "reference"} == REFERENCES


@pytest.mark.parametrize("number", sorted(ALL))
def test_an_entry_names_its_sources(number):
    assert re.search(r"\bS[0-4]\b", ENTRIES[number]["sources"])
    assert not re.search(r"\bS[5-9]\b", ENTRIES[number][0])


@pytest.mark.parametrize("number", sorted(ALL - REFERENCES))
def test_an_entry_leads_to_its_evidence(number):
    """To the cells that are tagged with its number: broken and fixed, or a measurement."""
    entry = ENTRIES[number]
    shown = {kind for home in NOTEBOOKS for n, kind in home.mistakes if n == number}
    cells = linked_cells(entry)
    missing = {f"mistake:{number:02d}:{kind}" for kind in shown} - tags(cells)
    assert not missing
    if "broken" in shown:
        assert entry["kind"] == "code" and "fixed" in shown
    else:
        measured = [cell for cell in cells if f"mistake:{number:02d}:measured" in tags([cell])]
        assert any(map(measures, measured))


def test_every_mistake_is_run_somewhere():
    assert {n for notebook in NOTEBOOKS for n, _ in notebook.mistakes} == ALL - REFERENCES


def test_references_exist():
    bibliography = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE))
    (instead,) = (cell.source for cell in GUIDE.cells if "(what-to-cite-instead)=" in cell.source)
    cited = set(re.findall(r"\{cite:t\}`(\w+)`", instead))
    assert len(cited) >= 9 and cited <= known


def test_symptoms_lead_to_entries():
    section = text("What do you see?")
    rows = list(ROW.finditer(section))
    assert len(rows) >= 30
    seen = [row["seen"] for row in rows]
    assert len(set(seen)) == len(seen)
    for row in rows:
        assert re.search(r"\]\(#mistake-\d\d\)", row["links"]), row["seen"]
    assert {int(n) for n in re.findall(r"\(#mistake-(\d\d)\)", section)} == ALL


def test_links_within_the_page_have_a_target():
    anchors = set(re.findall(r"^\(([\w-]+)\)=$", text(), re.MULTILINE))
    anchors |= {f"cell-{cell.id}" for cell in GUIDE.code}
    titles = re.findall(r"^## (.+)$", text(), re.MULTILINE)
    anchors |= {re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")) for title in titles}
    assert set(re.findall(r"\]\(#([\w-]+)\)", text())) <= anchors


def test_each_article_got_something_right():
    section = text("What each article got right")
    articles = re.split(r"^- \*\*(S[0-4])\*\*", section, flags=re.MULTILINE)[1:]
    assert articles[::2] == ["S0", "S1", "S2", "S3", "S4"]
    assert all(LINK.search(article) for article in articles[1::2]), "checked by a cell"


# ------------------------------------------------------------------ the ten programs


PROGRAMS = {
    1: leaves(lambda n: n["loss"][-1] > 0.8 * n["y"].var() / 2),
    2: leaves(lambda n: np.abs(n["small"]).max() < 3 and np.abs(n["large"]).max() > 1e6),
    3: leaves(lambda n: np.abs(n["together"][:10] - n["in_tens"]).max() > 5),
    4: leaves(
        lambda n: np.mean(n["loss"][-5:]) < 0.01 < 1 < np.mean((n["X"] @ n["theta"] - n["y"]) ** 2)
    ),
    5: leaves(lambda n: n["best"] is n["theta"]),
    6: leaves(lambda n: not n["theta"].any() and np.abs(n["gradient"]).max() > 1),
    7: leaves(lambda n: np.ptp(n["theta"]) == 0 and n["loss"][-1] < n["loss"][0]),
    8: leaves(lambda n: max(n["loss"][-100:]) > 5 * min(n["loss"][-100:])),
    9: leaves(lambda n: n["accuracy"] > 0.9 and n["loss"][-1] > np.log(np.e + 9) - 1),
    10: leaves(lambda n: n["accuracy"] < 0.1 and n["loss"][-1] < 0.1),
}


def test_there_are_ten_programs():
    shown = {tag for tag in tags(GUIDE.code) if tag.startswith("program:")}
    assert shown == {f"program:{n:02d}:{kind}" for n in PROGRAMS for kind in ("broken", "fixed")}


def with_seed(source, seed):
    """The program with other random numbers, or another split of real data."""
    changed, count = re.subn(r"\b(default_rng|breast_cancer|digits)\(0\)", rf"\1({seed})", source)
    assert count
    return changed


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("number", PROGRAMS)
def test_a_program_fails_by_its_symptom_and_its_repair_does_not(number, seed):
    broken, fixed = (
        outcome(with_seed(GUIDE.program(f"program:{number:02d}:{kind}"), seed))
        for kind in ("broken", "fixed")
    )
    assert broken.error is None, "none of the ten crashes"
    assert PROGRAMS[number](broken)
    assert fixed.error is None, "a repair asserts that it works"
    assert not PROGRAMS[number](fixed)


@pytest.mark.parametrize("number", PROGRAMS)
def test_an_answer_is_folded_and_names_bug_evidence_and_fix(number):
    source = {cell.id: cell.source for cell in GUIDE.cells}
    label = f"mistakes-p{number:02d}"
    assert f":label: {label}\n" in source[f"p{number:02d}"]
    answer = source[f"p{number:02d}-answer"]
    assert answer.startswith(f"```{{solution-start}} {label}\n:class: dropdown\n")
    assert all(f"**{part}.**" in answer for part in ("The bug", "The evidence", "The fix"))
    order = [cell.id for cell in GUIDE.cells]
    first = order.index(f"p{number:02d}")
    endings = ("", "-broken", "-answer", "-fixed", "-end")
    assert order[first : first + 5] == [f"p{number:02d}{ending}" for ending in endings]
