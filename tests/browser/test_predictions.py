"""A prediction answers: with a mouse, with a keyboard, and without scripts."""

import pytest

from book._tools import pages
from tests.browser.asked import CHAPTER_PAGES, thin_out, violations

CHAPTER = CHAPTER_PAGES[1]


@pytest.fixture
def question(visit):
    opened = visit(CHAPTER)
    return opened, opened.locator(".predict:has(.choice)").first


def parts(question):
    choice = question.locator(".choice")
    right = choice.get_attribute("data-answer")
    letters = choice.locator("input").evaluate_all("inputs => inputs.map((i) => i.value)")
    wrong = next(letter for letter in letters if letter != right)
    answer = question.locator("xpath=following-sibling::*[1]")
    return choice, right, wrong, answer


def is_open(answer):
    return "toggle-hidden" not in answer.get_attribute("class")


def test_a_wrong_option_says_why_and_then_shows_the_answer(question):
    opened, first = question
    choice, _, wrong, answer = parts(first)
    assert choice.locator(".choice-show").is_hidden() and not is_open(answer)
    choice.locator(f"input[value={wrong}]").click()
    said = choice.locator(".choice-said")
    assert said.get_attribute("aria-live") == "polite"
    assert said.text_content().startswith(f"Not {wrong}).")
    hint = answer.locator(f".hint-{wrong}")
    assert hint.count() == 0 or said.text_content() == hint.text_content()
    assert not is_open(answer)
    choice.locator(".choice-show").click()
    assert is_open(answer) and answer.locator(".cell").is_visible()
    assert opened.complaints == []


def test_the_right_option_opens_the_answer(question):
    _, first = question
    choice, right, _, answer = parts(first)
    choice.locator(f".option:has(input[value={right}])").click()
    assert choice.locator(".choice-said").text_content().startswith(f"Right: {right}).")
    assert is_open(answer)


def test_the_keyboard_chooses_first_and_checks_then(question):
    opened, first = question
    choice, right, _, answer = parts(first)
    choice.locator("input").first.focus()
    while choice.locator("input:checked").count() == 0 or (
        choice.locator("input:checked").input_value() != right
    ):
        opened.keyboard.press("ArrowDown")
    assert choice.locator(".choice-said").text_content() == "" and not is_open(answer)
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    assert choice.locator(".choice-said").text_content().startswith("Right")
    assert is_open(answer)


def test_every_state_keeps_the_rules_of_axe(question):
    opened, first = question
    choice, right, wrong, _ = parts(first)
    for letter in (wrong, right):
        choice.locator(f"input[value={letter}]").click()
        thin_out(opened)
        assert violations(opened) == []


def test_without_scripts_the_options_are_text(without_scripts):
    choice = without_scripts(CHAPTER).locator(".choice").first
    assert choice.locator(".option").first.is_visible()
    assert choice.locator("input:visible, button:visible").count() == 0


def test_on_paper_there_is_nothing_to_click():
    page = next(page for page in pages.contents() if page.name == CHAPTER)
    text = pages.article(pages.parsed(page))
    assert text.select(".choice .option") and not text.select(".choice input, .choice button")
