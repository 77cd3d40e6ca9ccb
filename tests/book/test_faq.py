"""The FAQ: every answer leads to a cell that measured it."""

import re

import pytest

from tests.book.notebooks import NOTEBOOKS, measures
from tests.environment import ROOT

PATH = ROOT / "book" / "faq.md"
# What the source articles ask, and words by which the question is known here.
ASKED = [
    ("S0", "SGD differ from gradient descent"),
    ("S0", "get stuck"),
    ("S0", "choose the learning rate"),
    ("S0", "large data"),
    ("S0", "Newton"),
    ("S1", "subgradient method differ from gradient descent"),
    ("S1", "subgradient method differ from SGD"),
    ("S1", "stop"),
    ("S3", "avoid local minima"),
    ("S3", "Where is gradient descent used"),
    ("S3", "drawbacks"),
    ("S3", "speed"),
    ("S4", "Why does SGD converge"),
    ("S4", "dynamic learning rate buy"),
    ("S3", "choose the learning rate"),
    ("S4", "choose the learning rate"),
]
LINK = re.compile(r"\[[^\]]+\]\((?P<page>[^)#]+\.ipynb)#cell-(?P<cell>[\w-]+)\)")
MARK = re.compile(r"\*Asked by (S[0-4](?:(?:, | and )S[0-4])*)\.\*\n")
WORDS = 60


def entries():
    """Question, the sources that ask it, and answer, in the order of the page."""
    for part in re.split(r"^### ", PATH.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        question, text = part.split("\n", maxsplit=1)
        text = re.split(r"^## ", text, flags=re.MULTILINE)[0]
        mark = MARK.search(text)
        yield question, re.findall(r"S\d", mark[1]) if mark else [], MARK.sub("", text).strip()


ENTRIES = list(entries())
CELLS = {(book.path.resolve(), cell.id): cell for book in NOTEBOOKS for cell in book.code}

each_answer = pytest.mark.parametrize(
    "answer", [pytest.param(answer, id=question) for question, _, answer in ENTRIES]
)


def linked(answer):
    """The cells that an answer links to; None for one that does not exist."""
    return [
        CELLS.get(((PATH.parent / link["page"]).resolve(), link["cell"]))
        for link in LINK.finditer(answer)
    ]


@each_answer
def test_an_answer_is_measured(answer):
    cells = linked(answer)
    assert cells, "link to the cell that measured it"
    for link, cell in zip(LINK.finditer(answer), cells, strict=True):
        assert cell is not None, f"no such cell: {link[0]}"
        assert measures(cell), f"it asserts nothing that its names decide: {link[0]}"


@each_answer
def test_an_answer_is_short(answer):
    text = re.sub(r"\{glue:text\}`[^`]*`", "number", answer)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    assert len(text.split()) <= WORDS


@pytest.mark.parametrize(("source", "words"), ASKED)
def test_the_questions_of_the_sources_are_there(source, words):
    assert [question for question, marks, _ in ENTRIES if source in marks and words in question]


def test_only_what_a_source_asks_bears_its_mark():
    marked = [(source, question) for question, marks, _ in ENTRIES for source in marks]
    for source, question in marked:
        assert any(words in question for asker, words in ASKED if asker == source), question
    assert len({question for _, question in marked}) == len({words for _, words in ASKED}) == 14


def test_there_are_many_questions_and_none_twice():
    questions = [re.sub(r"\W+", " ", question).lower().strip() for question, _, _ in ENTRIES]
    assert len(questions) >= 38
    assert len(set(questions)) == len(questions)
    assert all(question.endswith("?") for question, _, _ in ENTRIES)


def test_the_list_at_the_top_names_every_group():
    text = PATH.read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(.+)\]\(#[\w-]+\)$", text.split("\n## ")[0], re.MULTILINE)
    assert listed == re.findall(r"^## (.+)$", text, re.MULTILINE)
