"""The course as a course: what needs what, the core path, and the plans of weeks."""

import re
from functools import cache
from itertools import combinations, pairwise

import needs
import plans
import pytest
from bs4 import BeautifulSoup
from minutes import RULE

from book._tools import pages
from tests.book.notebooks import CHAPTERS, contents
from tests.environment import ROOT, built_site

NUMBERS = [chapter.name for chapter in CHAPTERS]
LINKED = re.compile(r"(?:^|/)(\d\d)-[\w-]+\.html")
TIME = re.compile(r"Reading (\d+) min, exercises (\d+) min")

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=str)
each_kind = pytest.mark.parametrize("kind", needs.ROOM)


@cache
def page(name):
    html = (built_site() / f"{name}.html").read_text(encoding="utf-8")
    return BeautifulSoup(pages.set_aside(html), pages.PARSER)


@cache
def head(chapter):
    """The built page of a chapter from its title to its first section."""
    path = built_site() / chapter.path.relative_to(ROOT).with_suffix(".html")
    html = re.search(r"<article.*?</h1>(.*?)<h2", path.read_text(encoding="utf-8"), re.DOTALL)[1]
    return BeautifulSoup(html, pages.PARSER)


def chapters_in(element):
    """The numbers of the chapters that are linked inside an element, in order."""
    found = (LINKED.search(link["href"]) for link in element.select("a[href]"))
    return [match[1] for match in found if match]


@cache
def stated():
    """For each chapter the numbers that its page names before you start."""
    found = {}
    for chapter in CHAPTERS:
        (before,) = (
            paragraph
            for paragraph in head(chapter).select("p")
            if paragraph.get_text().startswith("Before you start:")
        )
        found[chapter.name] = sorted(set(chapters_in(before)))
    return found


def reach(edges):
    """For each chapter all that it needs, directly or not; a circle or a look ahead fails."""
    found = {}
    for chapter, before in edges.items():
        found[chapter] = set(before).union(*(found[one] for one in before))
    return found


# --- What needs what.


@each_chapter
def test_every_chapter_needs_earlier_ones_only(chapter):
    assert all(one < chapter.name for one in stated()[chapter.name])
    assert stated()[chapter.name] or chapter.name == NUMBERS[0], "name what is to be read before"


def test_the_list_says_what_the_chapters_state():
    rows = page("book/index").select(".needs > ul > li")
    shown = {chapters_in(row)[0]: re.findall(r"\b\d\d\b", row.em.get_text()) for row in rows}
    assert shown == stated()


@each_kind
def test_the_picture_draws_what_does_not_follow(kind):
    (picture,) = page("book/index").select(f".needs svg.{kind}")
    lines = [line["data-edge"].split("-") for line in picture.select("path[data-edge]")]
    assert len(picture.select("circle")) == len(NUMBERS)
    edges = {number: {one for one, other in lines if other == number} for number in NUMBERS}
    everything = reach(stated())
    assert reach(edges) == everything, "a prerequisite is lost, or one is invented"
    for chapter, before in edges.items():
        for one, other in combinations(before, 2):
            assert one not in everything[other], f"{one} to {chapter} follows: do not draw it"


@each_kind
def test_no_line_meets_a_chapter_that_it_is_not_about(kind):
    (picture,) = page("book/index").select(f".needs svg.{kind}")
    dots = {
        number: (float(dot["cx"]), float(dot["cy"]))
        for number, dot in zip(NUMBERS, picture.select("circle"), strict=True)
    }
    for line in picture.select("path[data-edge]"):
        one, other = line["data-edge"].split("-")
        (x, top), (end, bottom) = dots[one], dots[other]
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", line["d"])]
        assert numbers[:2] == [x, top]
        assert abs(numbers[-1] - (bottom if x == end else end)) < 0.01
        for number in set(NUMBERS) - {one, other}:
            u, v = dots[number]
            assert not (u == x and top < v < bottom)
            assert v != bottom, "a row is one chapter's"


def test_lanes_are_ones_own():
    edges = {"1": [], "2": ["1"], "3": ["1"], "4": ["2", "3"], "5": ["1"]}
    assert needs.drawn({**edges, "5": ["1", "2"]})["5"] == ["2"]
    assert needs.lanes(edges) == {"1": 0, "2": 1, "3": 2, "4": 1, "5": 0}


def test_prerequisites_are_read_from_one_paragraph():
    text = "# A\n\n[x](01-a.ipynb)\n\n**Before you start:** [y](03-b.ipynb#c),\n[z](02-d.ipynb)."
    assert needs.stated(text + "\n\n[later](04-e.ipynb)") == ["02", "03"]
    assert needs.stated("# A\n\n[x](01-a.ipynb)") == []


# --- The core path.


def test_the_core_path_needs_nothing_else():
    assert len(needs.CORE) == 8 and sorted(needs.CORE) == list(needs.CORE)
    assert {one for chapter in needs.CORE for one in stated()[chapter]} <= set(needs.CORE)
    assert chapters_in(page("book/index").select_one("#the-core-path table")) == list(needs.CORE)


@each_kind
def test_the_picture_marks_the_core_path(kind):
    dots = page("book/index").select(f".needs svg.{kind} circle")
    full = [number for number, dot in zip(NUMBERS, dots, strict=True) if "core" in dot["class"]]
    assert full == list(needs.CORE)


def test_what_comes_next_needs_the_core_path_alone():
    text = page("book/index").select_one("#the-core-path > p:last-of-type")
    follow = set(chapters_in(text))
    assert follow and all(set(stated()[number]) <= set(needs.CORE) for number in follow)


# --- The plans.


def minutes(number):
    """Minutes of reading and of exercises, as the chapter's page says."""
    (chapter,) = (chapter for chapter in CHAPTERS if chapter.name == number)
    return list(map(int, TIME.search(head(chapter).get_text()).groups()))


def in_minutes(text):
    hours, rest = map(int, re.fullmatch(r"(\d+)\xa0h\xa0(\d\d)", text.strip()).groups())
    return 60 * hours + rest


def rows(place):
    """The cells of a table on the landing page, and the texts of its last row."""
    *body, last = page("book/index").select(f"#{place} table tbody tr")
    return [row.select("td") for row in body], [cell.get_text() for cell in last.select("td")]


def quizzes():
    """The minutes of each quiz, by its place on the page."""
    sections = page("book/quizzes").select("section:has(> h2)")
    return {
        section["id"]: RULE["minutes a prediction"] * len(section.select(".predict"))
        for section in sections
        if section.h2.get_text().startswith("Part ")
    }


def test_the_core_path_shows_its_times():
    body, (_, *sums) = rows("the-core-path")
    shown = [[in_minutes(cell.get_text()) for cell in cells[1:]] for cells in body]
    assert shown == [minutes(number) for number in needs.CORE]
    assert [in_minutes(text) for text in sums] == [sum(column) for column in zip(*shown)]  # noqa: B905


@pytest.mark.parametrize(
    ("place", "weeks", "wanted"),
    [("six-weeks", 6, needs.CORE), ("twelve-weeks", 12, NUMBERS)],
)
def test_a_plan_has_every_chapter_once_and_its_minutes(place, weeks, wanted):
    body, (*_, total) = rows(place)
    assert [cells[0].get_text() for cells in body] == [str(k) for k in range(1, weeks + 1)]
    assert [number for cells in body for number in chapters_in(cells[1])] == list(wanted)
    times, asked = [in_minutes(cells[2].get_text()) for cells in body], []
    for cells, time in zip(body, times, strict=True):
        links = [link["href"] for link in cells[1].select("a")]
        quiz = [link.partition("#")[2] for link in links if "quizzes.html" in link]
        asked += quiz
        share = RULE["hours for the capstone"] * 60 // plans.CAPSTONE_WEEKS
        projects = sum("capstone.html" in link for link in links)
        read = sum(sum(minutes(number)) for number in chapters_in(cells[1]))
        assert time == read + sum(quizzes()[one] for one in quiz) + share * projects
    assert in_minutes(total) == sum(times)
    ends = ["capstone.html" in str(cells[1]) for cells in body]
    assert ends == [False] * (weeks - plans.CAPSTONE_WEEKS) + [True] * plans.CAPSTONE_WEEKS
    assert asked == (list(quizzes()) if wanted == NUMBERS else [])


def test_weeks_are_as_even_as_can_be():
    times = [5, 1, 1, 1, 4, 2, 6, 3]

    def squares(ends):
        return sum(sum(times[a:b]) ** 2 for a, b in pairwise([0, *ends]))

    for weeks in range(1, len(times) + 1):
        every = [[*cut, len(times)] for cut in combinations(range(1, len(times)), weeks - 1)]
        assert squares(plans.shared(times, weeks)) == min(map(squares, every))
        assert len(plans.shared(times, weeks)) == weeks


def test_the_pages_of_the_course_are_in_the_contents():
    assert {plans.CAPSTONE, plans.QUIZZES} <= set(contents())
