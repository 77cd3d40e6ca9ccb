"""The capstone project: a rubric that adds up, and a project that was marked by it."""

import re

from classroom import audit
from tests.book.notebooks import notebook, printed

PAGE = notebook("capstone")
ROW = re.compile(
    r"^\| ([^|]+?) \| 0: ([^|]+) \| (\d+): ([^|]+) \| (\d+): ([^|]+) \|$", re.MULTILINE
)
MARK = re.compile(r"^\| ([^|*]+?) \| (\d+) \| ([^|]+) \|$", re.MULTILINE)
SUM = re.compile(r"^\| \*\*in all\*\* \| \*\*(\d+)\*\* \| of fifty \|$", re.MULTILINE)


def text(section):
    return "\n\n".join(c.source for c in PAGE.section(section) if c.cell_type == "markdown")


def rubric():
    """For each line of the rubric its levels: points and what holds there."""
    return {
        name: {0: nothing, int(half): some, int(full): everything}
        for name, nothing, half, some, full, everything in ROW.findall(text("The rubric"))
    }


def test_the_points_add_up():
    table = [line for line in text("The rubric").splitlines() if line.startswith("| ")]
    assert len(rubric()) == len(table) - 1, "a line of the rubric has another form"
    assert "Fifty points" in text("The rubric")
    assert sum(max(levels) for levels in rubric().values()) == 50


def test_every_level_says_what_holds():
    for name, levels in rubric().items():
        nothing, half, full = levels
        assert nothing == 0 and full == 2 * half, name
        assert len({said.strip() for said in levels.values()}) == 3 and all(levels.values()), name


def test_the_project_is_marked_by_the_rubric():
    marks = {name: int(points) for name, points, _ in MARK.findall(text("One project, marked"))}
    assert list(marks) == list(rubric())
    assert all(marks[name] in levels for name, levels in rubric().items())
    assert len(set(marks.values())) > 2 and 0 in marks.values(), "the levels are shown"
    (total,) = SUM.findall(text("One project, marked"))
    assert sum(marks.values()) == int(total)


def test_marks_agree_with_the_audit():
    """Half or nothing where the machine complains."""
    marks = {name: int(points) for name, points, _ in MARK.findall(text("One project, marked"))}
    (cell,) = (cell for cell in PAGE.code if cell.id == "flawed")
    said = printed(cell)
    assert ("Tuning cost" in said) == (marks["Equal budgets"] < max(rubric()["Equal budgets"]))
    assert ("seeds that are reported" in said) == (marks["Seeds"] < max(rubric()["Seeds"]))


def test_the_page_asks_for_what_the_audit_reads():
    asked = text("What you hand in")
    assert all(f"`{name}`" in asked for name in audit.COLUMNS)
    assert f"`{audit.BASELINE}`" in asked
    assert audit.SEEDS == 16 and "at least sixteen" in text("The rules")
