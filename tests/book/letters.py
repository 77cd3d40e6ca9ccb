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

NAMES = [*GREEK, "partial", "nabla"]
# One word of a description that was two letters, or a command that nobody says.
TYPESET = re.compile(
    rf"[A-Za-z]?(?:{'|'.join(NAMES)})+|\w*(?:Vert(?!ical)|cdot|frac|sqrt|math(?:bb|cal|rm)|propto)\w*"
    r"|tilde|quad|\\"
)


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


def typeset(description):
    """The words in the description of a figure that are left of its formulas' typesetting.

    >>> typeset("h=etalambda, theta_t in e_tVert^2, d sigma, sqrtkappa, v hat")
    ['etalambda', 'tVert', 'sqrtkappa']
    """
    said = set(NAMES) - {"varepsilon"}
    words = re.findall(r"[A-Za-z]+|\\", description)
    return [word for word in words if word not in said and TYPESET.fullmatch(word)]


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
