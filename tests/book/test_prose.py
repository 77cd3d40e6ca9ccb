"""Which numbers count as prose."""

import pytest

from tests.book.prose import numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("In 1951, 12 of 100 steps fell by 0.5.", ["1951", "100", "0.5"]),
        ("about 1e-5, or 10⁶ samples, or 1,000", ["1e-5", "10⁶", "1,000"]),
        ("# Step 0.1\n\n- item 250", ["0.1", "250"]),
        (":::{admonition} Take 0.5\nand 300\n:::", ["0.5", "300"]),
        ("```{note}\nand 300\n```\n\nthen 400\n\n```{note}\n500\n```", ["300", "400", "500"]),
        ("````{note}\n```python\n0.5\n```\nand 300\n````\nand 400", ["300", "400"]),
        (":::{solution-start} 03-e100\n:class: dropdown\n:::\nand 400", ["400"]),
        ("$\\eta = 0.1$, `0.1`, {glue:text}`03-a.ipynb::b:.3f`, {eq}`eq-101`", []),
        ("$$\nx = 0.125\n$$ (eq-100)\n\n```python\n0.5\n```\n\n```{math}\n0.5\n```", []),
        ("\\begin{align}\n0.5 &= 100\n\\end{align}", []),
        (":::{exercise} By hand\n:label: 03-e100\n:::\n\n(sec-100)=\n## Two", []),
        ("[a link](page-100.md) to https://example.org/2020/1.5", []),
        ("costs \\$0.5 and \\$0.25", ["0.5", "0.25"]),
    ],
)
def test_numbers(text, found):
    assert numbers(text) == found
