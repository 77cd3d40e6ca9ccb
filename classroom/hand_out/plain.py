"""The text of a notebook as plain Markdown, for programs that know no directives and no roles.

The book's sources are MyST: theorems are directives, references are roles. VS Code, Colab and
Jupyter without an extension show those as code. So what is handed out has the words, the numbers
and the formulas that the page has (``numbering.json``, from the book's build). A directive or a
role that is not known here is an error, so that none slips through.
"""

import base64
import posixpath
import re
from textwrap import indent

FENCE = re.compile(r"(?P<marks>`{3,}|~{3,}|:{3,})(?:\{(?P<name>[\w:.-]+)\})?(?P<rest>.*)")
OPTION = re.compile(r":(?P<name>[\w-]+):(?P<value>.*)")
INLINE = re.compile(
    r"""
      ^\((?P<target>[\w-]+)\)=(?:\n+|\Z)
    | \$\$(?P<display>.*?)\$\$(?:[ ]*\((?P<label>[\w-]+)\))?
    | (?<!\\)\$[^$]+\$
    | \{(?P<role>[\w:.-]+)\}`(?P<content>[^`]+)`
    | (?P<ticks>`+).+?(?P=ticks)
    | (?P<picture>!)?\[(?P<words>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<address>[^()\s]+)\)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
TITLED = re.compile(r"(?P<title>.+?)\s*<(?P<target>[^<>]+)>", re.DOTALL)
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)
DISPLAY = re.compile(r"\$\$.*?\$\$", re.DOTALL)
CHOICE = re.compile(r"^(?=[a-d]\) )", re.MULTILINE)
DEFINITION = re.compile(r"^(?P<term>\S.*)\n: +", re.MULTILINE)
CHAPTER = re.compile(r"chapters/(\d\d)-")
CODE = {"func", "class", "mod", "meth"}
SCIENTIFIC = re.compile(r"(?P<digits>-?[\d.]+)e(?P<power>[+-]\d+)")
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Plain:
    """Translates the cells of one notebook.

    Parameters
    ----------
    page : str
        The notebook's place in the book, such as ``"chapters/03-stochastic-gradient-descent"``.
    numbering : dict
        What the book's build says of its labels.
    numbers : dict
        The published numbers, by the file's name and their own.
    pictures : pathlib.Path
        The folder to which a picture's address is relative: that of the notebook.
    """

    def __init__(self, page, numbering, numbers, pictures):
        self.page = page
        self.numbering = numbering
        self.numbers = numbers
        self.pictures = pictures
        self.attachments = {}

    def translate(self, cell):
        """Replace the source of a Markdown cell; its pictures become its attachments."""
        self.attachments = {}
        cell.source = self.blocks(cell.source)
        if self.attachments:
            cell.attachments = self.attachments

    def blocks(self, source):
        """Translate a text with its directives."""
        lines, done, running = source.splitlines(), [], []
        while lines:
            bare = lines[0].lstrip()
            fence = FENCE.fullmatch(bare)
            if not fence:
                running.append(lines.pop(0))
                continue
            inset = lines[0].removesuffix(bare)  # within an item of a list
            body, lines = closed(fence["marks"], lines)
            body = [line.removeprefix(inset) for line in body]
            done.append(self.text("\n".join(running)))
            running = []
            if fence["name"]:
                block = self.directive(fence["name"], fence["rest"].strip(), body)
            else:
                block = "\n".join([fence[0], *body, fence["marks"]])
            done.append(indent(block, inset))
        done.append(self.text("\n".join(running)))
        return "\n\n".join(filter(None, (part.strip("\n") for part in done)))

    def directive(self, name, title, lines):
        options, body = split_options(lines)
        if name == "math":
            return self.formula(body, options.get("label"))
        if name == "image":
            return self.picture(title, options)
        title, body = self.text(title), self.blocks(body)
        kinds = options.get("class", "").split()
        if name == "exercise":
            return f"### {self.known('heads', options['label'])} · {title}\n\n{body}"
        if name == "prf:proof":
            return f"*Proof.* {body} ∎" if body[-2:] != "$$" else f"*Proof.* {body}\n\n∎"
        if name.startswith("prf:"):
            head = self.known("heads", options["label"])
            return quoted(f"**{head} ({title}).**" if title else f"**{head}.**", body)
        if "predict" in kinds:
            return f"#### {title}\n\n{listed(body)}"
        if "dropdown" in kinds:
            return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"
        if name == "admonition":
            return quoted(f"**{title}.**", body)
        if name == "container":
            return DEFINITION.sub(r"**\g<term>.** ", body)
        raise ValueError(f"{self.page}: no plain form of the directive {{{name}}} {title}")

    def text(self, source):
        """Translate what stands in a running text."""
        return INLINE.sub(self.inline, source)

    def inline(self, match):
        if match["target"]:
            return ""
        if match["display"]:
            return self.formula(match["display"], match["label"])
        if match["role"]:
            return self.role(match["role"], match["content"])
        if match["picture"]:
            return self.picture(match["address"], {"alt": match["words"]})
        if match["address"]:
            return self.link(self.text(match["words"]), match["address"])
        return match[0]

    def role(self, name, content):
        titled = TITLED.fullmatch(content)
        if name == "term":
            return titled["title"] if titled else content
        if name == "eq":
            return f"({self.known('eq', content)})"
        if name == "prf:ref":
            return self.known("heads", content)
        if name in ("cite:t", "cite:p", "measured"):
            return self.known(name, content)
        if name == "glue:text":
            return self.number(content)
        if name in CODE and titled:
            return f"`{titled['title']}`" if titled["title"].isidentifier() else titled["title"]
        if name in CODE:
            word = content[1:].split(".")[-1] if content.startswith("~") else content
            return f"`{word}()`" if name == "func" else f"`{word}`"
        raise ValueError(f"{self.page}: no plain form of the role {{{name}}}`{content}`")

    def known(self, kind, label):
        """What the book's build says of a label."""
        if label not in self.numbering[kind]:
            raise ValueError(
                f"{self.page}: the built book has no {kind} for {label!r}; build it again"
            )
        return self.numbering[kind][label]

    def number(self, content):
        """A published number: ``03-….ipynb::name:.3f``."""
        file, _, rest = content.partition("::")
        name, _, form = rest.rpartition(":")
        return in_print(format(self.numbers[posixpath.basename(file), name], form))

    def formula(self, tex, label):
        tex = tex.strip()
        if r"\\" in ENVIRONMENT.sub("", tex):  # as Sphinx does
            tex = f"\\begin{{split}}\n{tex}\n\\end{{split}}"
        tag = f"\n\\tag{{{self.known('eq', label)}}}" if label else ""
        return f"$$\n{tex}{tag}\n$$"

    def picture(self, address, options):
        """A picture travels with its cell. An explorer is a picture that only the page can move."""
        path = self.pictures / address
        self.attachments[path.name] = {
            "image/png": base64.b64encode(path.read_bytes()).decode("ascii")
        }
        if options.get("class") != "explorer":
            return f"![{options['alt']}](attachment:{path.name})"
        return (
            f"![{self.known('explorers', path.stem)}](attachment:{path.name})\n\n"
            "*On the book's page this figure is an experiment that you can change.*"
        )

    def link(self, words, address):
        """A link to the published page; its words where no page is published."""
        if ":" in address:
            return f"[{words}]({address})"
        page, anchor = self.place(address)
        if self.numbering["address"]:
            home = self.numbering["address"].rstrip("/")
            anchor = self.numbering["anchors"].get(page, {}).get(anchor, anchor)
            return f"[{words}]({home}/{page}.html{anchor and '#' + anchor})"
        chapter = CHAPTER.match(page)
        if chapter and page != self.page and chapter[1] not in words:
            return f"{words} (chapter {chapter[1]})"
        return words

    def place(self, address):
        """The page and the anchor that an address of the sources leads to."""
        file, _, anchor = address.partition("#")
        if file:
            folder = posixpath.dirname(self.page)
            return posixpath.splitext(posixpath.normpath(posixpath.join(folder, file)))[0], anchor
        return self.numbering["places"].get(anchor, self.page), anchor


def in_print(number):
    """A formatted number as it is read: ``3e-06`` is 3 × 10⁻⁶, and a minus is no hyphen."""
    parts = SCIENTIFIC.fullmatch(number)
    if parts:
        power = "10" + str(int(parts["power"])).translate(RAISED)
        alone = parts["digits"] == "1"
        number = power if alone else f"{parts['digits']}\u00a0×\u00a0{power}"
    return "−" + number[1:] if number.startswith("-") else number


def closed(marks, lines):
    """The lines inside the fence that ``lines`` begin with, and those after it."""
    end = re.compile(rf"\s*{re.escape(marks)}{marks[0]}*\s*")
    for number, line in enumerate(lines[1:], 1):
        if end.fullmatch(line):
            return lines[1:number], lines[number + 1 :]
    raise ValueError(f"the fence {lines[0]!r} is not closed")


def split_options(lines):
    """The options at the head of a directive, and its text."""
    options = {}
    for number, line in enumerate(lines):
        option = OPTION.fullmatch(line.strip())
        if not option:
            return options, "\n".join(lines[number:])
        options[option["name"]] = option["value"].strip()
    return options, ""


def quoted(head, body):
    """A block of its own. A formula in it stands on one line: no mark of the quote gets inside."""
    body = DISPLAY.sub(lambda match: " ".join(match[0].split()), body)
    return "\n".join(f"> {line}".rstrip() for line in f"{head}\n\n{body}".splitlines())


def listed(body):
    """The options of a prediction as a list."""
    before, *choices = CHOICE.split(body)
    return before + "\n".join(f"- {choice.strip()}" for choice in choices)
