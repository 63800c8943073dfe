"""The repository stands alone: locks agree, containers are valid, nothing foreign is named."""

import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def pins(name: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    return dict(found)


def tracked() -> list[Path]:
    git = shutil.which("git")
    assert git
    listed = subprocess.run(  # noqa: S603 - our own repository
        [git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_the_locks_agree_and_hold_every_dependency() -> None:
    runtime, everything = pins("requirements.lock"), pins("requirements-dev.lock")
    assert runtime.items() <= everything.items()
    project = (ROOT / "pyproject.toml").read_text()
    block = project[project.index("dependencies = [") : project.index("[project.scripts]")]
    for name in re.findall(r'"([a-z0-9-]+)[\[><=]', block):
        assert name in runtime, name
    assert pins("requirements-uv.lock")["uv"] == everything["uv"]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_is_pinned_by_hash_and_no_address_is_named(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    packages = re.split(r"\n(?=[a-z0-9-]+==)", text)[1:]
    assert all("--hash=sha256:" in package for package in packages)


def test_tracked_files_name_no_registry_and_no_machine_path() -> None:
    foreign = re.compile(r"pypi\.org|registry\.npmjs|pythonhosted|(?<![\w.])/work/")
    named = [
        path.name
        for path in tracked()
        if path.suffix not in {".parquet", ".png"}
        and path != Path(__file__)
        and foreign.search(path.read_text(encoding="utf-8"))
    ]
    assert named == []


def test_vendored_files_are_the_ones_listed_and_carry_their_licence() -> None:
    vendor = ROOT / "static" / "vendor"
    listed = dict(
        reversed(line.split()) for line in (vendor / "manifest.sha256").read_text().splitlines()
    )
    files = {path.name for path in vendor.iterdir() if path.suffix in {".js", ".css"}}
    assert files == set(listed)
    for name, digest in listed.items():
        assert sha256((vendor / name).read_bytes()).hexdigest() == digest
        assert (vendor / f"LICENSE-{name.split('-')[0]}.txt").is_file()


def test_pages_ask_no_other_host() -> None:
    for path in [*(ROOT / "templates").iterdir(), *(ROOT / "static").glob("*.*")]:
        text = path.read_text(encoding="utf-8")
        loads = re.findall(r'(?:src|href|url)\s*=?\s*["(]+(https?://[^")]+)', text)
        assert set(loads) <= {"https://open-meteo.com/"}, path.name


@pytest.mark.parametrize(
    "command",
    [
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
    ],
    ids=["Dockerfile", "docker-compose.yml"],
)
def test_container_files_are_valid(command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - a locked tool
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
