"""Commands about the workspace itself: what stands in it, and whether the machine is fit."""

import typer

from pipelines.common import Common, command, rows


@command
def doctor(common: Common) -> None:
    """Look at this machine and workspace, and say what is wrong and how to mend it."""
    from pipelines.doctor_workspace import examine

    findings = examine(common)
    worst = any(not finding.fine for finding in findings)
    lines = [("ok" if finding.fine else "MEND", finding.subject, finding.found, finding.mend) for finding in findings]
    common.answer(
        [dict(zip(("state", "subject", "found", "mend"), line, strict=True)) for line in lines],
        rows("What doctor found", ["", "subject", "found", "to mend"], lines),
    )
    raise typer.Exit(1 if worst else 0)


@command
def tables(common: Common) -> None:
    """List the stored tables with their rows and content."""
    from pipelines.featurize import FEATURES
    from schemas.house import TABLES

    with common.workspace() as space:
        held = [*TABLES.values(), FEATURES]
        lines = [
            (table.name, space.catalog.arrow(table, columns=table.key[:1]).num_rows, space.catalog.snapshot(table.name))
            for table in held
            if space.catalog.snapshot(table.name)
        ]
    common.answer(
        [{"table": name, "rows": count, "snapshot": snapshot} for name, count, snapshot in lines],
        rows("Stored tables", ["table", "rows", "snapshot"], [(name, count, str(kept)) for name, count, kept in lines]),
    )


@command
def runs(common: Common) -> None:
    """List the runs of this workspace, oldest first."""
    with common.workspace() as space:
        found = space.runs.all()
    lines = [
        (one.run, one.stage, " ".join(one.subject.values()), one.status, sum(o["rows"] for o in one.outputs.values()))
        for one in found
    ]
    names = ["run", "stage", "subject", "status", "rows"]
    common.answer([dict(zip(names, line, strict=True)) for line in lines], rows("Runs", names, lines))


def register(app: typer.Typer) -> None:
    """Hang the commands into the command line."""
    app.command(rich_help_panel="Workspace")(doctor)
    app.command(rich_help_panel="Workspace")(tables)
    app.command(rich_help_panel="Workspace")(runs)
