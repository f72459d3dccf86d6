"""Refining: what a mapping's reshaping does to rows, how versions meet, and that every row is accounted for."""

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from runtime.mapping_plan import load_mapping
from runtime.pseudonym import pseudonym
from runtime.raw import delivery_days
from runtime.refine import refine
from runtime.refine_shape import Delivery
from schemas.errors import SourceError
from schemas.hashing import length_prefixed, receivable_key
from simulate.platform import simulate
from tests.runtime.conftest import MOMENT, Refining, platform

SECRET = b"0123456789abcdef"
SIMULATED = Path(__file__).parents[2] / "conf" / "sources" / "simulated.yaml"
USERS = "uid,kind,birth,income,t\n"


def borrowers(**changes: Any) -> dict[str, Any]:
    """Give the tiny mapping's borrowers alone, with keys of its part changed."""
    mapping = platform("borrowers")
    mapping["tables"]["borrowers"] = [{**mapping["tables"]["borrowers"][0], **changes}]
    return mapping


def line(uid: str = "u1", income: str = "1", t: str = "2025-01-01 10:00:00") -> str:
    """Write one line of the users file."""
    return f"{uid},P,1990-01-31,{income},{t}\n"


def test_filtered_rows_are_counted_not_lost(refining: Refining) -> None:
    """What the filter is not true for, null included, is filtered."""
    mapping = borrowers(filter="to_money(income) > 10")
    account = refining(mapping, {"users.csv": USERS + line("a", "11") + line("b", "9") + line("c", "")}).account(
        "borrowers"
    )
    assert (account.read, account.filtered, account.published) == (3, 2, 1)


def test_grouping_folds_into_the_first_row(refining: Refining) -> None:
    """Sums, bounds and counts go over all rows of the group; every other column is the first row's."""
    mapping = borrowers(
        group={"by": ["uid"], "take": {"income": "sum", "t": "min"}},
        columns={**platform("borrowers")["tables"]["borrowers"][0]["columns"], "region_code": "kind"},
    )
    text = USERS + line("a", "1.10", "2025-01-03 10:00:00") + line("b") + line("a", "2.20") + line("a", "")
    outcome = refining(mapping, {"users.csv": text})
    account = outcome.account("borrowers")
    assert (account.read, account.merged, account.published) == (4, 2, 2)
    row = outcome.rows("borrowers")[0]
    assert (row["annual_income_amount"], row["happened_at"].day) == (Decimal("3.30"), 1)


def test_a_sum_over_no_number_is_quarantined_not_wrong(refining: Refining) -> None:
    """A group with one bad amount has no sum."""
    mapping = borrowers(group={"by": ["uid"], "take": {"income": "sum"}})
    outcome = refining(mapping, {"users.csv": USERS + line("a", "1") + line("a", "much") + line("b", "1")})
    assert outcome.codes("borrowers") == {"NOT_CONVERTIBLE": 1}
    assert (outcome.account("borrowers").merged, outcome.account("borrowers").published) == (1, 1)


def test_unpivot_counts_a_row_once_an_index(refining: Refining) -> None:
    """One wide row of two months is two rows; its broken neighbour is one."""
    mapping = borrowers(
        unpivot={
            "index": "n",
            "from": 1,
            "to": 2,
            "columns": {"now": "m{n}", "before": "m{n-1}"},
            "instead": {"m0": "s"},
        },
        columns={
            "borrower_id": "concat(uid, '-', to_text(n))",
            "annual_income_amount": "to_money(now) - to_money(before)",
            "happened_at": MOMENT,
        },
        words={},
    )
    outcome = refining(mapping, {"users.csv": "uid,t,s,m1,m2\na,2025-01-01 10:00:00,1,3,7\nb,x\n"})
    assert outcome.account("borrowers").read == 3
    assert outcome.codes("borrowers") == {"BROKEN_LINE": 1}
    assert [(row["borrower_id"], row["annual_income_amount"]) for row in outcome.rows("borrowers")] == [
        ("a-1", 2),
        ("a-2", 4),
    ]


def test_a_lookup_brings_columns_and_must_be_unique(refining: Refining) -> None:
    """What is not found is null; what is found twice is an error unless filter or group makes it one."""
    lookup = {"files": ["regions.csv"], "format": "csv", "on": {"uid": "who"}, "columns": ["place"]}
    columns = {**platform("borrowers")["tables"]["borrowers"][0]["columns"], "region_code": "home.place"}
    files = {"users.csv": USERS + line("a") + line("b"), "regions.csv": "who,place,main\na,X,1\na,Y,0\nc,Z,1\n"}
    with pytest.raises(SourceError, match="lookup home has several rows for a"):
        refining(borrowers(lookup={"home": lookup}, columns=columns), files)
    outcome = refining(borrowers(lookup={"home": {**lookup, "filter": "main = '1'"}}, columns=columns), files)
    assert [row["region_code"] for row in outcome.rows("borrowers")] == ["X", None]
    grouped = borrowers(
        lookup={"home": {**lookup, "group": {"by": ["who"], "take": {"place": "last"}}}}, columns=columns
    )
    assert [row["region_code"] for row in refining(grouped, files).rows("borrowers")] == ["Y", None]


@pytest.mark.parametrize("how", ["first", "last", "min", "max", "count"])
def test_what_a_group_takes(refining: Refining, how: str) -> None:
    """Each aggregate over the same three rows."""
    mapping = borrowers(group={"by": ["uid"], "take": {"income": how}})
    outcome = refining(mapping, {"users.csv": USERS + line("a", "2") + line("a", "3") + line("a", "1")})
    wanted = {"first": 2, "last": 1, "min": 1, "max": 3, "count": 3}
    assert outcome.rows("borrowers")[0]["annual_income_amount"] == wanted[how]


def test_a_running_sum_sees_only_earlier_rows(refining: Refining) -> None:
    """In the declared order, not the file's, and per group."""
    mapping = borrowers(
        running={"before": {"sum": "income", "by": ["kind"], "order": ["t"]}},
        columns={"borrower_id": "uid", "annual_income_amount": "to_money(before)", "happened_at": MOMENT},
        words={},
    )
    text = (
        USERS + line("late", "5", "2025-01-03 10:00:00") + line("early", "7") + line("mid", "1", "2025-01-02 10:00:00")
    )
    rows = refining(mapping, {"users.csv": text}).rows("borrowers")
    assert {row["borrower_id"]: row["annual_income_amount"] for row in rows} == {"early": 0, "mid": 7, "late": 8}


def test_several_parts_feed_one_table(refining: Refining) -> None:
    """Two files, two ways of writing, one table; the first part stands where both say the same key."""
    mapping = borrowers()
    second = {
        "files": ["more.jsonl"],
        "format": "jsonl",
        "columns": {"borrower_id": "id", "happened_at": "to_moment(at, 'yyyy-MM-dd HH:mm:ss', 'UTC')"},
    }
    mapping["tables"]["borrowers"] += [second]
    more = '{"id": "b", "at": "2025-01-01 02:00:00"}\n{"id": "a", "at": "2025-01-01 02:00:00"}\n'
    outcome = refining(mapping, {"users.csv": USERS + line("a"), "more.jsonl": more})
    assert outcome.codes("borrowers") == {"DUPLICATE_KEY": 1}
    assert [row["customer_type"] for row in outcome.rows("borrowers")] == ["NATURAL_PERSON", None]


def test_versions_meet_what_is_published(refining: Refining) -> None:
    """Against other batches: the same again is merged, other content at the same time refused, a later version new."""
    mapping = platform("borrowers", deliveries="folder-by-day")
    first = refining(mapping, {"2025-01-01/users.csv": USERS + line("a", "1")})
    published = {"borrowers": first.tables["borrowers"].published}
    same = refining(mapping, {"2025-01-01/users.csv": USERS + line("a", "1")}, published)
    assert same.account("borrowers").merged == 1
    other = refining(mapping, {"2025-01-01/users.csv": USERS + line("a", "2")}, published)
    assert other.codes("borrowers") == {"DUPLICATE_KEY": 1}
    later = refining(mapping, {"2025-01-02/users.csv": USERS + line("a", "2")}, published)
    assert later.account("borrowers").published == 1


def test_a_reference_may_have_been_published_before(refining: Refining) -> None:
    """A loan of a borrower of another batch is sound."""
    everything = platform("borrowers", "receivables")
    first = refining(platform("borrowers"), {"users.csv": USERS + line("u1")})
    loans = (
        '{"loan":"L1","uid":"u1","d":"2025-01-02","prin":100}\n{"loan":"L2","uid":"u2","d":"2025-01-02","prin":100}\n'
    )
    everything["tables"] = {"receivables": everything["tables"]["receivables"]}
    outcome = refining(everything, {"loans.jsonl": loans}, {"borrowers": first.tables["borrowers"].published})
    assert outcome.codes("receivables") == {"UNKNOWN_REFERENCE": 1}
    assert [row["receivable_id"] for row in outcome.rows("receivables")] == ["L1"]


def test_a_corrected_line_is_judged_in_its_whole_schedule(refining: Refining) -> None:
    """A correction of one line alone is summed with the lines that stand published."""
    mapping = platform(deliveries="folder-by-day")
    mapping["tables"] = {name: mapping["tables"][name] for name in ("borrowers", "receivables", "instalments")}
    plan = "loan,ver,n,due,prin,t\n"
    t = "2025-01-02 08:00:00"
    day = {
        "2025-01-02/users.csv": USERS + line("u1"),
        "2025-01-02/loans.jsonl": '{"loan":"L1","uid":"u1","d":"2025-01-02","prin":100}\n',
        "2025-01-02/plans.csv": f"{plan}L1,1,1,2025-02-02,60,{t}\nL1,1,2,2025-03-02,40,{t}\n",
    }
    first = refining(mapping, day)
    assert first.account("instalments").published == 2
    published = {name: one.published for name, one in first.tables.items()}
    moved = refining(mapping, {"2025-01-03/plans.csv": f"{plan}L1,1,2,2025-03-05,40,{t}\n"}, published)
    assert moved.account("instalments").published == 1
    wrong = refining(mapping, {"2025-01-03/plans.csv": f"{plan}L1,1,2,2025-03-05,41,{t}\n"}, published)
    assert wrong.codes("instalments") == {"SCHEDULE_DOES_NOT_SUM": 1}


def test_known_at_is_the_end_of_the_delivery_day(refining: Refining) -> None:
    """Known by the start of the next local day, so visible as of it; `--known-on` says it for a whole source."""
    rows = refining(platform("borrowers", deliveries="folder-by-day"), {"2025-01-02/users.csv": USERS + line()}).rows(
        "borrowers"
    )
    assert rows[0]["known_at"].replace(tzinfo=UTC) == datetime(2025, 1, 2, 15, 59, 59, 999999, UTC)
    given_day = refining(platform("borrowers"), {"users.csv": USERS + line()}, known_on=date(2025, 1, 2)).rows(
        "borrowers"
    )
    assert given_day[0]["known_at"] == rows[0]["known_at"]
    unsaid = refining(platform("borrowers"), {"users.csv": USERS + line()}).rows("borrowers")
    assert unsaid[0]["known_at"] == unsaid[0]["happened_at"]


def test_only_the_asked_deliveries_are_read(refining: Refining, tmp_path: Path) -> None:
    """A daily batch reads its day; a day without a kind of file is no error; a folder without deliveries is."""
    files = {"2025-01-01/users.csv": USERS + line("a"), "2025-01-02/other.csv": "x\n", "truth/users.csv": "no"}
    mapping = platform("borrowers", deliveries="folder-by-day")
    assert refining(mapping, files, days=[date(2025, 1, 1)]).account("borrowers").read == 1
    assert refining(mapping, files, days=[date(2025, 1, 2)]).account("borrowers").read == 0
    with pytest.raises(SourceError, match="YYYY-MM-DD"):
        delivery_days(load_mapping(SIMULATED).mapping, tmp_path)


def test_personal_ids_reach_neither_table_nor_quarantine(refining: Refining) -> None:
    """Only the pseudonym is published, and the quarantined raw row leaves the column out."""
    mapping = borrowers(pseudonymize=["uid"])
    outcome = refining(mapping, {"users.csv": USERS + line("13800138000") + line("13900139000", "x")}, secret=SECRET)
    assert [row["borrower_id"] for row in outcome.rows("borrowers")] == [pseudonym("13800138000", SECRET)]
    (bad,) = outcome.quarantined("borrowers")
    assert '"income":"x"' in bad["raw"]
    assert "1390013900" not in str(bad)
    assert pseudonym("13900139000", SECRET) not in str(bad)


def test_the_receivable_key_is_the_house_one(refining: Refining) -> None:
    """The engine's expressions and the plain function give the same identity."""
    loans = (
        '{"loan":"合-1","uid":"u1","d":"2025-01-02","prin":0.50}\n'
        '{"loan":"L2","uid":"u1","d":"2025-11-02","prin":1234567.89}\n'
    )
    rows = refining(platform("borrowers", "receivables"), {"users.csv": USERS + line("u1"), "loans.jsonl": loans}).rows(
        "receivables"
    )
    wanted = [
        receivable_key("TINY", "L2", None, Decimal("1234567.89"), date(2025, 11, 2)),
        receivable_key("TINY", "合-1", None, Decimal("0.50"), date(2025, 1, 2)),
    ]
    assert [row["receivable_key"] for row in rows] == wanted


def test_the_record_hash_is_over_canonical_text(refining: Refining) -> None:
    """It says nothing of batch or time of knowing, and tells null from blank and neighbours apart."""
    row = refining(platform("borrowers"), {"users.csv": USERS + line("u1", "7")}).rows("borrowers")[0]
    moment = str(int(row["happened_at"].replace(tzinfo=UTC).timestamp() * 1_000_000))
    told = {
        "borrower_id": "u1",
        "customer_type": "NATURAL_PERSON",
        "born_on": "1990-01-31",
        "annual_income_amount": "7.00",
    }
    told |= {"happened_at": moment, "is_deleted": "false"}
    own = [name for name in row if name not in {"known_at", "source", "batch", "record_hash"}]
    text = "|".join(length_prefixed([told[name]]) if name in told else "-" for name in own)
    assert row["record_hash"] == hashlib.sha256(text.encode()).hexdigest()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", ""]), st.sampled_from(["1", "2", "x", "-1", ""])), min_size=1, max_size=12
    )
)
def test_every_row_has_exactly_one_fate(refining: Refining, rows: list[tuple[str, str]]) -> None:
    """Whatever mix of repeats, conflicts, nulls and broken values: a plain loop agrees on each count."""
    outcome = refining(platform("borrowers"), {"users.csv": USERS + "".join(line(uid, income) for uid, income in rows)})
    account = outcome.account("borrowers")
    standing: dict[str, str] = {}
    merged, codes = 0, dict.fromkeys(("NOT_CONVERTIBLE", "REQUIRED_MISSING", "OUT_OF_BOUNDS", "DUPLICATE_KEY"), 0)
    for uid, income in rows:
        code = (
            "NOT_CONVERTIBLE"
            if income == "x"
            else "REQUIRED_MISSING"
            if not uid
            else "OUT_OF_BOUNDS"
            if income == "-1"
            else ""
        )
        if not code and standing.setdefault(uid, income) != income:
            code = "DUPLICATE_KEY"
        if code:
            codes[code] += 1
        elif uid in standing:
            merged += 1
    merged -= len(standing)
    assert (account.read, account.published, account.merged) == (len(rows), len(standing), merged)
    assert account.codes == {code: count for code, count in codes.items() if count}


def test_the_simulated_platform_is_accounted_for_to_the_row(engine: SparkSession, tmp_path: Path) -> None:
    """Published is what it wrote soundly, merged its repeats, quarantined its broken rows; heartbeats are filtered."""
    summary = simulate(tmp_path / "raw", 300, 90, 11, date(2025, 1, 1), None)
    plan = load_mapping(SIMULATED)
    delivery = Delivery(plan, tmp_path / "raw", secret=SECRET)
    accounts = {one.table.name: one.accounting for one in refine(engine, delivery, tmp_path / "work", "b", {})}
    assert set(accounts) == set(plan.parts)
    for name, account in accounts.items():
        file = plan.mapping.tables[name][0].files[0]
        sound, repeated, broken = summary.rows[file], summary.repeated[file], sum(summary.broken[file].values())
        assert account.read == sound + repeated + broken, name
        if account.filtered:
            assert account.merged <= repeated, name
            assert 0 <= broken - account.quarantined <= account.filtered, name
        else:
            assert (account.published, account.merged, account.quarantined) == (sound, repeated, broken), name
