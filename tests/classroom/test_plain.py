"""The text that is handed out: plain Markdown, with the numbers that the page has."""

import re
from functools import cache

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat.v4 import new_markdown_cell

from book._tools import pages
from classroom.hand_out import student
from classroom.hand_out.plain import Plain
from tests.book.notebooks import NOTEBOOKS
from tests.environment import ROOT, built_site

# A directive, a role, a label, a target, an option or a definition, a comment, or a link to a file.
MYST = re.compile(
    r"\{[\w:.-]+\}`|^[ >]*(?::{3,}|[`~]{3,}\{)|^\([\w-]+\)=|\$\$[ ]*\([\w-]+\)|^:(?:[\w-]+:| )|<!--"
    r"|\]\([^):]*\.(?:ipynb|md)|\]\(#",
    re.MULTILINE,
)
LINK = re.compile(r"(?<!!)\[[^\[\]]*\]\((?P<address>[^()\s]+)\)")
HEAD = re.compile(
    r"^(?:> \*\*|### )((?:Theorem|Lemma|Definition|Exercise) ?[\d.]*\d)", re.MULTILINE
)
TAG = re.compile(r"\\tag\{([\d.]+)\}")
each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=str)


@cache
def handed_out(address=""):
    """By the name of each notebook its cells with text, as a student gets them."""
    built_site()
    numbering = student.read_numbering() | {"address": address}
    return {
        path.stem: [c for c in made.cells if c.cell_type == "markdown"]
        for path, made in student.handed_out(numbering).items()
    }


def text_of(notebook, address=""):
    return "\n\n".join(cell.source for cell in handed_out(address)[notebook.path.stem])


@each_notebook
def test_no_directive_role_or_label_is_left(notebook):
    source = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    enough = 20 if notebook.path.stem == "capstone" else 40  # that page is short
    assert len(MYST.findall(source)) > enough
    assert not MYST.findall(text_of(notebook))


@each_notebook
def test_the_numbers_are_those_of_the_page(notebook):
    page = (built_site() / notebook.path.relative_to(ROOT)).with_suffix(".html")
    soup = BeautifulSoup(pages.set_aside(page.read_text(encoding="utf-8")), pages.PARSER)
    titles = [
        t.get_text()
        for t in soup.select(".proof > .admonition-title, .exercise > .admonition-title")
    ]
    heads = [re.match(r"(?:Theorem|Lemma|Definition|Exercise) [\d.]*\d", title) for title in titles]
    assert HEAD.findall(text_of(notebook)) == [head[0] for head in heads if head]
    formulas = [number.get_text().strip("#()") for number in soup.select(".eqno")]
    assert TAG.findall(text_of(notebook)) == formulas


def test_a_theorem_that_is_quoted_by_its_number_is_on_the_page_so():
    """One reference of each kind, looked up on the page."""
    text = handed_out()["02-gradient-descent"]
    (proof,) = (cell.source for cell in text if cell.id == "math-quadratic")
    built = (built_site() / "chapters/02-gradient-descent.html").read_text(encoding="utf-8")
    head = student.read_numbering()["heads"]["thm-02-quadratic"]
    assert f"{head} </span> (Gradient descent on a quadratic)" in built
    assert f"> **{head} (Gradient descent on a quadratic).**" in proof
    assert "Subtract $\\theta^\\star$ from (2.1)" in proof and "{eq}" not in proof
    (update,) = (cell.source for cell in text if cell.id == "math-update")
    assert "goes back to Cauchy [1847]" in update
    (answer,) = (cell.source for cell in text if cell.id == "explorer-descent")
    assert "![Panel 1 of 2." in answer and "(attachment:descent.png)" in answer
    assert re.search(r"The rate 1 needs \d+ steps", answer)


@each_notebook
def test_links_are_words_or_lead_to_the_published_page(notebook):
    here = [address for address in LINK.findall(text_of(notebook)) if "attachment:" not in address]
    assert all(address.startswith("https://") for address in here)
    home = "https://book.example/sgd"
    there = [a for a in LINK.findall(text_of(notebook, home)) if a.startswith(home)]
    assert there
    for address in there:
        page, _, anchor = address.removeprefix(home + "/").partition("#")
        assert (built_site() / page).is_file(), address
        assert not anchor or anchor in anchors(page), address


@cache
def anchors(page):
    html = (built_site() / page).read_text(encoding="utf-8")
    return set(re.findall(r'\bid="([^"]+)"', html))


@each_notebook
def test_no_mark_of_a_quote_is_inside_a_formula(notebook):
    for line in text_of(notebook).splitlines():
        if line.startswith(">"):
            assert line.count("$$") % 2 == 0, line


@each_notebook
def test_every_picture_travels_with_its_cell(notebook):
    for cell in handed_out()[notebook.path.stem]:
        named = set(re.findall(r"\(attachment:([^)]+)\)", cell.source))
        assert named == set(cell.get("attachments", {}))


NUMBERING = {
    "address": "",
    "heads": {"thm-a": "Theorem 9.1", "09-e1": "Exercise 9.1"},
    "eq": {"eq-a": "9.2"},
    "cite:t": {"bottou2010": "Bottou [2010]"},
    "cite:p": {"bottou2010": "[Bottou, 2010]"},
    "measured": {"descent.one:.0f": "534"},
    "places": {"mistake-03": "book/mistakes"},
    "anchors": {"chapters/02-y": {"newtons-step": "newton-s-step"}},
    "explorers": {"descent": "A path."},
}


def plain(source, **changed):
    numbers = {("09-x.ipynb", "gap"): 0.00333, ("09-x.ipynb", "fall"): -1.5}
    cell = new_markdown_cell(source)
    Plain("chapters/09-x", NUMBERING | changed, numbers, ROOT / "chapters").translate(cell)
    return cell


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("```{prf:theorem} So $x$\n:label: thm-a\n\nIt is.\n```",
         "> **Theorem 9.1 (So $x$).**\n>\n> It is."),
        ("````{prf:theorem}\n:label: thm-a\n```{math}\n:label: eq-a\nx\n= y\n```\n````",
         "> **Theorem 9.1.**\n>\n> $$ x = y \\tag{9.2} $$"),
        ("1. So\n\n   ```{math}\n   :label: eq-a\n   x = y\n   ```\n\n   and then.",
         "1. So\n\n   $$\n   x = y\n   \\tag{9.2}\n   $$\n\n   and then."),
        ("```{prf:proof}\nClear.\n```", "*Proof.* Clear. ∎"),
        ("$$\nx\n$$ (eq-a)", "$$\nx\n\\tag{9.2}\n$$"),
        ("```{math}\n:nonumber:\na \\\\ b\n```", "$$\n\\begin{split}\na \\\\ b\n\\end{split}\n$$"),
        ("```{exercise} By hand\n:label: 09-e1\n\nDo.\n```", "### Exercise 9.1 · By hand\n\nDo."),
        ("```{admonition} 1 · … so?\n:class: predict\nWhat?\n\na) Yes.  \nb) No.\n```",
         "#### 1 · … so?\n\nWhat?\n\n- a) Yes.\n- b) No."),
        ("```{admonition} Answer 1\n:class: dropdown\nb). No.\n```",
         "<details>\n<summary>Answer 1</summary>\n\nb). No.\n\n</details>"),
        ("```{admonition} Assumptions\n:class: note\n\n- one\n```",
         "> **Assumptions.**\n>\n> - one"),
        (":::{container} mistake\nCause\n: It is.\n\nFix\n: Mend.\n:::",
         "**Cause.** It is.\n\n**Fix.** Mend."),
        ("(mistake-03)=\n### 3 · Shapes", "### 3 · Shapes"),
        ("{term}`noise floor`, {term}`the floors <noise floor>`", "noise floor, the floors"),
        ("{prf:ref}`thm-a` and {eq}`eq-a`", "Theorem 9.1 and (9.2)"),
        ("{cite:t}`bottou2010`, {cite:p}`bottou2010`", "Bottou [2010], [Bottou, 2010]"),
        ("{glue:text}`09-x.ipynb::gap:.4f`, {measured}`descent.one:.0f`", "0.0033, 534"),
        ("{glue:text}`09-x.ipynb::gap:.0e`, {glue:text}`09-x.ipynb::fall:.1f`",
         "3\u00a0×\u00a010⁻³, −1.5"),
        ("{func}`~a.b.c`, {func}`tune <a.tune>`, {class}`the data <a.b>`",
         "`c()`, `tune`, the data"),
        ("[here](#there), [chapter 02](02-y.ipynb), [seen](02-y.ipynb#cell-a)",
         "here, chapter 02, seen (chapter 02)"),
        ("[out](https://a.example/b)", "[out](https://a.example/b)"),
        ("```python\n{x}`y`\n```", "```python\n{x}`y`\n```"),
        ("code `[a](b.md)` and $[a](b)$", "code `[a](b.md)` and $[a](b)$"),
    ],
)  # fmt: skip
def test_each_form_has_its_plain_one(source, expected):
    assert plain(source).source == expected


def test_links_with_an_address():
    source = "[3](#mistake-03), [{term}`x`](02-y.ipynb#newtons-step), [n](../book/notation.md)"
    assert plain(source, address="https://b.example").source == (
        "[3](https://b.example/book/mistakes.html#mistake-03), "
        "[x](https://b.example/chapters/02-y.html#newton-s-step), "
        "[n](https://b.example/book/notation.html)"
    )


def test_an_explorer_is_its_still_figure():
    cell = plain("```{image} ../book/explorers/stills/descent.png\n:class: explorer\n```")
    assert cell.source.startswith("![A path.](attachment:descent.png)\n\n*On the book's page")
    assert cell.attachments["descent.png"]["image/png"].startswith("iVBOR")
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("```{tableofcontents}\n```", "no plain form of the directive {tableofcontents}"),
        ("{numref}`fig`", "no plain form of the role {numref}"),
        ("{eq}`eq-new`", "the built book has no eq for 'eq-new'"),
        ("```{math}\nx", "is not closed"),
    ],
)
def test_what_is_not_known_is_an_error(source, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        plain(source)


def test_a_jupyter_without_extensions_shows_it():
    """As nbconvert writes it, whose Markdown is that of the classic notebook."""
    name = "06-choosing-the-learning-rate"
    cells = handed_out()[name]
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    soup = BeautifulSoup(page, "html.parser")
    main = soup.find("main")
    assert len(main.select("blockquote > p:first-child > strong")) == 5  # theorems, assumptions
    heads = [head.get_text() for head in main.select("h3")]
    assert sum(head.startswith("Exercise 6.") for head in heads) == 3
    assert len(main.select("details > summary")) == len(main.select("details")) >= 4
    assert len([item for item in main.select("li") if item.get_text().startswith("a) ")]) >= 3
    assert [img["src"][:10] for img in main.select("img")] == ["data:image"]
    shown = re.sub(r"\$\$.*?\$\$|\$[^$]+\$", "", main.get_text(), flags=re.DOTALL)
    assert not re.search(r":::|```|\*\*|\{[a-z:]+\}|&gt;", shown)
