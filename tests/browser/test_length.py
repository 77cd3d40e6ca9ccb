"""A chapter is one lesson: what counts."""

from book._tools import length
from tests.browser.asked import CHAPTER_PAGES


def test_what_is_opened_is_counted(visit):
    opened = visit(CHAPTER_PAGES[1])
    folded = length.measure(opened)
    opened.locator(".fold-switch button").click()
    unfolded = length.measure(opened)
    assert unfolded["all"] == folded["all"] >= unfolded["words"]
    for name in ("height", "lines", "words"):
        assert unfolded[name] > 1.05 * folded[name]
