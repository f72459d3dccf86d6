"""The language on the engine: what each function gives, and that bad text gives null."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from schemas.expression import parse
from schemas.spark import compile_expression, failed_conversions
from schemas.spark_types import engine_type
from schemas.table import Kind

COLUMNS = {"raw": Kind.TEXT}


def evaluated(engine: SparkSession, texts: list[str]) -> list[Any]:
    """Give the value of each expression, in one engine call."""
    frame = one_row(engine)
    columns = [compile_expression(parse(text, COLUMNS)).alias(f"c{n}") for n, text in enumerate(texts)]
    return list(frame.select(*columns).toArrow().to_pylist()[0].values())


def one_row(engine: SparkSession) -> DataFrame:
    return engine.createDataFrame([("x",)], "raw string")


def check(engine: SparkSession, promised: dict[str, Any]) -> None:
    """Compare many expressions with what they must give."""
    found = dict(zip(promised, evaluated(engine, list(promised)), strict=True))
    assert found == promised


def test_money_is_read_exactly_and_never_guessed(engine: SparkSession) -> None:
    """Half cents round away from zero; exponents, words and overflow are null."""
    check(
        engine,
        {
            "to_money('12.345')": Decimal("12.35"),
            "to_money('-12.345')": Decimal("-12.35"),
            "to_money(' 0012. ')": Decimal("12.00"),
            "to_money('.5')": Decimal("0.50"),
            "to_money('1e3')": None,
            "to_money('NaN')": None,
            "to_money('Infinity')": None,
            "to_money('1,000')": None,
            "to_money('')": None,
            "to_money('9999999999999999.999')": None,
            "to_money('99999999999999999')": None,
            "to_money(to_real('2.5e2'))": Decimal("250.00"),
            "to_money(to_real('-0.125'))": Decimal("-0.13"),
            "to_money(to_real('1e20'))": None,
            "to_rate('0.0499995')": Decimal("0.050000"),
            "to_rate('1000')": None,
            "to_rate(to_real('5.99') / 100)": Decimal("0.059900"),
        },
    )


def test_numbers_and_flags_are_read_or_null(engine: SparkSession) -> None:
    """Whole numbers, doubles and flags take what is written out and nothing else."""
    check(
        engine,
        {
            "to_count(' 36')": 36,
            "to_count('36.0')": 36,
            "to_count('36.5')": None,
            "to_count('1234567890123456')": None,
            "to_number('-3')": -3,
            "to_real('1e3')": 1000.0,
            "to_real('-.5E-1')": -0.05,
            "to_real('NaN')": None,
            "to_real('1e400')": None,
            "to_flag('Yes')": True,
            "to_flag('0')": False,
            "to_flag('maybe')": None,
        },
    )


def test_days_and_moments_are_read_by_pattern(engine: SparkSession) -> None:
    """Patterns of fixed width, month names, two-digit years, fractions, zones and offsets."""
    check(
        engine,
        {
            "to_date('2024-02-29', 'yyyy-MM-dd')": date(2024, 2, 29),
            "to_date('2023-02-29', 'yyyy-MM-dd')": None,
            "to_date('2023-2-9', 'yyyy-MM-dd')": None,
            "to_date('490101', 'yyMMdd')": date(2049, 1, 1),
            "to_date('500101', 'yyMMdd')": date(1950, 1, 1),
            "to_date('03/2022', 'MM/yyyy')": date(2022, 3, 1),
            "to_date('dEC-2011', 'MMM-yyyy')": date(2011, 12, 1),
            "to_date(' 31.01.2024 23:59:59', 'dd.MM.yyyy HH:mm:ss')": date(2024, 1, 31),
            "to_date('2024-01-01 24:00:00', 'yyyy-MM-dd HH:mm:ss')": None,
            "to_moment('2024-01-31 08:00:00', 'yyyy-MM-dd HH:mm:ss', 'Asia/Shanghai')": datetime(
                2024, 1, 31, tzinfo=UTC
            ),
            "to_moment('2024-01-31T08:00:00.1234567', 'yyyy-MM-ddTHH:mm:ss', 'UTC')": datetime(
                2024, 1, 31, 8, 0, 0, 123456, tzinfo=UTC
            ),
            "to_moment('2024-01-31T08:00:00.5Z', 'yyyy-MM-ddTHH:mm:ssX')": datetime(
                2024, 1, 31, 8, 0, 0, 500000, tzinfo=UTC
            ),
            "to_moment('2024-01-31T08:00+0530', 'yyyy-MM-ddTHH:mmX')": datetime(2024, 1, 31, 2, 30, tzinfo=UTC),
            "to_moment('2023-03-12 02:30', 'yyyy-MM-dd HH:mm', 'America/New_York')": datetime(
                2023, 3, 12, 7, 30, tzinfo=UTC
            ),
            "to_moment('2023-11-05 01:30', 'yyyy-MM-dd HH:mm', 'America/New_York')": datetime(
                2023, 11, 5, 5, 30, tzinfo=UTC
            ),
            "to_moment('20240131', 'yyyyMMdd', 'Asia/Shanghai')": datetime(2024, 1, 30, 16, tzinfo=UTC),
            "local_day('2024-01-30T16:00:00Z', 'Asia/Shanghai')": date(2024, 1, 31),
            "day_start('2024-01-31', 'Asia/Shanghai')": datetime(2024, 1, 30, 16, tzinfo=UTC),
        },
    )


def test_calendar_arithmetic_stays_in_the_calendar(engine: SparkSession) -> None:
    """Days, months and years are whole; beyond the calendar is null."""
    check(
        engine,
        {
            "add_days('2024-02-28', 2)": date(2024, 3, 1),
            "add_days('2024-02-28', 999999999999)": None,
            "add_days('2024-02-28', 3000000)": None,
            "add_months('2024-01-31', 1)": date(2024, 2, 29),
            "add_months('2024-01-31', 999999)": None,
            "days_between('2024-03-01', '2024-02-28')": 2,
            "DATE '2024-03-01' - DATE '2024-02-28'": 2,
            "months_between('2024-03-30', '2024-01-31')": 1,
            "years_between('2024-02-28', '2000-02-29')": 23,
            "years_between('2024-02-29', '2000-02-29')": 24,
            "years_between('1999-02-28', '2000-02-28')": -1,
            "year(DATE '2024-03-01') * 100 + month('2024-03-01')": 202403.0,
        },
    )


def test_arithmetic_never_raises(engine: SparkSession) -> None:
    """Nothing divided by zero, no overflow: null."""
    check(
        engine,
        {
            "1 / 0": None,
            "1.0 / (2 - 2)": None,
            "7 / 2": 3.5,
            "to_money('9999999999999999.99') + 1": None,
            "to_money('1.10') + to_money('2.20') = 3.30": True,
            "to_rate('0.1') + 0.2": Decimal("0.300000"),
            "round(2.5, 0)": 3.0,
            "round(-2.345, 2)": -2.35,
            "floor(-2.5)": -3,
            "floor(to_real('1e30'))": None,
            "abs(to_money('-3'))": Decimal("3.00"),
            "-to_count('5') - 3": -8,
            "least(3, to_count(''), 2)": 2,
            "greatest('a', 'c', 'b')": "c",
        },
    )


def test_texts_and_logic(engine: SparkSession) -> None:
    """Text functions, CASE, IN, LIKE and three-valued logic."""
    check(
        engine,
        {
            "concat('a', to_text(3), to_text(to_money('2')))": "a32.00",
            "concat('a', nullif('b', 'b'))": None,
            "substring('poolwright', 5, 3)": "wri",
            "replace('10.65%', '%', '')": "10.65",
            "length('贷款')": 2,
            "starts_with('abc', 'ab')": True,
            "raw like '_' and raw not in ('y', 'z')": True,
            "raw in ('x') and to_flag('') ": None,
            "raw = 'y' and to_flag('')": False,
            "raw = 'x' or to_flag('')": True,
            "to_flag('') is null and to_flag('') is not true": True,
            "case raw when 'y' then 1 when 'x' then 2.5 end": 2.5,
            "case when raw = 'y' then DATE '2024-01-01' end": None,
            "3 between 1 and 3": True,
            "raw <> 'x'": False,
        },
    )


FAILURES = {
    "to_money('abc')": True,
    "to_money(' ')": False,
    "to_money('1')": False,
    "to_money(nullif(raw, 'x'))": False,
    "coalesce(to_money('abc'), 0)": True,
    "coalesce(to_date('03/2022', 'yyyy-MM'), to_date('03/2022', 'MM/yyyy'))": False,
    "case when raw = 'y' then to_money('abc') else 0 end": False,
    "case when raw = 'x' then to_money('abc') else 0 end": True,
    "case when to_flag('abc') then 1 else 2 end": True,
    "to_money('abc') > 3 or raw = 'x'": True,
    "upper(raw)": False,
    "to_count(to_text(to_money('1.5')))": True,
}


def test_failed_conversions_are_told_from_blanks(engine: SparkSession) -> None:
    """A value that is there and cannot be read is a failure; a blank, an untaken branch, a second pattern are not."""
    columns = [failed_conversions(parse(text, COLUMNS)).alias(f"c{n}") for n, text in enumerate(FAILURES)]
    found = one_row(engine).select(*columns).collect()[0]
    assert dict(zip(FAILURES, found, strict=True)) == FAILURES


@pytest.mark.parametrize("kind", list(Kind))
def test_null_and_columns_have_the_type_of_their_kind(engine: SparkSession, kind: Kind) -> None:
    """A NULL asked for as a kind compiles to the engine's type of that kind."""
    column = compile_expression(parse("null", {}, kind)).alias("c")
    assert one_row(engine).select(column).schema["c"].dataType == engine_type(kind)
