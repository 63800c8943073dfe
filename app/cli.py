"""The ``darkstar`` command: thin, each subcommand calls one function.

A subcommand imports what it needs when it runs: ``--help`` and a mistyped option need neither the
planner nor the web service (0.3 instead of 3.8 s of CPU).
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.core.errors import DarkstarError, DatabaseUnavailableError

if TYPE_CHECKING:
    from app.settings import Settings
    from app.settings.store.sources import LoadedSettings

Engine = Literal["optimal", "cascade"]
EXIT_CONFIG, EXIT_TEMPORARY = os.EX_CONFIG, os.EX_TEMPFAIL
BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
cli = typer.Typer(
    help="Plan a home's battery and water heater.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The database.", no_args_is_help=True)
config = typer.Typer(help="The configuration.", no_args_is_help=True)
cli.add_typer(db, name="db")
cli.add_typer(config, name="config")


def _loaded() -> "LoadedSettings":
    from app.db.connection.engine import resolve_url
    from app.settings.store.sources import load_settings

    loaded = load_settings()
    resolve_url(loaded.settings)
    for notice in loaded.notices:
        typer.echo(f"notice: {notice}", err=True)
    return loaded


@cli.command()
def serve() -> None:
    """Start the service and the dashboard."""
    # Libraries of logs and HTTP would import them, for colours that are off here: 9 MB.
    sys.modules |= {"pygments": None, "rich": None}  # type: ignore[dict-item]
    from app.core import logs
    from app.db.connection.engine import prepare_place
    from app.main import create_app, run
    from app.settings.store.files import ConfigFiles

    # What the service stores tells when a home is empty: nobody else of this machine reads it.
    os.umask(0o077)
    loaded = _loaded()
    settings = loaded.settings
    logs.set_up(settings.log_level)
    server = settings.server
    typer.echo(f"dashboard: http://{server.host}:{server.port}")
    prepare_place(settings)
    # uvicorn stops, then raises the signal again: without this a clean stop would end with 143.
    signal.signal(signal.SIGTERM, _stop)
    app = create_app(settings, ConfigFiles.of(loaded))
    run(app, settings, once_listening=lambda: _first_token(settings))


def _first_token(settings: "Settings") -> None:
    """Make the token of a new installation and show it, this once."""
    from app.access.token import TokenStore

    if settings.access.mode == "token" and (made := TokenStore.of(settings).ensure()):
        typer.echo(f"API token, shown only this once: {made}")


def _stop(*_: object) -> None:
    raise SystemExit(0)


@cli.command()
def token() -> None:
    """Make a new API token; the old one and every session end."""
    from app.access.token import TokenStore

    settings = _loaded().settings
    typer.echo(TokenStore.of(settings).renew())


@cli.command()
def plan(
    one: Annotated[Path | None, typer.Option("--scenario", help="scenario file")] = None,
    many: Annotated[Path | None, typer.Option("--scenarios", help="folder of them")] = None,
    out: Annotated[Path | None, typer.Option(help="where to write: file, or folder")] = None,
    engine: Annotated[Engine, typer.Option(help="planning engine")] = "optimal",
    defaults: Annotated[bool, typer.Option("--defaults", help="shipped rules on")] = False,  # noqa: FBT002
) -> None:
    """Plan recorded scenarios and write the plans as JSON; a bad file stops no other."""
    from app.bench import scenario
    from app.jobs.warm_up import warm_up

    if one is not None and many is not None:
        raise DarkstarError("give one of --scenario FILE and --scenarios DIR, not both")
    # Plans are timed as the service makes them.
    warm_up()
    if one is not None:
        text = json.dumps(scenario.plan_file(one, shipped=defaults, engine=engine))
        if out is None:
            typer.echo(text)
        else:
            scenario.write(out, text)
        return
    if many is None or out is None:
        raise DarkstarError("give --scenario FILE, or --scenarios DIR with --out DIR")
    if not (files := sorted(many.glob("*.json"))):
        raise DarkstarError(f"--scenarios {many}: no *.json files there; give a folder of them")
    scenario.make_folder(out)
    failed = []
    for path in files:
        try:
            made = scenario.plan_to_file(path, out / path.name, shipped=defaults, engine=engine)
        except DarkstarError as error:
            # One bad file must not keep the others from being planned.
            typer.echo(f"error: {error}", err=True)
            failed.append(path.name)
            continue
        typer.echo(f"{path.stem}: {made['meta']['cost']:.2f}, {made['meta']['plan_ms']:.0f} ms")
    if failed:
        raise DarkstarError(f"{len(failed)} of {len(files)} files failed: {', '.join(failed)}")


@cli.command(name="replay")
def replay_run(
    run_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="as GET /api/runs lists it")],
) -> None:
    """Plan a stored run again; exit code 1 when the plan differs, with every difference."""
    from app.commands.replay import replay_stored

    lines, identical = asyncio.run(replay_stored(_loaded().settings, run_id))
    typer.echo("\n".join(lines))
    if not identical:
        raise typer.Exit(1)


@cli.command(name="bench")
def run_bench(
    folder: Annotated[Path, typer.Option(help="folder with scenarios/ and reference.json")] = (
        BENCHMARKS
    ),
    out: Annotated[Path | None, typer.Option(help="write the results as JSON")] = None,
    record: Annotated[bool, typer.Option("--record", help="make these costs the baseline")] = False,  # noqa: FBT002
) -> None:
    """Plan recorded cases with every engine; fails when a plan costs more than the baseline."""
    from app.bench import run as bench
    from app.jobs.warm_up import warm_up

    warm_up()
    results = bench.run(folder)
    typer.echo(bench.table(results))
    if out is not None:
        out.write_text(json.dumps(bench.as_data(results), indent=1), encoding="utf-8")
    if record:
        bench.record(results, folder)
    bench.require_no_worse(results, folder)


@cli.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="write the report as JSON")] = False,  # noqa: FBT002
) -> None:
    """Examine the last 24 hours of every mapped Home Assistant entity; ends with 1 on red."""
    from app.api.system.doctor_schemas import DoctorOut
    from app.doctor.ask import examine_once
    from app.doctor.checks.report import Verdict
    from app.doctor.text import lines

    settings = _loaded().settings
    report = asyncio.run(examine_once(settings))
    if as_json:
        typer.echo(DoctorOut.model_validate(report).model_dump_json(indent=1))
    else:
        typer.echo("\n".join(lines(report)))
    if report.verdict is Verdict.RED:
        raise typer.Exit(1)


@cli.command()
def prices() -> None:
    """Ask for today's and tomorrow's prices again; a running service plans by what has changed."""
    from app.commands.prices import refresh_prices

    typer.echo("\n".join(asyncio.run(refresh_prices(_loaded().settings))))


@db.command()
def upgrade() -> None:
    """Bring the database to the newest revision."""
    from app.db.connection import migrate
    from app.db.connection.engine import close, database_label, make_engine

    settings = _loaded().settings

    async def run() -> None:
        made = make_engine(settings)
        try:
            await migrate.upgrade(made)
        finally:
            await close(made)

    label = database_label(settings)
    try:
        asyncio.run(run())
    except DatabaseUnavailableError as error:
        raise DatabaseUnavailableError(
            f"{label}: {error}; check that it runs, then run this again"
        ) from error
    typer.echo(f"{label} is up to date")


@config.command()
def check() -> None:
    """Check the configuration and print it with secrets masked."""
    from app.settings import redacted

    loaded = _loaded()
    typer.echo(json.dumps(redacted(loaded.settings), indent=2))
    typer.echo(f"{loaded.config_path or 'no config file'}: ok", err=True)


@config.command(name="import")
def import_config(
    file: Annotated[Path, typer.Argument(help="config.yaml of an original Darkstar")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show what would change")] = False,  # noqa: FBT002
) -> None:
    """Take over an original configuration, with the secrets.yaml beside it."""
    from app.settings.store.files import ConfigFiles
    from app.settings.store.sources import load_settings
    from app.settings.store.taking_over import take_over

    files = ConfigFiles.of(load_settings())
    found = asyncio.run(take_over(files, file, writes=not dry_run))
    for notice in found.notices:
        typer.echo(f"notice: {notice}", err=True)
    for problem in found.left_out:
        typer.echo(f"left out: {problem}", err=True)
    for path in found.changed:
        old = found.origin.get(path)
        typer.echo(f"{path} (from {old})" if old else path)
    done = "would change" if dry_run else "changed"
    typer.echo(f"{files.path}: {len(found.changed)} settings {done}", err=True)


def main() -> None:
    """Run the command; a deliberate error is one line and exit code 78, or 75 if it may pass."""
    try:
        cli()
    except DarkstarError as error:
        typer.echo(f"error: {error}", err=True)
        away = isinstance(error, DatabaseUnavailableError)
        raise SystemExit(EXIT_TEMPORARY if away else EXIT_CONFIG) from error
