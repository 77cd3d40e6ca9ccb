"""The workflow file of the hosting service, which nothing here can run: its form and its words."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from classroom.hand_out.student import BRANCH
from tests.environment import ROOT

FILE = ROOT / ".github" / "workflows" / "course.yml"
SCHEMA = ["--builtin-schema", "vendor.github-workflows"]  # in the package: nothing is fetched


def test_it_has_the_form_that_the_service_asks_for(tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text(FILE.read_text().replace("runs-on:", "run-on:", 1))
    command = [sys.executable, "-m", "check_jsonschema", *SCHEMA, "-o", "json", FILE, broken]
    ran = subprocess.run(command, capture_output=True, text=True)
    said = json.loads(ran.stdout)
    refused = {error["filename"] for error in said["errors"] + said.get("parse_errors", [])}
    assert refused == {str(broken)}, ran.stdout


@pytest.fixture(scope="module")
def jobs():
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))["jobs"]


def programs(job):
    """What a job runs, line by line."""
    return [line for step in job["steps"] for line in step.get("run", "").splitlines()]


def test_it_runs_the_check_and_publishes_after_it(jobs):
    assert programs(jobs["check"])[-1] == ".ci/run"
    assert jobs["publish"]["needs"] == "check"
    lines = programs(jobs["publish"])
    assert lines.index("make book") < lines.index("make publish")
    assert lines.index("make publish") < lines.index(f"git push origin {BRANCH}")
    (pages,) = (step["with"] for step in jobs["publish"]["steps"] if "path" in step.get("with", ()))
    assert pages["path"] == "_build/html"


def test_only_what_is_on_main_is_published(jobs):
    assert "github.ref == 'refs/heads/main'" in jobs["publish"]["if"]
    assert "permissions" not in jobs["check"], "those of the file: to read"
    assert yaml.safe_load(FILE.read_text())["permissions"] == {"contents": "read"}


def test_what_it_calls_is_here(jobs):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [line for job in jobs.values() for line in programs(job)]
    for target in re.findall(r"^make ([\w-]+)", "\n".join(lines), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for module in re.findall(r"python -m ([\w.]+)", "\n".join(lines)):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), module
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_system_packages_are_those_of_the_check(jobs):
    """Its script installs them only as root, which it is not there."""
    asked = re.findall(r"needed\+=\(([^)]*)\)", (ROOT / ".ci" / "run").read_text())
    packages = {name for names in asked for name in names.split()} - {"chromium"}  # Chrome is there
    (line,) = (line for line in programs(jobs["check"]) if "apt-get install" in line)
    assert packages and packages <= set(line.split())
