"""The search page, used as a reader would."""

import re

import pytest

from tests.environment import ROOT

HAN = re.compile(r"[\u4e00-\u9fff]")
# What is typed, and what must be among the first three places found.
WANTED = [
    ("momentum", "glossary.html#term-momentum"),
    ("momentum", "steps.html#sgdcore.optimizers.momentum"),
    ("Nesterov", "steps.html#sgdcore.optimizers.nesterov"),
    ("rmsprop", "steps.html#sgdcore.optimizers.rmsprop"),
    ("subgradient", "glossary.html#term-subgradient"),
    ("Łojasiewicz", "glossary.html"),
    ("Lojasiewicz", "glossary.html"),
    ("polyak lojasiewicz", "glossary.html"),
    ("次梯度", "glossary.html#term-"),
    ("学习率", "glossary.html#term-"),
    ("随机梯度下降法", "glossary.html"),  # no term of the glossary: a compound of two
]
PLACES = "links => links.map(link => link.getAttribute('href'))"
FOUND = "typed => Search._performSearch(...Search._parseQuery(typed)).map(found => found[0])"


@pytest.fixture
def search(visit):
    """Type something into the search page; returns the page with what was found."""

    def type_in(typed, scheme="file"):
        page = visit("search", scheme)
        box = page.locator("main input[name=q]")
        box.fill(typed)
        box.press("Enter")
        page.wait_for_function("document.querySelector('.search-summary')?.textContent")
        return page

    return type_in


def test_search_finds_methods_and_terms_in_both_languages(search):
    page = search("momentum")
    for typed, place in WANTED:
        page.goto(page.url.split("?")[0] + f"?q={typed}")
        page.wait_for_selector("ul.search li a")
        first = page.locator("ul.search li a").evaluate_all(PLACES)[:3]
        assert any(place in link for link in first), (typed, first)
    assert page.complaints == []


def test_search_finds_every_chinese_term_of_the_glossary(search):
    page = search("momentum")
    glossary = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8").split("{glossary}")[1]
    terms = [line for line in glossary.splitlines() if HAN.search(line) and line[0] != " "]
    assert terms
    missed = [term for term in terms if "book/glossary" not in page.evaluate(FOUND, term)]
    assert missed == []


@pytest.mark.parametrize("typed", ["zzyzx", "的"])
def test_search_finds_nothing_for_what_is_not_there(search, typed):
    page = search(typed, "http")
    page.wait_for_function("document.querySelector('.search-summary').textContent.includes('did')")
    assert page.locator("ul.search li").count() == 0
    assert page.complaints == []


def test_a_hit_in_the_glossary_names_its_term_and_leads_there(search):
    page = search("次梯度", "http")
    hit = page.locator("ul.search li", has=page.locator("a[href*=term-]")).first
    assert "次梯度" in hit.text_content()
    hit.locator("a").click()
    page.wait_for_url("**/book/glossary.html*")
    anchor = page.url.split("#")[1]
    assert page.locator(f"#{anchor}").text_content().startswith("次梯度")
    assert page.complaints == []
