"""Numbers in running text."""

import re

FENCE = re.compile(
    r"\s*(?P<marks>`{3,}|~{3,}|:{3,})\s*(?:\{(?P<directive>[\w:.-]+)\})?(?P<rest>.*)"
)
VERBATIM = {None, "code", "code-block", "code-cell", "math"}
ARGUMENT_IS_NAME = {"figure", "image", "include", "solution", "solution-start", "solution-end"}
# What is not running text: formulas, code and roles, addresses, options and labels.
NOT_PROSE = re.compile(
    r"""
      <!--.*?-->
    | \$\$.*?\$\$ (?: [ ]*\([\w-]+\) )?
    | (?<!\\)\$[^$\n]+(?:\n[^$\n]+)*\$
    | \\begin\{(?P<env>[a-z]+\*?)\}.*?\\end\{(?P=env)\}
    | (?: \{[\w:.-]+\} )? (?P<ticks>`+)[^`]+(?P=ticks)
    | \]\([^)\s]*\)
    | https?://\S+
    | ^[ \t]*:[\w-]+:.*?$
    | ^[ \t]*\([\w-]+\)=[ \t]*$
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?:e[-+−]?\d+|[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?(?!\w)")
COLOUR = re.compile(
    r"\b(black|white|gr[ea]y|blue|orange|red|green|purple|violet|yellow|pink|brown|coloured)\b",
    re.IGNORECASE,
)


def outside_fences(text):
    """The lines of a markdown source that are not verbatim, directives' own texts included."""
    lines, opened = [], []  # the fences open around a line: their marks and directive
    for line in text.splitlines():
        fence = FENCE.fullmatch(line)
        if fence and opened and not fence["directive"] and not fence["rest"].strip():
            if fence["marks"].startswith(opened[-1][0]):
                opened.pop()
                continue
        if opened and opened[-1][1] in VERBATIM:
            continue
        if fence:
            opened.append((fence["marks"], fence["directive"]))
            line = "" if {fence["directive"]} & (VERBATIM | ARGUMENT_IS_NAME) else fence["rest"]
        lines.append(line)
    return "\n".join(lines)


def numbers(text):
    """Decimals and numbers of three digits or more in the running text of a markdown source.

    >>> numbers("In 1951, 12 of 100 steps fell by 0.5 to $0.25$, `0.125` or 1e-3.")
    ['1951', '100', '0.5', '1e-3']
    """
    found = NUMBER.findall(NOT_PROSE.sub(" ", outside_fences(text)))
    return [number for number in found if not number.isdecimal() or len(number) > 2]
