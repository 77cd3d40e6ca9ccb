"""A chapter is one lesson: how long it is as it opens, and in all."""

from book._tools import length
from tests.browser.test_pages import CHAPTER_PAGES, each_chapter


@each_chapter
def test_a_chapter_is_one_lesson(visit, page):
    assert length.excess(length.measure(visit(page))) == []


def test_what_is_opened_is_counted(visit):
    opened = visit(CHAPTER_PAGES[1])
    folded = length.measure(opened)
    opened.locator(".fold-switch button").click()
    unfolded = length.measure(opened)
    assert unfolded["all"] == folded["all"] >= unfolded["words"]
    for name in ("height", "lines", "words"):
        assert unfolded[name] > 1.05 * folded[name]
