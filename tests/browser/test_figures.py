"""Figures on a small window: panels side by side keep a size that can be read."""

from tests.browser.test_pages import each_chapter

PANELS = """() => [...document.querySelectorAll("article .cell_output img[data-panels]")]
  .filter((image) => image.checkVisibility()).map((image) => {
    let box = image.parentElement;
    while (!["auto", "scroll"].includes(getComputedStyle(box).overflowX)) box = box.parentElement;
    box.focus();
    return [image.clientWidth, box.scrollWidth > box.clientWidth, box === document.activeElement];
  })"""
WIDTHS = "images => images.map((image) => image.clientWidth)"


@each_chapter
def test_panels_are_legible_on_a_phone_and_scroll_by_keyboard(visit, page):
    opened = visit(page, width=375)
    shown = opened.evaluate(PANELS)
    assert shown
    for width, scrolls, focused in shown:
        assert width >= 600
        assert scrolls and focused
    assert opened.evaluate("document.documentElement.scrollWidth") <= 375
    opened.set_viewport_size({"width": 1280, "height": 900})
    wide = opened.locator("article .cell_output img[data-panels]:visible").evaluate_all(WIDTHS)
    assert all(width <= 760 for width in wide)
