"""A report as lines for a terminal and for diagnostics."""

from collections.abc import Iterator

from app.doctor.checks.report import Finding, Report, Verdict

_MARKS = {Verdict.GREEN: "ok", Verdict.GREY: "--", Verdict.AMBER: "??", Verdict.RED: "!!"}


def lines(report: Report) -> Iterator[str]:
    """Say everything that matters: what is well in one line, the rest with proof and fix."""
    yield f"{report.verdict}: {report.summary}"
    if report.fix:
        yield f"   fix: {report.fix}"
    for entity in report.entities:
        reading = f" = {entity.reading}" if entity.reading else ""
        yield f"{_MARKS[entity.verdict]} {entity.name} ({entity.entity_id}{reading})"
        for finding in entity.findings:
            yield from _of(finding)
    for balance in report.balances:
        yield f"{_MARKS[balance.verdict]} {balance.check.replace('_', ' ')}: {balance.proof}"
        if balance.fix:
            yield f"   fix: {balance.fix}"


def _of(finding: Finding) -> Iterator[str]:
    if finding.verdict is Verdict.GREEN:
        return
    yield f"   {_MARKS[finding.verdict]} {finding.check}: {finding.proof}"
    if finding.fix:
        yield f"      fix: {finding.fix}"
