"""An example or two for every command: what `--help` ends with, what the reference page shows, what the tests parse."""

from collections.abc import Iterator

import typer
from typer.models import CommandInfo, TyperInfo

HEAD = "Examples:"
EXAMPLES: dict[str, tuple[str, ...]] = {
    "simulate": ("poolwright simulate --out raw --borrowers 3000 --days 610",),
    "ingest": (
        "poolwright ingest --source simulated --from raw",
        "poolwright ingest --source simulated --from raw --until 2025-09-01 --dry-run",
    ),
    "sources check": ("poolwright sources check simulated --from raw",),
    "sources list": ("poolwright sources list",),
    "features list": ("poolwright features list --family repayment",),
    "features describe": ("poolwright features describe repayment__sum_paid_amount_30d",),
    "features lineage": ("poolwright features lineage repayment__sum_paid_amount_30d",),
    "features audit": ("poolwright features audit --as-of 2025-09-01",),
    "labels study": ("poolwright labels study --as-of 2025-09-01 --out study.html",),
    "train": (
        "poolwright train --as-of 2025-09-01 --as alice",
        "poolwright train --as-of 2025-09-01 --dry-run",
    ),
    "reasons": ("poolwright reasons RECEIVABLE --as-of 2025-09-01 --language zh --plot why.png",),
    "models list": ("poolwright models list",),
    "models show": ("poolwright models show champion",),
    "models card": ("poolwright models card 2 --out card.html",),
    "models compare": ("poolwright models compare 2 champion",),
    "models promote": ('poolwright models promote 2 --reason "Better on every vintage" --as bob',),
    "models rollback": ('poolwright models rollback --reason "Drift in the new version" --as bob',),
    "models explain": ("poolwright models explain champion --as-of 2025-09-01 --out pictures",),
    "monitor": ("poolwright monitor --as-of 2025-09-02",),
    "run": (
        "poolwright run --as-of 2025-09-01 --deal demo_consumer",
        "poolwright run --as-of 2025-09-01 --deal demo_consumer --dry-run",
        "poolwright run --as-of 2025-09-01 --deal demo_consumer --wait 3600 --log-json",
    ),
    "backfill": (
        "poolwright backfill --from 2025-08-01 --to 2025-08-31 --deal demo_consumer",
        "poolwright backfill --from 2025-01-01 --to 2025-08-31 --every 7 --stage score",
    ),
    "screen": ("poolwright screen --as-of 2025-09-01 --deal demo_consumer",),
    "explain": ("poolwright explain RECEIVABLE --as-of 2025-09-01 --deal demo_consumer",),
    "funnel": ("poolwright funnel --as-of 2025-09-01 --deal demo_consumer",),
    "what-if": (
        "poolwright what-if --as-of 2025-09-01 --deal demo_consumer --set E21=30",
        "poolwright what-if --as-of 2025-09-01 --deal demo_consumer --set E26.1=60 --drop E34 --json",
        "poolwright what-if --as-of 2025-09-01 --deal demo_consumer --set 'E21=state.worst_days_past_due < 8'",
    ),
    "recheck": ("poolwright recheck --as-of 2025-09-01 --deal demo_consumer",),
    "propose": ("poolwright propose --as-of 2025-09-01 --deal demo_consumer --cash 300000 --as alice",),
    "worst-pool": ("poolwright worst-pool --as-of 2025-09-01 --deal demo_consumer",),
    "report": ("poolwright report --as-of 2025-09-01 --deal demo_consumer --out report.html --xlsx report.xlsx",),
    "report esma": ("poolwright report esma --as-of 2025-09-01 --deal demo_consumer --out annex-vi.csv",),
    "report purchase": ("poolwright report purchase PROPOSAL --out purchase.html --xlsx purchase.xlsx",),
    "rollforward": ("poolwright rollforward --from 2025-01-01 --to 2025-09-01",),
    "proposals list": ("poolwright proposals list --deal demo_consumer",),
    "proposals show": ("poolwright proposals show PROPOSAL",),
    "proposals export": ("poolwright proposals export PROPOSAL --format xlsx --out list.xlsx",),
    "proposals verify-list": (
        "poolwright proposals verify-list list.xlsx",
        "poolwright proposals verify-list list.csv --alone",
    ),
    "replay": ("poolwright replay PROPOSAL",),
    "evidence make": (
        "poolwright evidence make PROPOSAL --out purchase.zip",
        "poolwright evidence make PROPOSAL --out purchase.zip --sign key.pem",
    ),
    "evidence check": (
        "poolwright evidence check purchase.zip",
        "poolwright evidence check purchase.zip --head head.json --key key.pem.pub",
    ),
    "approve": (
        "poolwright approve PROPOSAL --as bob",
        'poolwright approve PROPOSAL --on 2025-09-01 --accept-near-duplicates "Two phones, two deliveries" --as bob',
    ),
    "reject": ('poolwright reject PROPOSAL --reason "Cash is needed elsewhere" --as bob',),
    "settle": ("poolwright settle PROPOSAL --cash 293999.41 --on 2025-09-01 --as bob",),
    "substitute": (
        "poolwright substitute PROPOSAL --receivable R1 --clause E20 --reason Late --price 500 --cash 12.40 --as bob",
    ),
    "release": ('poolwright release --deal demo_consumer --receivable R1 --reason "Paid off" --as bob',),
    "repurchase": (
        (
            "poolwright repurchase --deal demo_consumer --as-of 2025-09-01 --receivable R1 --clause E20 --reason Late "
            "--price 512.40 --as bob"
        ),
    ),
    "clean-up": ("poolwright clean-up --deal demo_consumer --as-of 2027-06-01 --price 90000 --as bob",),
    "ledger verify": (
        "poolwright ledger verify --json",
        "poolwright ledger verify --head head.json --key witness.pem.pub --export entries.jsonl",
    ),
    "ledger head": ("poolwright ledger head --out head.json --sign witness.pem",),
    "ledger new-key": ("poolwright ledger new-key --out witness.pem",),
    "ledger positions": ("poolwright ledger positions --deal demo_consumer",),
    "ledger history": ("poolwright ledger history",),
    "ledger export": ("poolwright ledger export --out entries.jsonl",),
    "people add": (
        "poolwright people add root --role admin",
        "poolwright people add alice --role proposer --as root",
    ),
    "people list": ("poolwright people list",),
    "people retire": ('poolwright people retire alice --reason "left the platform" --as root',),
    "deals check": ("poolwright deals check", "poolwright deals check demo_consumer"),
    "deals show": ("poolwright deals show demo_consumer",),
    "deals diff": ("poolwright deals diff demo_consumer cn_consumer_instalment",),
    "deals render": ("poolwright deals render demo_consumer --language zh --out deal.md",),
    "deals days": ("poolwright deals days demo_consumer --from 2025-09-01 --to 2025-12-31",),
    "deals schema": ("poolwright deals schema",),
    "pool collections": ("poolwright pool collections --as-of 2025-09-02 --deal demo_consumer",),
    "pool turnover": ("poolwright pool turnover --as-of 2025-09-02 --deal demo_consumer",),
    "pool dilution": ("poolwright pool dilution --as-of 2025-09-02 --deal demo_consumer",),
    "pool warranties": ("poolwright pool warranties --as-of 2025-09-02 --deal demo_consumer",),
    "pool rollforward": ("poolwright pool rollforward --as-of 2025-09-02 --deal demo_consumer --every month",),
    "pool static": ("poolwright pool static --as-of 2025-09-02 --deal demo_consumer",),
    "pool delinquency": ("poolwright pool delinquency --as-of 2025-09-02 --deal demo_consumer",),
    "pool strata": ("poolwright pool strata --as-of 2025-09-02 --deal demo_consumer",),
    "pool drift": ("poolwright pool drift --as-of 2025-09-02 --deal demo_consumer",),
    "pool triggers": ("poolwright pool triggers --as-of 2025-09-02 --deal demo_consumer",),
    "pool watch": ("poolwright pool watch --as-of 2025-09-02 --deal demo_consumer",),
    "doctor": ("poolwright doctor", "poolwright doctor --engine spark --json"),
    "tables": ("poolwright tables",),
    "ui": ("poolwright ui", "poolwright ui --port 9000"),
    "runs": ("poolwright runs --json",),
}


def show_examples(app: typer.Typer) -> None:
    """Let the help of every command end with its examples."""
    for path, info in infos(app):
        # \b keeps typer from filling the lines up as it does with prose
        lines = "\n".join(f"  {line}" for line in EXAMPLES.get(path, ()))
        info.epilog = f"\b\n{HEAD}\n{lines}" if lines else None


def infos(app: typer.Typer, above: str = "") -> Iterator[tuple[str, CommandInfo | TyperInfo]]:
    """Give every command of the command line by its words; a group that does something by itself is one too."""
    for info in app.registered_commands:
        name = info.name or str(info.callback.__name__ if info.callback else "").replace("_", "-")
        yield f"{above}{name}", info
    for group in app.registered_groups:
        own = group.typer_instance.registered_callback if group.typer_instance else None
        if own and own.invoke_without_command is True:
            yield f"{above}{group.name}", own
        if group.typer_instance:
            yield from infos(group.typer_instance, f"{above}{group.name} ")
