"""Where MathJax's files are."""

import importlib.util
from pathlib import Path

PACKAGE = importlib.util.find_spec("sphinx-mathjax-offline").submodule_search_locations[0]
MATHJAX = Path(PACKAGE, "static", "mathjax")
