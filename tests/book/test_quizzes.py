"""The quizzes: one for each part, its chapters mixed, every answer measured and linked."""

import re
from collections import Counter

import pytest
import yaml

from tests.book.notebooks import headings, notebook
from tests.book.test_chapters import predictions, right_answer
from tests.book.test_sources_page import places
from tests.environment import ROOT

PAGE = notebook("quizzes")
LINK = re.compile(r"\[[^\]]+\]\((\.\./chapters/(\d\d)-[\w-]+\.ipynb)#([\w-]+)\)")
GLUED = re.compile(r"\{glue:text\}`quizzes\.ipynb::([\w-]+):")
NUMERALS = ("I", "II", "III", "IV", "V")


def parts():
    """The title of each part of the course and the numbers of its chapters."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return {
        f"Part {numeral} · {part['caption']}": [entry["file"][9:11] for entry in part["chapters"]]
        for numeral, part in zip(
            NUMERALS, (part for part in toc["parts"] if "numbered" in part), strict=True
        )
    }


each_part = pytest.mark.parametrize("part", parts())
QUESTIONS = {part: predictions(PAGE.section(part)) for part in parts()}
each_question = pytest.mark.parametrize(
    ("part", "question"),
    [
        pytest.param(part, question, id=question[0].id)
        for part, questions in QUESTIONS.items()
        for question in questions
    ],
)


def test_there_is_a_quiz_for_every_part():
    found = [text for cell in PAGE.cells for level, text in headings(cell) if level == 2]
    assert found == list(parts())
    everything = [cell.id for cell in PAGE.cells if ":class: predict" in cell.source]
    assert everything == [question[0].id for group in QUESTIONS.values() for question in group]


@each_part
def test_a_quiz_is_short_and_mixes_its_chapters(part):
    assert 6 <= len(QUESTIONS[part]) <= 8
    linked = {number for question in QUESTIONS[part] for _, number, _ in links(question)}
    assert set(parts()[part]) <= linked, "a chapter that no question leads to"


def links(question):
    return LINK.findall(question[1].source)


@each_question
def test_a_question_is_a_prediction_that_was_measured(part, question):
    right_answer(*question)


@each_question
def test_an_answer_leads_to_its_sections(part, question):
    found = links(question)
    assert any(number in parts()[part] for _, number, _ in found), "link the section to read again"
    for file, _, place in found:
        path = (PAGE.path.parent / file).resolve()
        assert place in places(path), f"{question[0].id}: {file}#{place}"


@each_question
def test_an_answer_quotes_what_its_cell_measured(part, question):
    _, answer, cell = question
    measured = {
        out.metadata["scrapbook"]["name"]
        for out in cell.outputs
        if "record" in out.get("metadata", {})
    }
    quoted = set(GLUED.findall(answer.source))
    assert quoted and quoted == measured, "quote what is published, and publish what is quoted"


@each_part
def test_questions_are_counted(part):
    asked = [re.search(r"\{admonition\} (\d+) · ", q.source)[1] for q, _, _ in QUESTIONS[part]]
    told = [re.search(r"\{admonition\} Answer (\d+)", a.source)[1] for _, a, _ in QUESTIONS[part]]
    assert asked == told == [str(k) for k in range(1, len(asked) + 1)]


def test_no_letter_is_the_one_to_guess():
    rights = Counter(right_answer(*question) for group in QUESTIONS.values() for question in group)
    assert set(rights) >= set("abc")
    assert max(rights.values()) < 0.5 * rights.total()
