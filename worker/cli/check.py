"""`lockstep check`: whether the configuration is right; asks no store and no system."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from worker.cli._frame import Exit, Failure, json_option, print_json

if TYPE_CHECKING:
    from worker.config.schema import Kind


@click.command(name="check")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--schema", type=click.Choice(["systems", "mapping", "authority"]), help="Print the JSON Schema of a kind of file.")
@click.option("--without-secrets", is_flag=True, help="What references name need not be here: for a review, or CI.")
@json_option
def command(folder: Path | None, schema: Kind | None, without_secrets: bool, as_json: bool) -> None:
    """Load the configuration, look it over, run its cases.

    FOLDER is LOCKSTEP_CONFIG by default.  The cases need no secret.  What references do not find, a variable or a file, is
    told behind them: nothing starts without it.  A place is `file:line:column`.

    \b
    Exit codes:
      0  it loads, and every case passes
      1  a case fails
      3  it does not load, or something that a reference names is missing

    \b
    Examples:
      lockstep check
      lockstep check mappings --json
      lockstep check mappings --without-secrets
      lockstep check --schema mapping
    """
    from worker import wiring
    from worker.config import ConfigurationError, run_cases
    from worker.telling.words import many

    if schema is not None:
        print_json(wiring.schema(schema))
        return
    settings = wiring.settings(offline=True)
    try:
        configuration, missing = wiring.inspected(settings if folder is None else dataclasses.replace(settings, config=folder))
    except ConfigurationError as error:
        if as_json:
            print_json({"loads": False, "errors": [dataclasses.asdict(problem) for problem in error.problems]})
        else:
            click.echo("\n".join(map(str, error.problems)))
        raise Failure(f"{many(len(error.problems), 'error')}: it does not load", Exit.CONFIGURATION) from None
    results = run_cases(configuration)
    failed = [result for result in results if not result.passed]
    if as_json:
        print_json({
            "loads": not missing, "errors": [dataclasses.asdict(problem) for problem in missing],
            "revision": configuration.revision, "systems": sorted(configuration.systems),
            "warnings": [dataclasses.asdict(problem) for problem in configuration.warnings],
            "cases": [{**dataclasses.asdict(result), "passed": result.passed} for result in results],
        })  # fmt: skip
    else:
        for problem in configuration.warnings:
            click.echo(f"warning: {problem}")
        for result in failed:
            click.echo(f"{result.place}: case {result.name!r} fails:")
            for each in result.differences:
                click.echo(f"    {each.target} {each.attribute}: expected {each.expected}, got {each.got}")
        passed = f"{len(results) - len(failed)} of {many(len(results), 'case')} passed"
        rules = sum(len(target.rules) for mapping in configuration.mappings.values() for target in mapping.targets)
        click.echo(
            f"revision {configuration.revision}: {many(len(configuration.systems), 'system')}, "
            f"{many(len(configuration.mappings), 'mapping')}, {many(rules, 'rule')}, {passed}, "
            f"{many(len(configuration.warnings), 'warning')}"
        )
        if missing and not without_secrets:
            click.echo("\n".join(["missing here:", *(f"    {problem}" for problem in missing)]))
    if failed:
        raise Failure(f"{many(len(failed), 'case')} of {len(results)} failed", Exit.WRONG)
    if missing and not without_secrets:
        raise Failure(
            f"{many(len(missing), 'reference')} of systems.yaml {'leads' if len(missing) == 1 else 'lead'} nowhere, and nothing "
            "starts like this; to look at the policy alone: --without-secrets",
            Exit.CONFIGURATION,
        )
