#!/usr/bin/env bash
# The main job from nothing: a simulated platform's logs become a trained model and two days' purchases, with a report.
# Usage: demo.sh FOLDER. Run it again and it says what stands already.
set -euo pipefail

FOLDER=${1:?folder for the demo}
mkdir -p "$FOLDER"
RAW=$FOLDER/raw
export POOLWRIGHT_HOME=$FOLDER/workspace
export POOLWRIGHT_PSEUDONYM_SECRET=${POOLWRIGHT_PSEUDONYM_SECRET:-for-simulated-people-only}
DEAL=demo_consumer
FIRST_DAY=2024-01-01
DAYS=${DEMO_DAYS:-610}
BORROWERS=${DEMO_BORROWERS:-3000}
MONDAY=$(date -d "$FIRST_DAY + $((DAYS - 1)) days" +%F)
TUESDAY=$(date -d "$FIRST_DAY + $DAYS days" +%F)

say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
as() { POOLWRIGHT_SECRET="secret of $1" "${@:2}" --as "$1"; }
said() { python -c 'import json, sys; print(json.loads(sys.argv[2])[sys.argv[1]])' "$@"; }

purchase() {  # purchase DAY CASH: the daily batch and its proposal, review, approval by another person, settlement, report
    proposed=$(as alice poolwright propose --as-of "$1" --deal $DEAL --cash "$2" --json)
    proposal=$(said proposal "$proposed")
    poolwright proposals show "$proposal"
    as bob poolwright approve "$proposal" --on "$1" \
        --accept-near-duplicates "Simulated people buy the same thing twice; bob has looked at each group"
    poolwright proposals export "$proposal" --format csv --out "$FOLDER/purchase-$1.csv"
    poolwright proposals verify-list "$FOLDER/purchase-$1.csv"
    as bob poolwright settle "$proposal" --cash "$(said price_amount "$proposed")" --on "$1"
    poolwright report --as-of "$1" --deal $DEAL
}

say "1. A lending platform of $BORROWERS borrowers writes $DAYS days of logs"
[ -d "$RAW/truth" ] || poolwright simulate --out "$RAW" --borrowers "$BORROWERS" --days "$DAYS" --first-day $FIRST_DAY

say "2. The logs known before $MONDAY become tables"
poolwright ingest --source simulated --from "$RAW" --until "$MONDAY"

say "3. Three people: an administrator, alice who trains and proposes, bob who approves"
if ! poolwright ledger verify --json | grep -q '"people": 3'; then
    POOLWRIGHT_SECRET="secret of root" poolwright people add root --role admin
    for person in alice:proposer bob:approver; do
        POOLWRIGHT_ADMIN_SECRET="secret of root" POOLWRIGHT_SECRET="secret of ${person%:*}" \
            poolwright people add "${person%:*}" --role "${person#*:}" --as root
    done
fi

say "4. Alice trains a default-probability model and signs for it; nothing scores until bob has judged it"
as alice poolwright train --as-of "$MONDAY"
if ! poolwright models list --json | grep -q '"champion"'; then
    as bob poolwright models promote 1 --reason "First model of this platform: bob has read its card and its gates" ||
        { poolwright models show 1; exit 1; }
fi

say "5. Monday $MONDAY: screen, propose, approve, settle"
purchase "$MONDAY" 300000

say "6. Tuesday $TUESDAY: a day more of logs, a second purchase"
poolwright ingest --source simulated --from "$RAW" --until "$TUESDAY"
purchase "$TUESDAY" 150000

say "7. The model is watched: does it still see what it learned from?"
poolwright monitor --as-of "$TUESDAY" || [ $? -eq 1 ]  # 1: a grave alarm, told and kept

say "8. What stands"
poolwright ledger head --out "$FOLDER/head.json"
poolwright ledger export --out "$FOLDER/ledger.jsonl"
poolwright ledger verify --head "$FOLDER/head.json"
poolwright ledger verify --head "$FOLDER/head.json" --export "$FOLDER/ledger.jsonl"
poolwright runs
poolwright models card champion --out "$POOLWRIGHT_HOME/reports/model-card.html"
say "Look at all of it: .venv/bin/poolwright ui --home $POOLWRIGHT_HOME, and sign in as bob with 'secret of bob'"
say "The reports are in $POOLWRIGHT_HOME/reports: open $POOLWRIGHT_HOME/reports/$DEAL-$TUESDAY.html"
