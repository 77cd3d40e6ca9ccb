"""Every page of the book as a reader's browser shows it."""

import pytest

from tests.book.notebooks import contents
from tests.browser.asked import CHAPTER_PAGES, DESK, FITTED, PAGES, PHONE, QUESTIONS
from tests.browser.conftest import tidy
from tests.environment import built_site

each_way = pytest.mark.parametrize("way", [DESK, PHONE], ids=["desk", "phone"])


def wrong(opened, page, way):
    """What is wrong with an open page, by question."""
    asked = [question for question in QUESTIONS if question.way == way and page in question.pages]
    answers = {str(question): question.ask(opened) for question in asked}
    return {question: answer for question, answer in answers.items() if answer}


@each_way
@pytest.mark.parametrize("page", PAGES)
def test_a_page_answers_every_question(visit, page, way):
    assert wrong(visit(page, *way), page, way) == {}


# --- Spoilt on a short page, which opens sooner, and with which nothing else is wrong.


@each_way
def test_an_excerpt_answers_every_question(visit_excerpt, way):
    assert wrong(visit_excerpt(*way), CHAPTER_PAGES[1], way) == {}


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_question_notices_what_it_asks_for(visit_excerpt, question):
    opened = visit_excerpt(*question.way)
    opened.evaluate(question.spoil)
    assert question.ask(opened)


# Every formula laid out, however far from the window.
LAID_OUT = """<style>
  mjx-container:not([display]), mjx-container > * { content-visibility: visible !important }
</style>"""
ROOMS = """(style) => {
  document.head.insertAdjacentHTML("beforeend", style);
  return document.fonts.ready.then(() => [...document.querySelectorAll("article .math")]
    .filter((formula) => formula.checkVisibility())
    .map((formula) => [formula.textContent, formula.getBoundingClientRect().height]));
}"""


def test_formulas_have_their_room_before_their_fonts(visit_excerpt):
    opened = visit_excerpt("http")
    after = opened.evaluate(ROOMS, LAID_OUT)
    assert opened.evaluate("[...document.fonts].some((font) => font.status === 'loaded')")
    opened.route("**/*.woff", lambda route: route.abort())
    opened.reload()
    before = opened.evaluate(ROOMS, LAID_OUT)
    assert len(before) > 9 and before == after


STATE = """() => [sessionStorage.made, localStorage.made, document.cookie,
  matchMedia("print").matches, matchMedia("(prefers-reduced-motion: reduce)").matches]"""


def test_nothing_of_a_test_stays_in_its_window(visit):
    opened = visit(CHAPTER_PAGES[0], "http")
    address = opened.url
    opened.evaluate("sessionStorage.made = localStorage.made = document.cookie = 'made=up'")
    opened.emulate_media(media="print", reduced_motion="reduce")
    opened.route("**/*.png", lambda route: route.abort())
    assert all(opened.evaluate(STATE))
    tidy(opened)
    opened.complaints.clear()
    opened.goto(address)
    opened.locator("article .cell_output img").first.scroll_into_view_if_needed()
    assert not any(opened.evaluate(STATE))
    assert opened.complaints == []


# A formula's room ends as far below the line as is written for it, in pixels.
OFF_THE_LINE = """() => [...document.querySelectorAll("article mjx-container")]
  .filter((formula) => formula.matches(":not([display], .wide)"))
  .filter((formula) => formula.checkVisibility())
  .map((formula) => {
    const probe = document.createElement("span");
    probe.style.display = "inline-block";
    formula.after(probe);
    const line = probe.getBoundingClientRect().bottom;
    probe.remove();
    const low = formula.getBoundingClientRect().bottom - line;
    return low + parseFloat(getComputedStyle(formula).verticalAlign);
  })"""


@pytest.mark.parametrize("media", ["screen", "print"])
def test_formulas_stand_on_their_line(visit_excerpt, media):
    opened = visit_excerpt("http")
    opened.emulate_media(media=media)
    off = opened.evaluate(OFF_THE_LINE)
    assert len(off) > 9
    assert off == pytest.approx([0] * len(off), abs=0.5)


def test_source_pages_open_without_complaint(visit):
    # They have the head and the scripts of every page: the stricter of the two ways will do.
    first, *others = sorted((built_site() / "_modules").rglob("*.html"))
    opened = visit(first.relative_to(built_site()).with_suffix("").as_posix(), "file")
    for path in others:
        opened.goto(path.as_uri())
        opened.wait_for_function(FITTED)
    assert opened.complaints == []


def test_the_copy_button_copies(visit):
    opened = visit(CHAPTER_PAGES[0], "http")  # from a file, a test may not read the clipboard
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    program = opened.locator("article .cell_input .highlight:visible").first
    program.hover()
    program.locator("button.copybtn").click()
    copied = opened.wait_for_function("navigator.clipboard.readText()").json_value()
    assert copied.strip() == program.locator("pre").text_content().strip()


def test_the_theme_button_changes_the_theme(visit):
    opened = visit(contents()[0])
    theme = "document.documentElement.dataset.theme"
    before = opened.evaluate(theme)
    for _ in range(2):  # from light over dark to automatic, or the other way round
        opened.locator(".theme-switch-button").first.click()
        if opened.evaluate(theme) != before:
            return
    pytest.fail(f"the theme stays {before}")


def test_the_entrance_leads_to_the_first_page(visit):
    opened = visit("index")
    assert opened.url.endswith(f"/{contents()[0]}.html")
    assert opened.locator("article h1").count() == 1
    assert opened.complaints == []
