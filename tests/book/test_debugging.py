"""The page on debugging: ten steps, each shown on a program that only this step finds."""

import re

import pytest

from classroom.hand_out.student import role
from tests.book.mistakes import outcome
from tests.book.notebooks import measures, notebook

PAGE = notebook("debugging")
CODE = {cell.id: cell for cell in PAGE.code}
TEXT = "\n\n".join(cell.source for cell in PAGE.cells if cell.cell_type == "markdown")
STEPS = range(1, 11)
# The one part that each step's program replaces.
BROKEN = re.compile(r"^(?P<name>\w+)(?:, \w+)? = good\._replace\(.*\)$", re.MULTILINE)

each_step = pytest.mark.parametrize("step", STEPS)


def section(step):
    """The text of a step, up to the next one."""
    return re.split(r"^##+ ", TEXT.split(f"### Step {step} · ")[1], flags=re.MULTILINE)[0]


@each_step
def test_a_step_says_what_it_finds_and_what_it_cannot_find(step):
    assert re.match(r".+\n\n\*.+\?\*", section(step)), "a step begins with its question"
    assert "**Finds** " in section(step)
    assert "**Cannot find** " in section(step)


@each_step
def test_the_table_has_the_step(step):
    assert f"(step-{step})=\n### Step {step} · " in TEXT
    (row,) = re.findall(rf"^\| \[{step}\]\(#step-{step}\) .*$", TEXT, re.MULTILINE)
    assert f"passes-{step}:" in row and len(row.strip("|").split("|")) == 5


@each_step
def test_a_step_fails_if_its_program_is_not_broken(step):
    whole = CODE[f"step-{step}"].source
    assert BROKEN.search(whole), "a step replaces one part of the good program"
    mended = BROKEN.sub(r"\g<name> = good", whole)
    base = [CODE[name].source for name in ("imports", "program", "loop")]
    # Of the steps before, their checks: the source up to their broken program.
    checks = [BROKEN.split(CODE[f"step-{k}"].source)[0] for k in range(1, step)]
    result = outcome("\n\n".join([*base, *checks, mended]))
    assert isinstance(result.error, AssertionError), result.error
    assert result.printed.count(": ok") == step, result.printed


def test_every_exercise_has_a_folded_solution_that_ran():
    labels = re.findall(r"\{exercise\}\n:label: ([\w-]+)$", TEXT, re.MULTILINE)
    assert labels == [f"debugging-e{k}" for k in range(1, len(labels) + 1)]
    assert labels
    for label in labels:
        cells = PAGE.exercises()[label]
        assert {role(cell) for cell in cells} == {"solution"}
        assert f"{{solution-start}} {label}\n:class: dropdown" in cells[0].source
        assert "{solution-end}" in cells[-1].source
        code = [cell for cell in cells if cell.cell_type == "code"]
        assert code and all(cell.execution_count and measures(cell) for cell in code)


def test_links_to_the_field_guide_are_to_mistakes_that_exist():
    guide = "\n".join(c.source for c in notebook("mistakes").cells if c.cell_type == "markdown")
    linked = set(re.findall(r"\(#(mistake-\d\d)\)", TEXT))
    assert len(linked) >= 10
    assert linked <= set(re.findall(r"^\((mistake-\d\d)\)=$", guide, re.MULTILINE))
