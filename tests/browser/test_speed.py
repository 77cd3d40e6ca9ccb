"""A page loads what it uses."""

from tests.browser.asked import CHAPTER_PAGES


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
