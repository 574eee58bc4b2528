"""An instance's folder keeps its secrets, its mails and what it ran with."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app import instance


def _secrets(folder: Path) -> str:
    return instance.environment(folder, {})["SECRET_KEYS"]


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "folder"
    instance.prepare(folder)
    first = _secrets(folder)
    instance.prepare(folder)
    assert _secrets(folder) == first
    assert len(first) >= 32
    assert stat.S_IMODE((folder / "secrets.env").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_two_instances_have_different_secrets(tmp_path: Path) -> None:
    for name in ("a", "b"):
        instance.prepare(tmp_path / name)
    assert _secrets(tmp_path / "a") != _secrets(tmp_path / "b")


def test_what_is_given_wins_over_the_last_run_and_that_over_the_default(
    tmp_path: Path,
) -> None:
    instance.prepare(tmp_path)
    url = f"sqlite:///{tmp_path}/undersigned.sqlite3"
    assert instance.environment(tmp_path, {})["DATABASE_URL"] == url
    instance.remember(tmp_path, {"DATABASE_URL": "postgresql:///a=b"})
    assert instance.environment(tmp_path, {})["DATABASE_URL"] == "postgresql:///a=b"
    given = {"DATABASE_URL": "postgresql:///given", "BASE_URL": ""}
    settings = instance.environment(tmp_path, given)
    assert settings["DATABASE_URL"] == "postgresql:///given"
    assert settings["BASE_URL"] == "http://localhost:8000"


def test_a_folder_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(instance.InstanceError, match="choose another with make run"):
        instance.prepare(tmp_path / "file" / "folder")


def test_a_command_on_no_instance_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.instance", str(tmp_path / "none"), "tally"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "makes one" in done.stderr
