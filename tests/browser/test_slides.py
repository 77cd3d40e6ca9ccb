"""The decks of slides in a browser: nothing is cut, on the screen and in print."""

import pytest

from book._tools import slides
from tests.browser.asked import TWO_FRAMES
from tests.environment import built_site

pytestmark = pytest.mark.xdist_group("slides")  # the decks are made once, by one worker

WINDOW = {"width": 1280, "height": 720}
FITTED = "() => document.querySelector('.slide').style.getPropertyValue('--fit') !== ''"
HEIGHTS = "() => [...document.querySelectorAll('.slide')].map((slide) => slide.offsetHeight)"
SEVENTH = "() => document.querySelectorAll('.slide')[6].style.cssText"
PLACES = """() => [...document.querySelectorAll('.slide')].map((slide) => {
  slide.scrollIntoView();
  return slide.getBoundingClientRect().top;
})"""


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    built_site()
    return list(slides.write(set(), tmp_path_factory.mktemp("slides")))


@pytest.fixture(scope="module")
def longest(decks):
    """The deck with the longest statement."""
    return next(deck for deck in decks if deck.name.startswith("08"))


@pytest.fixture
def shown(browser):
    """Show a deck; its slides have found their size."""
    page = browser.new_page(viewport=WINDOW)

    def show(deck):
        page.goto(deck.as_uri())
        page.wait_for_function(FITTED)
        return page

    yield show
    page.close()


def test_every_slide_is_seen_whole(decks, shown):
    for deck in decks:
        page = shown(deck)
        assert max(page.evaluate(HEIGHTS)) <= WINDOW["height"], deck.name
        assert set(page.evaluate(PLACES)) == {0}, deck.name


def test_slides_fit_again_after_the_window_or_the_notes(longest, shown):
    page = shown(longest)
    page.keyboard.press("End")
    page.keyboard.press("n")
    assert max(page.evaluate(HEIGHTS)) <= WINDOW["height"]
    assert page.evaluate(PLACES)[-1] == 0
    page.keyboard.press("n")
    small = page.evaluate(SEVENTH)
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.wait_for_function(f"small => ({SEVENTH})() !== small", arg=small)  # the event comes later
    page.set_viewport_size(WINDOW)
    page.wait_for_function(f"small => ({SEVENTH})() === small", arg=small)
    assert max(page.evaluate(HEIGHTS)) <= WINDOW["height"]


def test_a_printed_slide_has_a_page(longest, shown):
    page = shown(longest)
    page.set_viewport_size({"width": 1280, "height": 1600})
    page.evaluate(TWO_FRAMES)  # the event comes later, and would undo what printing has set
    pages = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    assert pages == page.locator(".slide").count()
