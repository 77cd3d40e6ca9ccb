"""What is folded on a page: by whom it is opened, and where it is open anyway."""

import pytest

from tests.book.notebooks import notebook
from tests.browser.asked import CHAPTER_PAGES

CHAPTER = CHAPTER_PAGES[1]
OPEN = "() => [...document.querySelectorAll('.folded')].map((part) => part.open)"
SWITCH = ".fold-switch button"
OPENED = """name => {
  const cell = document.getElementById(name);
  return cell.querySelector(".folded").open && Math.abs(cell.getBoundingClientRect().top) < 400;
}"""
# A place in a proof.
INSIDE = """() => {
  const proof = document.querySelector(".folded .proof");
  const place = proof.querySelector("p");
  place.id = "made-up-place";
}"""


@pytest.fixture
def chapter(visit):
    return visit(CHAPTER)


def test_a_part_opens_by_keyboard(chapter):
    label = chapter.locator(".folded > summary").first
    label.focus()
    chapter.keyboard.press("Enter")
    assert chapter.evaluate(OPEN)[0]
    chapter.keyboard.press("Space")
    assert not chapter.evaluate(OPEN)[0]


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_the_switch_opens_all_and_is_remembered(visit, scheme):
    opened = visit(CHAPTER, scheme)
    opened.locator(SWITCH).focus()
    opened.keyboard.press("Enter")
    assert all(opened.evaluate(OPEN))
    assert opened.locator(SWITCH).get_attribute("aria-pressed") == "true"
    opened.goto(opened.url.replace(CHAPTER, CHAPTER_PAGES[0]))
    assert all(opened.evaluate(OPEN)) and opened.evaluate(OPEN)
    assert opened.locator(SWITCH).get_attribute("aria-pressed") == "true"
    opened.locator(SWITCH).click()
    opened.reload()
    assert not any(opened.evaluate(OPEN))
    assert opened.complaints == []


def test_a_link_to_a_cell_opens_its_program(chapter):
    cell = chapter.locator(".cell:has(> .folded)").last
    name = cell.get_attribute("id")
    for _ in range(2):  # the second time the address does not change
        chapter.evaluate(
            """name => { const link = document.createElement("a"); link.href = "#" + name;
                 document.querySelector("h1").after(link); link.click(); }""",
            name,
        )
        chapter.wait_for_function(OPENED, arg=name)
        cell.locator(".folded").evaluate("part => { part.open = false }")


def test_an_address_opens_the_proof_that_holds_it(visit):
    opened = visit(CHAPTER)
    opened.evaluate(INSIDE)
    opened.evaluate("location.hash = 'made-up-place'")
    opened.wait_for_function("document.querySelector('.folded:has(#made-up-place)').open")
    name = next(c.id for c in notebook("02").code if c.metadata.course.role == "measure")
    other = visit(f"{CHAPTER_PAGES[0]}")
    other.goto(opened.url.partition("#")[0] + f"#cell-{name}")
    assert other.locator(f"#cell-{name} .folded").evaluate("part => part.open")
    assert sum(other.evaluate(OPEN)) == 1


def test_search_in_the_page_finds_what_is_folded(chapter):
    # A browser searches in closed details that it hides so, and not in what has display: none.
    part = chapter.locator("details.folded").first
    hidden = "part => getComputedStyle(part, '::details-content').contentVisibility"
    assert part.evaluate(hidden) == "hidden"
    assert part.evaluate("part => getComputedStyle(part.lastElementChild).display") != "none"


def test_on_paper_all_is_open(chapter):
    program = chapter.locator(".folded > .cell_input").first
    assert not program.evaluate("program => program.checkVisibility({contentVisibilityAuto: true})")
    chapter.emulate_media(media="print")
    assert program.evaluate("program => program.getBoundingClientRect().height > 20")
    chapter.emulate_media(media="screen")
    chapter.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(chapter.evaluate(OPEN))
    chapter.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not any(chapter.evaluate(OPEN))


def test_without_scripts_all_is_open(without_scripts):
    page = without_scripts(CHAPTER)
    parts = page.locator(".folded")
    assert parts.count() == page.locator(".folded[open]").count() > 0
    assert page.locator(SWITCH).is_hidden()
