"""The repository stands alone: locks agree, containers are valid, nothing foreign is named."""

import re
import shutil
import subprocess
import sys
import zipfile
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
    # The checkout's own place on this machine is the path that would slip in.
    registries = r"pypi\.org|registry\.npmjs|pythonhosted"
    foreign = re.compile(rf"{registries}|{re.escape(str(ROOT.parent))}/\w")
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
        # A link is followed by people only: it names a source, as its licence asks.
        loading = re.sub(r"<a\s[^>]*>", "", text)
        loads = re.findall(r'(?:src|href|url)\s*=?\s*["(]+(https?://[^")]+)', loading)
        assert loads == [], path.name


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


def test_the_installed_package_holds_everything_it_needs(tmp_path: Path) -> None:
    """Not from a checkout: the wheel, unpacked elsewhere, migrates and finds its pages."""
    build = ["uv", "build", "--wheel", "--no-build-isolation", "--offline", "--quiet"]
    options = ["--python", sys.executable, "--out-dir", str(tmp_path)]
    subprocess.run([str(BIN / build[0]), *build[1:], *options, str(ROOT)], check=True)  # noqa: S603 - a locked tool
    installed = tmp_path / "installed"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    script = (
        "import app, asyncio; from app.settings.store.sources import load_settings; "
        "from app.main import create_app; from app.db.connection import engine, migrate; "
        "from app.api.web.page_templates import templates; settings = load_settings().settings; "
        "from app.settings.tariff_packs import pack_of; pack_of('FI'); "
        "create_app(settings); templates.env.get_template('today.html'); "
        "from app.wording.i18n import catalogue; catalogue('sv'); "
        "asyncio.run(migrate.upgrade(engine.make_engine(settings))); "
        "print(app.__file__, settings.demo_home)"
    )
    environ = {"PYTHONPATH": str(installed), "DARKSTAR_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", script],
        cwd=tmp_path, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(installed / "app" / "__init__.py"), "True"]


def test_no_password_of_the_database_breaks_the_compose_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert "DARKSTAR_MARIADB__PASSWORD" in text
    assert not re.search(r"://[^\s\"]*\$\{MARIADB_PASSWORD", text)


def test_a_half_made_venv_is_made_anew(tmp_path: Path) -> None:
    """An interrupted `make install` leaves a Python without pip behind."""
    make = shutil.which("make")
    assert make
    recipe = subprocess.run(  # noqa: S603 - our own Makefile, printed only
        [make, "--dry-run", "--always-make", f"VENV={tmp_path / 'venv'}", "install"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    step = next(line for line in recipe.splitlines() if "-m venv" in line)
    broken = tmp_path / "venv" / "bin"
    broken.mkdir(parents=True)
    (broken / "python").write_text("#!/bin/sh\nexit 1\n")
    (broken / "python").chmod(0o755)
    shell = shutil.which("sh")
    assert shell
    subprocess.run([shell, "-c", step], cwd=ROOT, check=True)  # noqa: S603 - our own recipe
    subprocess.run([str(broken / "python"), "-m", "pip", "--version"], check=True)  # noqa: S603
