"""Every page of the book as a reader's browser shows it."""

import re

import pytest

from tests.book.notebooks import CHAPTERS, contents
from tests.environment import ROOT, built_site

PAGES = [*contents(), "index", "genindex", "search"]
VERDICTS = {
    "broken": "Broken on purpose",
    "fixed": "Repaired",
    "measured": "A claim, measured",
}
MISTAKES = """() => [...document.querySelectorAll("article .cell[class*=tag_mistake]")]
  .map((cell) => [cell.className, cell.firstElementChild.textContent])"""
CHAPTER_PAGES = [
    chapter.path.relative_to(ROOT).with_suffix("").as_posix() for chapter in CHAPTERS
]
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (e) => e && e !== document.body
    && (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(e).overflowX)
        || scrolls(e.parentElement));
  return [...document.querySelectorAll("article *")]
    .filter((e) => e.getBoundingClientRect().right > width + 1 && !scrolls(e.parentElement)
        && !["auto", "scroll"].includes(getComputedStyle(e).overflowX))
    .map((e) => e.tagName + "." + e.className);
}"""

# Formulas that no one has set, and marks that setting one went wrong.
UNSET = """() => [...document.querySelectorAll(".math")]
  .filter((formula) => !formula.querySelector("mjx-container, svg, math"))
  .concat([...document.querySelectorAll("mjx-merror, merror, [data-mjx-error], .katex-error")])
  .map((formula) => formula.textContent)"""

UNFOLD = """() => document.querySelectorAll("details.folded").forEach((part) => {
  part.open = true;
})"""

each_page = pytest.mark.parametrize("page", PAGES)
each_chapter = pytest.mark.parametrize("page", CHAPTER_PAGES)
# Over http on a desk, and from the file system on a phone.
each_way = pytest.mark.parametrize(("scheme", "width"), [("http", 1280), ("file", 375)])


@each_way
@each_page
def test_page_opens_without_complaint(visit, page, scheme, width):
    opened = visit(page, scheme, width)
    assert opened.complaints == []
    assert opened.title()
    assert opened.evaluate(UNSET) == []
    assert opened.evaluate("document.cookie") == "" and opened.context.cookies() == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.evaluate(TOO_WIDE) == []
    opened.evaluate(UNFOLD)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.evaluate(TOO_WIDE) == []


def test_source_pages_open_without_complaint(visit):
    # They have the head and the scripts of every page: the stricter of the two ways will do.
    for path in sorted((built_site() / "_modules").rglob("*.html")):
        name = path.relative_to(built_site()).with_suffix("").as_posix()
        opened = visit(name, "file")
        assert opened.complaints == []
        opened.context.close()  # dozens of open pages would slow each other down


@each_chapter
def test_chapter_has_formulas_and_figures(visit, page):
    opened = visit(page)
    assert opened.locator("article .math").count() > 0
    assert opened.locator("article .cell_output img").count() > 0
    for tags, label in opened.evaluate(MISTAKES):  # what colour says, words say too
        assert label == VERDICTS[re.search(r"tag_mistake:\d\d:(\w+)", tags)[1]]


def test_the_copy_button_copies(visit):
    opened = visit(CHAPTER_PAGES[0], "http")  # from a file, a test may not read the clipboard
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    program = opened.locator("article .cell_input .highlight:visible").first
    program.hover()
    program.locator("button.copybtn").click()
    copied = opened.wait_for_function("navigator.clipboard.readText()").json_value()
    assert copied.strip() == program.locator("pre").text_content().strip()


@each_chapter
def test_figures_are_inverted_in_the_dark_only(visit, page):
    opened = visit(page)
    figure = opened.locator("article .cell_output img").first
    look = "image => [getComputedStyle(image).filter, getComputedStyle(image).backgroundColor]"
    choose = "theme => { document.documentElement.dataset.theme = theme }"
    opened.evaluate(choose, "light")
    assert figure.evaluate(look)[0] == "none"
    opened.evaluate(choose, "dark")
    assert figure.evaluate(look) == ["invert(1) hue-rotate(180deg)", "rgba(0, 0, 0, 0)"]


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


@each_chapter
def test_solutions_are_folded(visit, page):
    opened = visit(page)
    solutions = opened.locator(".solution.dropdown")
    assert solutions.count() >= 3
    for index in range(solutions.count()):
        assert "toggle-hidden" in solutions.nth(index).get_attribute("class")
