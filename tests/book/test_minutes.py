"""The time that a chapter takes: one stated rule, shown wherever it is asked for."""

import re
from functools import cache

import minutes
import pytest
from bs4 import BeautifulSoup
from docutils import nodes

from book._tools import pages
from tests.book.notebooks import CHAPTERS
from tests.environment import ROOT, built_site

TEACHING = (ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
SHOWN = re.compile(r"Reading (\d+) min, exercises (\d+) min")


@cache
def page(name):
    html = (built_site() / f"{name}.html").read_text(encoding="utf-8")
    return BeautifulSoup(pages.set_aside(html), pages.PARSER)


def under_title(chapter):
    name = chapter.path.relative_to(ROOT).with_suffix("").as_posix()
    html = (built_site() / f"{name}.html").read_text(encoding="utf-8")
    # The rest of the page need not be parsed.
    lesson = BeautifulSoup(re.search(r"</h1>\s*(<div.*?</p>)", html, re.DOTALL)[1], pages.PARSER)
    return SHOWN.fullmatch(lesson.select_one(".lesson > p.time").get_text())


def test_the_rule_is_stated():
    (rule,) = re.findall(r"The rule: .*?\n\n", TEACHING, re.DOTALL)
    stated = sorted(int(number) for number in re.findall(r"\d+", rule))
    assert stated == sorted(minutes.RULE.values())


def test_what_is_open_is_counted():
    text = nodes.paragraph("", "one two three ", nodes.math("", "x"))
    program = nodes.literal_block("", "a = 1\n\nb = 2")
    formula = nodes.math_block("", "x")
    folded = minutes.Folded("", nodes.literal_block("", "a = 1"), label="Set-up")
    answer = nodes.admonition("", nodes.paragraph("", "hidden words"), classes=["dropdown"])
    printed = nodes.literal_block("", "two words\nand two")
    output = nodes.container("", printed, nodes.image(alt="a curve"), classes=["cell_output"])
    section = nodes.section("", text, program, formula, folded, answer, output)
    words = 3 + 3 + 4
    assert minutes.reading_seconds(section) == words * 60 / 100 + 2 * 6 + 60 + 60


@pytest.mark.parametrize("chapter", CHAPTERS, ids=str)
def test_the_time_stands_under_the_title_and_on_the_teachers_page(chapter):
    reading, exercises = map(int, under_title(chapter).groups())
    assert 5 < reading < 120 and exercises >= 10 + 20 + 25
    table = page("book/teaching").select_one("#minutes-per-section table")
    rows = {row.td.get_text(): row for row in table.select("tbody tr")}
    cells = [int(cell.get_text()) for cell in rows[chapter.name].select("td")[1:]]
    assert cells[-2:] == [reading, exercises]
    assert abs(sum(cells[:-2]) - reading) <= 2.5 + len(cells) / 2


def test_the_syllabus_quotes_the_times():
    weeks = page("book/teaching").select_one("#twelve-weeks table").get_text()
    for chapter in CHAPTERS:
        assert f"{chapter.name}, exercises ({under_title(chapter)[2]} min)" in weeks
