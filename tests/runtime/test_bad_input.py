"""Bad input, one test each: a code in quarantine or a plain error, and no row lost."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runtime.mapping_plan import plan_mapping
from runtime.refine import check_source
from runtime.refine_shape import Delivery
from schemas.errors import ConfigurationError, SourceError
from tests.runtime.conftest import Refining, platform

USERS = "uid,kind,birth,income,t\n"
GOOD = "u1,P,1990-01-31,50000,2025-01-01 10:00:00\n"
LOAN = '{"loan":"L1","uid":"u1","d":"2025-01-02","prin":100.00}\n'
PLAN = (
    "loan,ver,n,due,prin,t\nL1,1,1,2025-02-02,50.00,2025-01-02 08:00:00\nL1,1,2,2025-03-02,50.00,2025-01-02 08:00:00\n"
)


def parquet(**columns: list[Any]) -> bytes:
    """Write columns as a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def users(*lines: str) -> dict[str, str | bytes]:
    """Give a users file with one good row and these lines."""
    return {"users.csv": USERS + GOOD + "".join(line + "\n" for line in lines)}


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("u2,P,1990-01-31,much,2025-01-01 10:00:00", "NOT_CONVERTIBLE", "annual_income_amount"),
        ("u2,P,1990-01-31,-1,2025-01-01 10:00:00", "OUT_OF_BOUNDS", "annual_income_amount"),
        ("u2,P,1990-02-31,1,2025-01-01 10:00:00", "NOT_CONVERTIBLE", "born_on"),
        ("u2,ALIEN,1990-01-31,1,2025-01-01 10:00:00", "UNKNOWN_VALUE", "customer_type"),
        (",P,1990-01-31,1,2025-01-01 10:00:00", "REQUIRED_MISSING", "borrower_id"),
        ("u1,P,1991-01-31,50000,2025-01-01 10:00:00", "DUPLICATE_KEY", "borrower_id"),
        ("u2,P,1990-01-31", "BROKEN_LINE", None),
    ],
    ids=[
        "wrong type",
        "negative amount",
        "impossible date",
        "unknown enumeration",
        "nothing",
        "duplicate key",
        "broken",
    ],
)
def test_a_bad_row_is_quarantined_with_its_code(refining: Refining, line: str, code: str, column: str | None) -> None:
    """The good row is published, the bad one is in quarantine with the rule, the column, and its place."""
    outcome = refining(platform("borrowers"), users(line))
    assert outcome.codes("borrowers") == {code: 1}
    assert [row["borrower_id"] for row in outcome.rows("borrowers")] == ["u1"]
    (bad,) = outcome.quarantined("borrowers")
    assert (bad["column_name"], bad["file"], bad["line_number"]) == (column, "users.csv", 2)


def test_an_identical_repeat_is_merged(refining: Refining) -> None:
    """The same row twice is one row."""
    account = refining(platform("borrowers"), users(GOOD.strip())).account("borrowers")
    assert (account.read, account.merged, account.published, account.quarantined) == (2, 1, 1, 0)


def test_an_event_after_its_delivery_is_quarantined(refining: Refining) -> None:
    """A row in the folder of a day cannot have happened on the next."""
    late = USERS + GOOD + "u2,P,1990-01-31,1,2025-01-02 00:00:00\n"
    outcome = refining(platform("borrowers", deliveries="folder-by-day"), {"2025-01-01/users.csv": late})
    assert outcome.codes("borrowers") == {"FUTURE_EVENT": 1}


def test_a_missing_column_is_an_error_that_names_it(refining: Refining) -> None:
    """The error says which column is missing, in which file, and what the file has."""
    with pytest.raises(SourceError) as caught:
        refining(platform("borrowers"), {"users.csv": "uid,kind,birth,t\nu1,P,1990-01-31,2025-01-01 10:00:00\n"})
    assert "users.csv" in caught.value.found
    assert "no column income; it has birth, kind, t, uid" in caught.value.found


def test_a_missing_file_is_an_error_that_says_what_is_there(refining: Refining) -> None:
    """A source that is one delivery must hold every file that its mapping names."""
    with pytest.raises(SourceError, match=r"no file users\.csv .*other\.csv"):
        refining(platform("borrowers"), {"other.csv": "a\n"})
    with pytest.raises(SourceError, match=r"which holds 0\.csv, .* and 92 more\n") as caught:
        refining(platform("borrowers"), {f"{number}.csv": "a\n" for number in range(100)})
    assert len(caught.value.found) < 300


def test_a_truncated_parquet_file_is_one_quarantined_row(refining: Refining) -> None:
    """The other file of the table goes on."""
    whole = parquet(pay=["p1"], loan=["L1"], d=["2025-02-02"], amount=[50.0])
    mapping = platform("borrowers", "receivables", "repayments")
    mapping["tables"]["repayments"] = [{**mapping["tables"]["repayments"][0], "files": ["pays*.parquet"]}]
    files = {**users(), "loans.jsonl": LOAN, "pays.parquet": whole, "pays-2.parquet": whole[:-20]}
    outcome = refining(mapping, files)
    assert outcome.codes("repayments") == {"UNREADABLE_FILE": 1}
    assert outcome.account("repayments").published == 1
    (bad,) = outcome.quarantined("repayments")
    assert (bad["file"], bad["line_number"]) == ("pays-2.parquet", 0)


def test_an_unreadable_file_is_one_quarantined_row(refining: Refining) -> None:
    """A file that is not what its name says is told by name, and nothing stops."""
    mapping = platform("borrowers")
    mapping["tables"]["borrowers"] = [{**mapping["tables"]["borrowers"][0], "files": ["users*.csv*"]}]
    outcome = refining(mapping, {**users(), "users-2.csv.gz": b"this is no gzip"})
    assert outcome.codes("borrowers") == {"UNREADABLE_FILE": 1}
    assert outcome.account("borrowers").published == 1


def test_an_empty_file_has_no_rows(refining: Refining) -> None:
    """Nothing was said, nothing is wrong."""
    account = refining(platform("borrowers"), {"users.csv": ""}).account("borrowers")
    assert account.read == 0


def test_empty_files_of_other_formats(refining: Refining) -> None:
    """JSON lines without a line have no rows; nothing at all is no Parquet file, and that is told by name."""
    mapping = platform("borrowers", "receivables", "repayments")
    outcome = refining(mapping, {**users(), "loans.jsonl": "", "pays.parquet": b""})
    assert outcome.account("receivables").read == 0
    assert outcome.codes("repayments") == {"UNREADABLE_FILE": 1}
    outcome = refining(
        mapping, {**users(), "loans.jsonl": LOAN, "pays.parquet": parquet(pay=[], loan=[], d=[], amount=[])}
    )
    assert outcome.account("repayments").read == 0


def test_wrong_encoding_is_quarantined_row_by_row(refining: Refining) -> None:
    """A line that is not UTF-8 does not take its neighbours with it."""
    lines = (USERS + GOOD).encode() + "u2,Müller,1990-01-31,1,2025-01-01 10:00:00\n".encode("latin-1")
    outcome = refining(platform("borrowers"), {"users.csv": lines})
    assert outcome.codes("borrowers") == {"WRONG_ENCODING": 1}
    assert outcome.account("borrowers").published == 1


def test_an_open_quote_loses_no_line(refining: Refining) -> None:
    """Every line that an open quote swallows is counted as broken."""
    outcome = refining(platform("borrowers"), users('"u2,P,1990-01-31,1,2025-01-01 10:00:00', "u3,P,,,", "u4,P,,,"))
    assert outcome.codes("borrowers") == {"BROKEN_LINE": 3}
    assert [row["line_number"] for row in outcome.quarantined("borrowers")] == [2, 3, 4]


def test_a_schedule_that_does_not_sum_is_quarantined_whole(refining: Refining) -> None:
    """No line of a schedule stands when its principal is not the receivable's; the other schedule does."""
    loans = LOAN + LOAN.replace("L1", "L2")
    plans = PLAN + "L2,1,1,2025-02-02,50.00,2025-01-02 08:00:00\nL2,1,2,2025-03-02,49.99,2025-01-02 08:00:00\n"
    outcome = refining(
        platform("borrowers", "receivables", "instalments"), {**users(), "loans.jsonl": loans, "plans.csv": plans}
    )
    assert outcome.codes("instalments") == {"SCHEDULE_DOES_NOT_SUM": 2}
    assert {row["receivable_id"] for row in outcome.rows("instalments")} == {"L1"}


def test_a_repayment_of_an_unknown_receivable_is_quarantined(refining: Refining) -> None:
    """What cannot be tied to a receivable is not collected on any."""
    pays = parquet(pay=["p1", "p2"], loan=["L1", "L9"], d=["2025-02-02"] * 2, amount=[50.0, 50.0])
    outcome = refining(
        platform("borrowers", "receivables", "repayments"), {**users(), "loans.jsonl": LOAN, "pays.parquet": pays}
    )
    assert outcome.codes("repayments") == {"UNKNOWN_REFERENCE": 1}
    assert [row["repayment_id"] for row in outcome.rows("repayments")] == ["p1"]


def test_what_rests_on_a_quarantined_row_is_quarantined_too(refining: Refining) -> None:
    """A loan of a borrower who was refused is refused, and so is its repayment."""
    pays = parquet(pay=["p1"], loan=["L1"], d=["2025-02-02"], amount=[50.0])
    files = {"users.csv": USERS + GOOD.replace(",P,", ",ALIEN,"), "loans.jsonl": LOAN, "pays.parquet": pays}
    outcome = refining(platform("borrowers", "receivables", "repayments"), files)
    assert outcome.codes("receivables") == {"UNKNOWN_REFERENCE": 1}
    assert outcome.codes("repayments") == {"UNKNOWN_REFERENCE": 1}


def test_check_tells_codes_columns_and_sample_rows(engine: Any, tmp_path: Any) -> None:
    """`sources check` finds what ingest would quarantine or refuse, with at most three rows each."""
    (tmp_path / "users.csv").write_text(USERS + "".join(f"u{n},P,1990-02-30,1,2025-01-01 10:00:00\n" for n in range(5)))
    plan = plan_mapping(platform("borrowers"), "the test")
    (finding,) = check_source(engine, Delivery(plan, tmp_path), tmp_path / "work")
    assert (finding.table, finding.code, finding.column, finding.count) == (
        "borrowers",
        "NOT_CONVERTIBLE",
        "born_on",
        5,
    )
    assert [sample["row"] for sample in finding.samples] == [1, 2, 3]
    assert "1990-02-30" in str(finding.samples[0]["raw"])
    (tmp_path / "users.csv").write_text("uid,kind,t\nu1,P,2025-01-01 10:00:00\n")
    (finding,) = check_source(engine, Delivery(plan, tmp_path), tmp_path / "work")
    assert (finding.code, finding.count) == ("MISSING_COLUMN", 1)


def test_personal_columns_need_a_secret(refining: Refining) -> None:
    """Without a secret nothing is read at all."""
    mapping = platform("borrowers")
    mapping["tables"]["borrowers"] = [{**mapping["tables"]["borrowers"][0], "pseudonymize": ["uid"]}]
    with pytest.raises(ConfigurationError, match="POOLWRIGHT_PSEUDONYM_SECRET"):
        refining(mapping, users())
