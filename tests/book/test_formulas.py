"""Formulas are set when the book is built, and one that cannot be set stops the build."""

import io
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from tests.environment import ROOT

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
templates_path = [{str(ROOT / "book" / "_templates")!r}]
extensions = ["myst_parser", "formulas"]
myst_enable_extensions = ["dollarmath", "amsmath"]
"""
GOOD = r"""
# Of $x^2$

Inline $\lVert \nabla f(\theta)\rVert^2 \le \operatorname{tr}\boldsymbol\Sigma$, and {eq}`two`:

$$
y = \begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{else} \end{cases}
$$ (two)

\begin{align} a &= b \\ c &= d \end{align}
"""


def build(folder, text, builder="html"):
    """The built page, and what the build warned of."""
    source, warnings = Path(folder) / "source", io.StringIO()
    source.mkdir(exist_ok=True)
    (source / "conf.py").write_text(CONF, encoding="utf-8")
    (source / "index.md").write_text(text, encoding="utf-8")
    with docutils_namespace():
        target = Path(folder) / builder
        app = Sphinx(
            source, source, target, target / ".trees", builder, status=None, warning=warnings
        )
        app.build()
    page = next(target.glob("index.*html"))
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser"), warnings.getvalue()


def test_formulas_are_set(tmp_path):
    page, warnings = build(tmp_path, GOOD)
    assert warnings == ""
    body = page.select_one("[role=main]")
    formulas = body.select(".math")
    assert len(formulas) == 4
    for formula in formulas:
        assert len(formula.select("mjx-math")) == len(formula.select("math")) == 1
    assert "\\" not in body.get_text() and "$" not in body.get_text()
    assert formulas[2].select_one(".eqno").get_text().startswith("(1)")
    assert len(formulas[3].select("mtr")) == 2
    assert "MathJax_Main-Regular.woff" in page.head.style.string
    assert (tmp_path / "html" / "_static" / "fonts" / "MathJax_Main-Regular.woff").is_file()
    # The font that gives every line its height comes with the page.
    assert "font-family: MJXZERO;\n  src: url(\"data:font/woff;base64," in page.head.style.string


@pytest.mark.parametrize("formula", ["x_t", "x^2", "x_t^2"])
def test_scripts_have_their_rule_on_every_page(tmp_path, formula):
    page, _ = build(tmp_path, f"# Scripts\n\n${formula}$\n")
    assert page.select("mjx-script")
    assert "mjx-script {" in page.head.style.string


def test_marks_stay_with_their_formula_and_others_where_they_are(tmp_path):
    said = (
        "One *way* (or two).\nTwo is $x$. Three, *or* $y$, *or* (four, is $z$) and\n"
        "($u$) “$v$ and $k$-th”, $m$–$n$, *but* –$w$; and – $a$ *and* [$b$\n)."
    )
    page, warnings = build(tmp_path, f"# Marks\n\n{said}\n")
    assert warnings == ""
    body = page.select_one("[role=main] p")
    for formula, letter in zip(body.select(".math"), "xyzuvkmnwab", strict=True):
        formula.replace_with(letter)
    held = [held.get_text() for held in body.select(".held")]
    assert held == ["x.", "y,", "z)", "(u)", "“v", "k-", "m–", "n,", "–w;", "[b"]
    assert body.get_text() == said.replace("*", "").replace("$", "")


@pytest.mark.parametrize("formula", [r"$\nonsense{x}$", "$$\n\\frac{1}{2\n$$"])
def test_a_formula_that_cannot_be_set_is_a_warning_with_its_place(tmp_path, formula):
    _, warnings = build(tmp_path, f"# Title\n\nText with {formula}.\n")
    assert "in the formula" in warnings
    assert "index.md:3" in warnings


def test_a_book_reader_gets_mathml(tmp_path):
    page, _ = build(tmp_path, GOOD, "epub")
    assert len(page.select(".math math")) == 4
    assert page.select("mjx-container") == []
