"""Every work in the bibliography is cited, and every name in the glossary stands once."""

import re
import unicodedata

from tests.environment import ROOT

BIBLIOGRAPHY = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
ENTRY = re.compile(r"^@\w+\{(?P<key>\w+),(?P<fields>.*?)^\}", re.MULTILINE | re.DOTALL)
CITE = re.compile(r"\{cite:?\w*\}`([^`]+)`")
# What the articles use and a reader looks up under its Chinese name.
LOOKED_UP = {
    "动态学习率", "自适应学习率", "梯度爆炸", "批量梯度下降", "步长", "偏置", "微小批量",
    "全局最小值", "局部最小值",
}  # fmt: skip


def plain(text):
    """The letters without their accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def test_every_work_is_cited():
    pages = [*ROOT.glob("book/**/*.md"), *ROOT.glob("book/*.ipynb"), *ROOT.glob("chapters/*.ipynb")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    cited = {key.strip() for keys in CITE.findall(text) for key in keys.split(",")}
    # Docstrings give the first author and the year.
    docs = plain("\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("sgdcore/*.py")))
    unused = []
    for entry in ENTRY.finditer(BIBLIOGRAPHY):
        author = re.search(r"author\s*=\s*\{(.+?)(?:,| and |\},$)", entry["fields"], re.M)[1]
        surname = plain(re.sub(r"[{}\\'\"]", "", author)).split()[-1]
        year = re.search(r"year\s*=\s*\{(\d+)", entry["fields"])[1]
        named = re.search(rf"{surname}\b.{{0,200}}?{year}", docs, re.DOTALL)
        if entry["key"] not in cited and not named:
            unused.append(entry["key"])
    assert not unused


def test_the_glossary_has_the_terms_of_the_articles_and_each_once():
    glossary = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8").split("{glossary}")[1]
    terms = [line for line in glossary.splitlines() if line and line[0] not in " :`"]
    assert set(terms) >= LOOKED_UP
    assert len(terms) == len(set(terms))
