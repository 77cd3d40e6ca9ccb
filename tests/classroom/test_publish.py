"""The branch of what students get."""

import os
import subprocess
from types import SimpleNamespace

import pytest
import yaml
from course import launch_only_what_is_published

from classroom.hand_out import publish, student
from tests.environment import ROOT


def git(repository, *arguments):
    ran = subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=True
    )
    return ran.stdout


@pytest.fixture
def repository(tmp_path):
    """A repository with a commit, a changed file and one that git does not know."""
    home = tmp_path / "course"
    home.mkdir()
    git(home, "init", "-q", "-b", "main")
    for key, value in (("user.name", "A"), ("user.email", "a@example.org")):
        git(home, "config", key, value)
    for name in ("chapter", "page"):
        (home / name).write_text("solutions")
        git(home, "add", name)
    git(home, "commit", "-qm", "Begin")
    os.utime(home / "page", (1, 1))  # git would like to note that in its index
    (home / "chapter").write_text("more solutions")
    (home / "notes").write_text("mine")
    return home


@pytest.fixture
def folder(tmp_path):
    """A folder to publish, with files that a list of ignored ones may name."""
    made = tmp_path / "student"
    (made / "packages").mkdir(parents=True)
    (made / "README.md").write_text("read")
    (made / "packages" / "course.whl").write_bytes(b"\0\r\n")
    (made / ".gitignore").write_text("*.whl\n")
    return made


def files(home):
    """Every file of the work tree and git's index."""
    kept = [path for path in home.iterdir() if path.is_file()] + [home / ".git" / "index"]
    return {path.name: path.read_bytes() for path in kept}


def test_the_branch_has_the_folder_and_nothing_else_changes(repository, folder):
    before, head = files(repository), git(repository, "rev-parse", "HEAD")
    commit = publish.publish(folder, repository, "hand-out")
    assert files(repository) == before and git(repository, "rev-parse", "HEAD") == head
    assert git(repository, "rev-parse", "hand-out").strip() == commit
    subject = git(repository, "log", "-1", "--format=%s", "hand-out").strip()
    assert subject == f"Hand-out of {head[:7]}, changed"
    listed = git(repository, "ls-tree", "-r", "--format=%(objectmode) %(path)", "hand-out")
    assert listed.splitlines() == [
        "100644 .gitignore", "100644 README.md", "100644 packages/course.whl"
    ]  # fmt: skip
    shown = ["git", "-C", str(repository), "show", "hand-out:packages/course.whl"]
    assert subprocess.run(shown, capture_output=True, check=True).stdout == b"\0\r\n"


def test_a_second_call_adds_a_commit_only_where_something_changed(repository, folder):
    first = publish.publish(folder, repository, "hand-out")
    assert publish.publish(folder, repository, "hand-out") is None
    (folder / "README.md").unlink()
    second = publish.publish(folder, repository, "hand-out")
    assert git(repository, "rev-parse", "hand-out~1").strip() == first
    assert "README.md" not in git(repository, "ls-tree", "--name-only", second)


def test_a_branch_that_is_checked_out_is_refused(repository, folder):
    with pytest.raises(ValueError, match="main is checked out"):
        publish.publish(folder, repository, "main")


def test_launch_buttons_point_to_the_branch():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    options = config["sphinx"]["config"]["html_theme_options"]
    assert options["repository_branch"] == student.BRANCH


@pytest.mark.parametrize(
    ("builder", "address", "buttons"),
    [("html", "https://git.example/a/b", True), ("html", "", False),
     ("epub", "https://git.example/a/b", False)],
)  # fmt: skip
def test_there_are_buttons_where_there_is_something_to_open(builder, address, buttons):
    options = {"repository_url": address, "launch_buttons": {"colab_url": "https://c.example"}}
    app = SimpleNamespace(
        builder=SimpleNamespace(name=builder), config=SimpleNamespace(html_theme_options=options)
    )
    launch_only_what_is_published(app)
    assert ("launch_buttons" in options) == buttons
