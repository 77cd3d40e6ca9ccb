"""The sources page: every topic of the five articles has its row, and every row leads somewhere."""

import re
from pathlib import Path

import pytest
from myst_parser.mdit_to_docutils.base import default_slugify

from tests.book.notebooks import HEADING, Notebook, headings, notebook

PAGE = notebook("sources")
ROW = re.compile(r"^\| (.+?) \| (.+?) \|$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]+\]\(([^)]*)\)")
CHAPTER = re.compile(r"\[(\d\d): ")

# What each article covers, in our words.
TOPICS = {
    "S0": """
        Gradient descent
        Stochastic gradient descent
        Deep learning as parameters and a loss
        Squared error and cross-entropy
        What a gradient tells
        The algorithm, step by step
        Stopping when the loss is small
        Stopping when the update is small
        The formula of the update
        A line fitted by SGD, with its picture
        Next: several inputs
        Next: logistic regression
        Next: neural networks
        Challenge: slow convergence
        Challenge: local minima
        Challenge: the step size
        Direction: faster convergence
        Direction: escaping minima
        Direction: adaptive rates
        Direction: parallel and distributed
        Question: SGD or gradient descent?
        Question: why does SGD get stuck?
        Question: which learning rate?
        Question: SGD on large data
        Question: SGD or other methods, such as Newton's?
    """,
    "S1": """
        Gradient descent
        Stochastic gradient descent
        Mini-batches
        Micro-batches, for small machines
        The subgradient method (次梯度法)
        Algorithm and formula
        A line, with functions for loss, gradient and update
        The loss printed while it trains
        Direction: huge data, distributed
        Direction: language
        Direction: vision
        Direction: generative adversarial networks
        Challenge: slow convergence
        Challenge: oscillating parameters
        Challenge: a data distribution that shifts
        Question: subgradient or gradient descent?
        Question: subgradient method or SGD?
        Question: when to stop?
    """,
    "S2": """
        SGD for convolutional networks
        The gradients of a convolution
        The chain rule
        Comparison with gradient descent
        Setting up the environment
        Integration and test
        The "ResNet"
        Its layers: convolutions of 3 by 3, pooling, a dense layer of 1024, dropout, ten outputs
        Its training: SGD at 0.01, cross-entropy, batches of 32, ten epochs
        Images of 224 by 224 pixels in three colours
        A local optimum as "an unstable direction"
        Losses that are not convex, such as MSE
        Parallel computation in convolutions
        Improving: other optimisers beside SGD
        Improving: Adam
        Improving: deeper and wider
        Improving: L1 regularisation
    """,
    "S3": """
        History: full, stochastic and mini-batch descent
        History: Adam and RMSprop
        Learning as optimisation
        Backpropagation supplies the gradients
        Formula and steps
        Stopping
        For and against
        The gradient of linear regression, derived
        The five points
        The plot of the fit
        Setting up the environment
        Use: training models
        Use: forecasting series and prices
        Use: clustering with k-means
        Use: images and vision
        Use: language
        Use: support vector machines
        Use: optimisation in general
        Resources and tools
        Papers
        Direction: adaptive rates
        Direction: new algorithms, faster and more stable
        Direction: hybrids with annealing and genetic algorithms
        Direction: large and high-dimensional data
        Question: how to avoid local minima?
        Question: which learning rate, from which start, with which decay?
        Question: where is it used?
        Question: what are its drawbacks?
        Question: how to speed it up?
    """,
    "S4": """
        Deep learning and what training costs
        SGD as a sum of gradients, one a sample
        A dynamic rate, exponential or linear
        Two algorithms, two programs
        Direction: adaptive rates
        Direction: averaging gradients
        Direction: asynchronous SGD
        Direction: second-order methods
        Direction: quantum optimisation
        Question: why does SGD converge?
        Question: what does a dynamic rate buy?
        Question: how to choose the rate?
    """,
}

each_article = pytest.mark.parametrize("article", TOPICS)


def rows(article):
    """Topic and homes of every row of an article's table."""
    (title,) = (
        text
        for cell in PAGE.cells
        for level, text in headings(cell)
        if level == 2 and text.startswith(f"{article}: ")
    )
    text = "\n".join(c.source for c in PAGE.section(title) if c.cell_type == "markdown")
    _, table = text.split("| what the article covers | where you find it |\n")
    return ROW.findall(table.split("\n\n")[0])


def places(path):
    """What can be linked on a page: its headings, and the code cells of a notebook."""
    if path.suffix == ".ipynb":
        page = Notebook(path)
        found = {default_slugify(text) for cell in page.cells for _, text in headings(cell)}
        return found | {f"cell-{cell.id}" for cell in page.code}
    return {default_slugify(text) for _, text in HEADING.findall(path.read_text("utf-8"))}


@each_article
def test_every_topic_has_a_row(article):
    wanted = [line.strip() for line in TOPICS[article].strip().splitlines()]
    assert [topic for topic, _ in rows(article)] == wanted


@each_article
def test_every_row_leads_somewhere(article):
    for topic, homes in rows(article):
        assert LINK.search(homes), f"{topic} has no home"


@each_article
def test_links_lead_to_a_section_or_a_cell(article):
    for topic, homes in rows(article):
        for address in LINK.findall(homes):
            file, _, place = address.partition("#")
            path = (PAGE.path.parent / file).resolve() if file else PAGE.path
            assert path.is_file(), f"{topic}: {address}"
            assert place in places(path), f"{topic}: {address}"


@each_article
def test_a_link_names_the_chapter_it_leads_to(article):
    for topic, homes in rows(article):
        for home in homes.split("; "):
            named, address = CHAPTER.findall(home), LINK.findall(home)
            if address and address[0].startswith("../chapters/"):
                assert named == [Path(address[0]).name[:2]], f"{topic}: {home}"
