"""A chapter is one lesson: how long it is as it opens, and in all."""

import pytest

from book._tools import length
from tests.browser.test_pages import CHAPTER_PAGES, each_chapter

# Still to be cut. A chapter that meets the limits must leave this list: the test then fails.
TOO_LONG = {"01", "02", "14"}


@each_chapter
def test_a_chapter_is_one_lesson(visit, page, request):
    if page.split("/")[-1][:2] in TOO_LONG:
        request.applymarker(pytest.mark.xfail(reason="still to be cut", strict=True))
    assert length.excess(length.measure(visit(page))) == []


def test_what_is_opened_is_counted(visit):
    opened = visit(CHAPTER_PAGES[1])
    folded = length.measure(opened)
    opened.locator(".fold-switch button").click()
    unfolded = length.measure(opened)
    assert unfolded["all"] == folded["all"] >= unfolded["words"]
    for name in ("height", "lines", "words"):
        assert unfolded[name] > 1.05 * folded[name]
