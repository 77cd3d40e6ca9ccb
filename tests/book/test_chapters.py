"""Every chapter keeps the anatomy of the book, and every notebook its rules."""

import ast
import base64
import copy
import re

import nbformat
import numpy as np
import pytest

from book._ext.roles import FOLDED, ROLES, role
from classroom.exercises import collect
from classroom.judging import student_in
from tests.book.letters import explained, letters, typeset
from tests.book.mistakes import HOMES, SYMPTOMS, outcome
from tests.book.notebooks import (
    CHAPTERS,
    NOTEBOOKS,
    PAGES,
    SECTIONS,
    TAG,
    figures,
    headings,
    measures,
    printed,
)
from tests.book.prose import COLOUR, numbers

FIGURE_BYTES = 500_000
OPTION = re.compile(r"^([a-d])\) \S", re.MULTILINE)
RIGHT = re.compile(r":class: dropdown\n+([a-d])\)")
HINT = re.compile(r"^\*\*Not ([a-d])\)\.\*\* \S", re.MULTILINE)
TYPED_TIME = re.compile(r"\*\*Time|\b(about|some|in) \w+ minutes|\b\d+ min\b")
# Letters still without a row in the notation. A chapter whose letters all have one must leave.
DECORATION = re.compile(r"_\w|_\{[^}]*\}|\([^)]*\)")
# The signs of a picture's pixels, which have no other mark, and ink and paper.
ABOUT_COLOURS = {("14", "concepts"), ("14", "predict-4")}
FRACTION = re.compile(r"`(\d+) ?/ ?(\d+)`")
BRACKETS = re.compile(r"\(\{eq\}|\{eq\}`[^`]*`\)")
GLUE = re.compile(r"\{glue:?(\w*)\}`([^`]*)`")

# What an output needs that stands on the page without its program: a word, or a named number.
WORD = re.compile(r"(?!True|False|None|array|float|nan)[A-Za-zα-ω]{3,}|[A-Za-zα-ω] ?= ?[-\d]")

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=str)
each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=str)


def test_there_are_chapters():
    assert CHAPTERS


@each_notebook
def test_it_is_a_notebook_of_format_4(notebook):
    nbformat.validate(notebook.notebook)
    assert notebook.notebook.nbformat == 4


def test_a_cell_of_no_known_kind_is_seen():
    spoilt = copy.deepcopy(CHAPTERS[0].notebook)
    spoilt.cells[0].cell_type = "made up"
    with pytest.raises(nbformat.ValidationError):
        nbformat.validate(spoilt)


@each_chapter
def test_title_and_sections(chapter):
    found = [heading for cell in chapter.cells for heading in headings(cell)]
    assert [level for level, _ in found].count(1) == 1, "one title"
    assert found[0][0] == 1, "the title comes first"
    assert [text for level, text in found if level == 2] == SECTIONS


@each_notebook
def test_run_from_top_to_bottom_and_stored(notebook):
    counts = [cell.execution_count for cell in notebook.code]
    assert counts == list(range(1, len(counts) + 1)), "store it again with make run"


@each_notebook
def test_only_tagged_cells_raise(notebook):
    for cell in notebook.code:
        raised = any(out.output_type == "error" for out in cell.outputs)
        assert raised == ("raises-exception" in cell.metadata.get("tags", ())), cell.source


def imports(tree):
    """Module and bound name of every import in a syntax tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, (alias.asname or alias.name).split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.module, alias.asname or alias.name


@each_notebook
def test_only_optional_cells_are_left_out_of_the_comparison(notebook):
    for cell in notebook.code:
        optional = "optional" in cell.metadata.get("course", {})
        assert optional == ("nbval-skip" in cell.metadata.get("tags", ())), cell.source
        assert cell.outputs or not optional, "run it once where its library is installed"


@each_notebook
def test_every_program_has_a_role(notebook):
    for cell in notebook.code:
        assert role(cell) in ROLES, f"{cell.id}: expected one of {sorted(ROLES)}, got {role(cell)}"
        for number, kind in mistake_tags(cell):
            wanted = "measure" if kind == "measured" else kind
            assert role(cell) == wanted, f"{cell.id} shows mistake {number}"


@each_notebook
def test_programs_are_folded_by_role_in_jupyter_too(notebook):
    for cell in notebook.code:
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert hidden == (role(cell) in FOLDED), f"{cell.id}: store it again with make run"


@each_chapter
def test_no_time_is_typed(chapter):
    for cell in chapter.cells:
        if cell.cell_type == "markdown":
            assert not TYPED_TIME.search(cell.source), "the build computes it"


@each_notebook
def test_no_tag_folds_a_program(notebook):
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", ()))
        assert not tags & {"from-scratch", "hide-cell", "hide-input", "hide-output"}, cell.id


@each_chapter
def test_a_chapter_builds_its_method_and_shows_the_twin(chapter):
    roles = [role(cell) for cell in chapter.section("Code") if cell.cell_type == "code"]
    assert "from-scratch" in roles and "twin" in roles
    assert roles.index("from-scratch") < roles.index("twin")


@each_notebook
def test_what_is_open_can_be_read_without_its_program(notebook):
    for cell in notebook.code:
        if role(cell) in FOLDED:
            for text in shown(cell):
                assert WORD.search(text), f"{cell.id}: say what these numbers are:\n{text}"


def shown(cell):
    """The texts that a cell leaves on the page: what it printed, and its last value."""
    yield from filter(None, [printed(cell)])
    for out in cell.outputs:
        if out.output_type == "execute_result" and "image/png" not in out.data:
            yield out.data["text/plain"]


@each_chapter
def test_from_scratch_uses_numpy_only(chapter):
    from_scratch = [cell for cell in chapter.code if role(cell) == "from-scratch"]
    trees = [ast.parse(cell.source) for cell in chapter.code]
    others = {name for tree in trees for module, name in imports(tree) if module != "numpy"}
    for cell in from_scratch:
        tree = ast.parse(cell.source)
        assert {module for module, _ in imports(tree)} <= {"numpy"}
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not used & others, "a from-scratch cell uses what other modules define"


@each_notebook
def test_numbers_in_prose_are_given(notebook):
    for cell in notebook.cells:
        text = cell.source if cell.cell_type == "markdown" else caption(cell)
        given = cell.metadata.get("course", {}).get("given", [])
        found = numbers(text)
        assert not set(found) - set(given), f"glue these numbers or give them:\n{text}"
        assert not set(given) - set(found), f"given, but not in the text:\n{text}"


def caption(cell):
    return cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")


@each_notebook
def test_figures_are_described(notebook):
    shown = [cell for cell in notebook.code if figures(cell)]
    assert shown or notebook not in CHAPTERS, "a chapter has a picture"
    for cell in shown:
        (figure,) = figures(cell)
        assert figure.metadata.get("course", {}).get("figure"), "show figures with plots.show"
        description = figure.data.get("text/plain", "")
        assert description.strip()
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
        assert alt == description, "store it again with make run"
    pictures = [base64.b64decode(figures(cell)[0].data["image/png"]) for cell in shown]
    assert all(picture.startswith(b"\x89PNG\r\n\x1a\n") for picture in pictures)
    assert sum(map(len, pictures)) < FIGURE_BYTES


@each_notebook
def test_a_description_says_its_formulas(notebook):
    for cell in notebook.code:
        for figure in figures(cell):
            assert not typeset(figure.data["text/plain"]), cell.id


@each_notebook
def test_a_line_is_not_told_by_its_colour(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (notebook.name, cell.id) not in ABOUT_COLOURS:
            assert not COLOUR.search(cell.source), "name its dash, place or label: the dark inverts"


@each_notebook
def test_the_number_of_a_formula_has_one_pair_of_brackets(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not BRACKETS.search(cell.source), "it brings brackets of its own"


@each_notebook
def test_records(notebook):
    names = [metadata["scrapbook"]["name"] for metadata in notebook.records]
    assert sorted(names) == sorted(set(names)), "a name is published once"
    for metadata in notebook.records:
        tolerance = metadata["record"]
        assert tolerance["rtol"] <= 1e-2 or tolerance.get("reason"), metadata


def sources():
    """Path and source of every text of the book."""
    for page in PAGES:
        yield page, page.read_text(encoding="utf-8")
    for notebook in NOTEBOOKS:
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                yield notebook.path, cell.source


def test_glue_resolves():
    published = {
        notebook.path: {metadata["scrapbook"]["name"] for metadata in notebook.records}
        for notebook in NOTEBOOKS
    }
    for path, text in sources():
        for kind, target in GLUE.findall(text):
            match = re.fullmatch(r"(?P<file>[^:]+\.ipynb)::(?P<name>[^:]+):(?P<format>.+)", target)
            assert kind == "text" and match, f"{path.name}: write {{glue:text}}`file::name:format`"
            source = (path.parent / match["file"]).resolve()
            assert match["name"] in published.get(source, ()), f"{path.name}: {target}"


def used_letters(chapter):
    """The letters in the formulas of each text cell."""
    return {cell.id: letters(cell.source) for cell in chapter.cells if cell.cell_type != "code"}


@each_chapter
def test_every_letter_has_a_row_in_the_notation(chapter):
    known = {
        letter
        for symbols, first, last in explained()
        if first <= chapter.name <= last
        for letter in letters(symbols)
    }
    unknown = {where: found - known for where, found in used_letters(chapter).items()}
    assert not {where: found for where, found in unknown.items() if found}


@each_chapter
def test_a_letter_of_one_chapter_has_one_row_and_is_used(chapter):
    rows = [
        letters(DECORATION.sub("", symbols))
        for symbols, first, last in explained()
        if first == last == chapter.name
    ]
    own = [letter for row in rows for letter in row]
    assert len(own) == len(set(own)), "two meanings in one chapter"
    assert set(own) <= set().union(*used_letters(chapter).values())


@each_chapter
def test_faq_is_measured(chapter):
    questions, answered = [], set()
    for cell in chapter.section("FAQ"):
        questions += [text for level, text in headings(cell) if level == 3]
        if cell.cell_type == "code" and questions and measures(cell):
            answered.add(questions[-1])
    assert len(questions) >= 4
    assert not set(questions) - answered, "each answer ends in a cell that asserts it"


def predictions(cells):
    """The predictions among some cells, each as its question, its answer and what measured it."""
    places = [k for k, cell in enumerate(cells) if ":class: predict" in cell.source]
    return [cells[k : k + 3] for k in places]


def right_answer(question, answer, measurement):
    """The letter that is right, of a prediction that has all its parts."""
    options = OPTION.findall(question.source)
    assert options == list("abcd")[: len(options)] and len(options) >= 2, question.source
    assert ":class: dropdown" in answer.source
    right = RIGHT.search(answer.source)
    assert right and right[1] in options, "an answer begins with the option that is right"
    hinted = HINT.findall(answer.source)
    assert hinted == [letter for letter in options if letter != right[1]], answer.source
    assert role(measurement) == "measure" and measures(measurement)
    return right[1]


@each_chapter
def test_predictions_are_folded_and_measured(chapter):
    found = predictions(chapter.section("Exercises"))
    assert 3 <= len(found) <= 5
    for prediction in found:
        right_answer(*prediction)


@each_chapter
def test_exercises(chapter):
    exercises = chapter.exercises()
    assert len(exercises) >= 3
    markdown = "\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    inside = {cell.id for cell in chapter.section("Exercises")}
    for label, cells in exercises.items():
        assert label.startswith(f"{chapter.name}-e")
        assert all(cell.id in inside for cell in cells), f"{label} stands outside Exercises"
        assert re.search(rf"\{{exercise\}}[^\n]*\n:label: {label}$", markdown, re.MULTILINE), label
        stub, verdict, *solution = cells
        assert [role(stub), role(verdict)] == ["stub", "check"], label
        assert {role(cell) for cell in solution} == {"solution"}, label
        assert f'check("{label}"' in verdict.source
        asked = collect()[label].asked
        assert printed(verdict) == f"{label}: not written yet\n  asked: {asked}\n"
        assert f"{{solution-start}} {label}\n" in solution[0].source
        assert ":class: dropdown" in solution[0].source
        assert "{solution-end}" in solution[-1].source
        final = [cell for cell in solution if cell.cell_type == "code"][-1]
        assert f'check("{label}"' in final.source
        assert printed(final).splitlines()[-1].startswith(f"{label}: right"), label


@each_chapter
def test_how_to_write_a_fraction_is_not_told_by_an_answer(chapter):
    for cell in chapter.section("Exercises"):
        label = re.search(r"^:label: (\d\d-e\d)$", cell.source, re.MULTILINE)
        reference = label and collect()[label[1]].reference
        if not label or callable(reference):
            continue
        for over, under in FRACTION.findall(cell.source):
            assert not np.isclose(int(over) / int(under), np.ravel(reference)).any(), label[1]


@each_chapter
def test_exercises_begin_with_the_students_name(chapter):
    first, *_ = [cell for cell in chapter.section("Exercises") if cell.cell_type == "code"]
    assert role(first) == "student"
    assert 'identify("")' in first.source, "a chapter is stored with the inputs of the book"
    assert student_in([first.source.replace('""', '"Ada"')]) == "Ada", "the marks can find it"
    assert [cell.id for cell in chapter.code if role(cell) == "student"] == [first.id]


def test_exercises_and_definitions_agree():
    shown = [label for chapter in CHAPTERS for label in chapter.exercises()]
    assert sorted(shown) == sorted(collect())


def mistake_tags(cell):
    """The number and kind of every mistake that a cell is tagged to show."""
    matches = map(TAG.fullmatch, cell.metadata.get("tags", ()))
    return [(int(match[1]), match[2]) for match in matches if match]


@each_notebook
def test_mistake_tags_are_well_formed(notebook):
    for cell in notebook.code:
        for tag in cell.metadata.get("tags", ()):
            assert TAG.fullmatch(tag) or not tag.startswith("mistake"), tag


@each_notebook
def test_mistakes_are_shown(notebook):
    found = notebook.mistakes
    broken, fixed, measured = (
        {number for number, kind in found if kind == wanted}
        for wanted in ("broken", "fixed", "measured")
    )
    assert broken == fixed, "a broken program and its repair stand together"
    assert broken | measured == HOMES.get(notebook.name, set())
    for number in measured:
        assert any(map(measures, notebook.tagged(f"mistake:{number:02d}:measured"))), number


def test_each_mistake_has_one_home():
    homes = [(number, b.name) for b in NOTEBOOKS for number in {n for n, _ in b.mistakes}]
    numbers_shown = [number for number, _ in homes]
    assert len(numbers_shown) == len(set(numbers_shown)), sorted(homes)


def test_each_code_mistake_has_a_symptom():
    shown = {n for notebook in NOTEBOOKS for n, kind in notebook.mistakes if kind == "broken"}
    assert shown == set(SYMPTOMS)


def programs():
    for notebook in NOTEBOOKS:
        for number in sorted({n for n, kind in notebook.mistakes if kind == "broken"}):
            yield pytest.param(notebook, number, id=f"{number:02d}")


@pytest.mark.parametrize(("notebook", "number"), list(programs()))
def test_mistake_shows_its_symptom(notebook, number, monkeypatch):
    monkeypatch.chdir(notebook.path.parent)

    def result(kind):
        return outcome(notebook.program(f"mistake:{number:02d}:{kind}"))

    symptom = SYMPTOMS[number]
    broken, fixed = result("broken"), result("fixed")
    assert symptom(broken), f"the broken program does not show it: {broken.error!r}"
    assert fixed.error is None
    assert not symptom(fixed), "the fixed program still shows it"
