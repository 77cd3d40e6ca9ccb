"""A chapter's page is light, does not move, and waits for no formula."""

import pytest

from benchmarks.pages import cost, served
from tests.browser.test_pages import CHAPTER_PAGES, each_chapter
from tests.environment import built_site

LARGEST = 900_000  # bytes, compressed, figures included
MOVES = 0.02  # cumulative layout shift
UNSET = """() => [...document.querySelectorAll("article .math")]
  .filter((formula) => formula.querySelectorAll("mjx-math").length !== 1
    || formula.querySelectorAll("mjx-assistive-mml > math").length !== 1)
  .map((formula) => formula.outerHTML.slice(0, 200))"""
# The room that was written for a formula beside the room it takes.
MISFITS = """() => [...document.querySelectorAll("mjx-container:not([display]):not(.wide)")]
  .filter((formula) => formula.checkVisibility())
  .map((formula) => [formula.getBoundingClientRect(),
    formula.querySelector("mjx-math").getBoundingClientRect(), formula.textContent])
  .filter(([room, set]) => Math.abs(room.width - set.width) > 1 || Math.abs(room.y - set.y) > 1)
  .map(([room, set, text]) => `${text}: ${room.width} for ${set.width}, ${room.y - set.y}`)"""


@pytest.fixture(scope="module")
def address():
    with served(built_site()) as address:
        yield address


@pytest.mark.parametrize("size", ["desk", "phone"])
@each_chapter
def test_a_chapter_is_light_and_does_not_move(browser, address, page, size):
    found = cost(browser, f"{address}/{page}.html", size, slowdown=1)
    assert found.size < LARGEST
    assert found.shift < MOVES


@each_chapter
def test_every_formula_is_set_and_has_the_room_written_for_it(visit, page):
    opened = visit(page)
    assert opened.evaluate(UNSET) == []
    assert opened.evaluate(MISFITS) == []


def test_nothing_is_loaded_that_is_not_used(visit):
    opened = visit(CHAPTER_PAGES[0], "http")
    loaded = opened.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert any("MathJax_Main-Regular" in name for name in loaded)
    unwanted = ("fontawesome", "fa-solid", "searchindex", "mathjax/", "thebe", "design")
    assert [name for name in loaded if any(word in name for word in unwanted)] == []


def test_icons_are_drawn(visit):
    opened = visit(CHAPTER_PAGES[0])
    masks = opened.evaluate(
        """() => [...document.querySelectorAll(".fa-solid, .fas")].map((icon) =>
          [icon.className, getComputedStyle(icon, "::before").maskImage])"""
    )
    assert masks
    assert [name for name, mask in masks if not mask.startswith('url("data:image/svg')] == []
