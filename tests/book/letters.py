"""The letters of formulas, and what the notation says of them."""

import re

from tests.environment import ROOT

FORMULA = re.compile(
    r"""
      ^`{3,}\{math\}\n (.*?) ^`{3,}
    | \$\$ (.*?) \$\$
    | (?<!\\)\$ ([^$\n]+ (?:\n[^$\n]+)*) \$
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
CODE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
WORDS = re.compile(
    r"\\(?:text|operatorname|mathrm|label|begin|end)\{[^}]*\}|^:label:.*$", re.MULTILINE
)
GREEK = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta kappa lambda mu nu xi pi rho
    sigma tau phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell
""".split()
# A letter of another alphabet counts as one of its own; any other command is no letter.
TOKEN = re.compile(r"\\math(?:bb|cal) ?\{?[A-Za-z]\}?|\\[A-Za-z]+|[A-Za-z]")


def letters(text):
    r"""Every letter in the formulas of a markdown source, without what decorates it.

    >>> sorted(letters(r"With $\hat y = w_k^\top x$ and `$n$` $\text{or } \mathbb{E}[\theta]$"))
    ['\\mathbbE', '\\theta', 'k', 'w', 'x', 'y']
    """
    found = set()
    for match in FORMULA.finditer(CODE.sub(" ", text)):
        formula = WORDS.sub(" ", next(filter(None, match.groups())))
        for token in TOKEN.findall(formula):
            if token.startswith("\\math"):
                found.add(re.sub("[ {}]", "", token))
            elif not token.startswith("\\") or token[1:] in GREEK:
                found.add(token)
    return found


def explained():
    """For each row of the notation its symbols, and the first and last chapter it holds for."""
    text = (ROOT / "book" / "notation.md").read_text(encoding="utf-8")
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if re.fullmatch(r"\d\d", cells[0]):  # a letter of one chapter
            yield cells[1], cells[0], cells[0]
        elif line.startswith("| $") and len(cells) == 2:
            yield cells[0], "01", "99"
        elif line.startswith("| $") and re.fullmatch(r"\d\d", cells[-1]):
            yield cells[0], cells[-1], "99"
