"""A deal's rules as sentences, in English and in Chinese."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from pool.clauses import Limit, Trigger, parsed
from pool.deal_calendar import After, DayRule, EveryDays
from schemas.table import Kind


class Told(NamedTuple):
    """One thing said in two languages."""

    en: str
    zh: str


LIMITS = {
    "member_share": Told("Largest share of one {name}", "单一{name}最大占比"),
    "attribute_share": Told("Share for which {name}", "满足 {name} 的占比"),
    "weighted_average": Told("Average of {name} by unpaid principal", "{name} 按未偿本金加权平均"),
    "member_count": Told("Number of different {name}", "{name} 的数量"),
    "total_amount": Told("Unpaid principal for which {name}", "满足 {name} 的未偿本金合计"),
}
TRIGGERS = {
    "cumulative_default_rate": Told("Cumulative default rate", "累计违约率"),
    "cumulative_loss_rate": Told("Cumulative net loss rate", "累计净损失率"),
    "severe_delinquency_rate": Told("Severe delinquency rate", "严重拖欠率"),
    "excess_spread": Told("Excess spread, a year", "年化超额利差"),
    "payment_rate": Told("Payment rate of the month", "月还款率"),
    "pool_balance": Told("Unpaid principal not in default", "未违约资产池余额"),
    "asset_coverage": Told("Pool and cash over the notes", "资产及现金对证券本金的覆盖率"),
    "idle_cash_share": Told("Share of cash not reinvested", "未再投资现金占比"),
    "days_past_expected_maturity": Told("Days past the expected maturity", "超过预期到期日的天数"),
    "turnover_late_days": Told("Days by which collections are paid over late", "回收款转付迟延天数"),
    "ineligible_share": Told("Share bought that was not eligible, by what is known now", "事后发现的不合格资产占比"),
}
PLAIN_NUMBERS = frozenset({"pool_balance", "days_past_expected_maturity", "turnover_late_days"})
EFFECTS = {
    "STOP_PURCHASES": Told("purchases stop", "停止循环购买"),
    "ACCELERATE": Told("the notes are repaid early", "加速清偿"),
}
DAYS = {
    "cut_off": Told("Cut-off", "基准日（封包日）"),
    "calculation": Told("Calculation", "计算日"),
    "purchase": Told("Purchase", "循环购买日"),
    "transfer": Told("Transfer of collections", "归集转付日"),
    "payment": Told("Payment", "兑付日"),
}
CONVENTIONS = {
    "UNADJUSTED": Told("on any day of the week", "不调整"),
    "FOLLOWING": Told("or the next business day", "遇非工作日顺延"),
    "MODIFIED_FOLLOWING": Told("or the next business day, within the month", "遇非工作日顺延，跨月则提前"),
    "PRECEDING": Told("or the business day before", "遇非工作日提前"),
}
ACCOUNTS = {
    "SUBSCRIPTION": Told("Subscription account", "募集账户"),
    "COLLECTION": Told("Collection account", "归集账户"),
    "PRINCIPAL": Told("Principal account", "本金账户"),
    "INCOME": Told("Income account", "收入账户"),
    "RESERVE": Told("Reserve account", "储备金账户"),
    "DEPOSIT": Told("Deposit account", "保证金账户"),
    "SUPERVISED": Told("Supervised account", "监管账户"),
}
PARTIES = {
    "originator": Told("Originator", "原始权益人"),
    "manager": Told("Manager", "计划管理人"),
    "trustee": Told("Trustee", "受托机构"),
    "servicer": Told("Servicer", "资产服务机构"),
    "custodian": Told("Custodian", "托管人"),
}


def percent(value: Decimal) -> str:
    """Write a share exactly.

    >>> percent(Decimal("0.0465"))
    '4.65 %'
    """
    return f"{(value * 100).normalize():f} %"


def number(value: Decimal) -> str:
    """Write a number exactly, thousands apart.

    >>> number(Decimal("200000"))
    '200,000'
    """
    return f"{value:,f}"


def limit_rule(limit: Limit) -> Told:
    """Say what a limit measures and where it ends."""
    expression = parsed(limit.expression)
    is_share = limit.measure.endswith("_share") or expression.kind is Kind.RATE
    bound = percent(limit.bound) if is_share else number(limit.bound)
    end = Told(f"at most {bound}", f"不超过 {bound}") if limit.is_cap else Told(f"at least {bound}", f"不低于 {bound}")
    name = f"`{limit.expression}`"
    what = LIMITS[limit.measure]
    rule = Told(f"{what.en.format(name=name)}: {end.en}.", f"{what.zh.format(name=name)}{end.zh}。")
    if not limit.maintain_or_improve:
        return rule
    return Told(
        f"{rule.en} A pool beyond it may still buy what makes it no worse.", f"{rule.zh}已超限的资产池须维持或改善。"
    )


def trigger_rule(trigger: Trigger) -> Told:
    """Say what a trigger measures, when it fires, when it ends and what it does."""
    return _joined([_measured(trigger), _fires(trigger), _ends(trigger), _does(trigger)])


def day_rule(rule: DayRule) -> Told:
    """Say when a kind of day comes."""
    if isinstance(rule, After):
        after = DAYS[rule.after]
        days = rule.business_days
        return Told(f"{days} business days after {after.en.lower()}", f"{after.zh}后第{days}个工作日")
    moved = CONVENTIONS[rule.convention]
    if isinstance(rule, EveryDays):
        every = Told("every day", "每日") if rule.every_days == 1 else _days(rule.every_days)
        return Told(f"{every.en}, {moved.en}", f"{every.zh}，{moved.zh}")
    step, number = rule.every_months, rule.day_of_month
    months = Told("every month", "每月") if step == 1 else Told(f"every {step} months", f"每{step}个月")
    day = Told("the last day", "最后一日") if number == 31 else Told(f"day {number}", f"{number}日")
    return Told(f"{day.en} of {months.en}, {moved.en}", f"{months.zh}{day.zh}，{moved.zh}")


def _days(days: int) -> Told:
    return Told(f"every {days} days", f"每{days}天")


def _measured(trigger: Trigger) -> Told:
    what = TRIGGERS[trigger.measure]
    late, months = trigger.days_past_due, trigger.average_months
    en = [f"from {late} days past due" if late else "", f"average of {months} months" if months > 1 else ""]
    zh = [f"逾期{late}天起" if late else "", f"{months}个月平均" if months > 1 else ""]
    if trigger.annual_cost_rate is not None:
        en.append(f"after costs of {percent(trigger.annual_cost_rate)} a year")
        zh.append(f"扣除年化成本 {percent(trigger.annual_cost_rate)}")
    if trigger.note_amount is not None:
        en.append(f"notes of {number(trigger.note_amount)}")
        zh.append(f"证券本金 {number(trigger.note_amount)}")
    return Told(_with_notes(what.en, en, " ({})", ", "), _with_notes(what.zh, zh, "（{}）", "，"))


def _with_notes(what: str, notes: Iterable[str], form: str, comma: str) -> str:
    said = comma.join(note for note in notes if note)
    return what + form.format(said) if said else what


def _fires(trigger: Trigger) -> Told:
    def bound(value: Decimal) -> str:
        return number(value) if trigger.measure in PLAIN_NUMBERS else percent(value)

    side = Told("above", "高于") if trigger.is_cap else Told("below", "低于")
    periods = trigger.fire_periods
    steps = trigger.steps
    en = [f"fires {side.en} {bound(trigger.bound)}", *(f"from month {x.from_month} {bound(x.bound)}" for x in steps)]
    zh = [f"{side.zh} {bound(trigger.bound)} 触发", *(f"第{x.from_month}个月起 {bound(x.bound)}" for x in steps)]
    if periods > 1:
        en.append(f"{periods} months in a row")
        zh.append(f"连续{periods}个月")
    return Told(", ".join(en), "，".join(zh))


def _ends(trigger: Trigger) -> Told:
    if trigger.cure_periods is None:
        return Told("cannot be cured", "不可恢复")
    if trigger.cure_periods == 0:
        return Told("ends once it is within the bound", "恢复至限值内即解除")
    periods = trigger.cure_periods
    months = "1 month" if periods == 1 else f"{periods} months in a row"
    return Told(f"ends after {months} within the bound", f"连续{periods}个月符合限值后解除")


def _does(trigger: Trigger) -> Told:
    return EFFECTS[trigger.effect]


def _joined(parts: list[Told]) -> Told:
    return Told("; ".join(part.en for part in parts) + ".", "；".join(part.zh for part in parts) + "。")
