"""The words for columns of row-level frames: quantities, and what is so or not so."""

from collections.abc import Mapping
from dataclasses import dataclass

from features.lexicon import Words

TERMS: Mapping[str, Words] = {
    "own.original_principal_amount": Words("principal at disbursement", "放款本金"),
    "own.current_principal_amount": Words("principal owed now", "当前待还本金"),
    "own.arrears_amount": Words("arrears of this receivable", "本笔逾期金额"),
    "own.annual_rate": Words("annual rate", "年利率"),
    "own.days_past_due": Words("days past due now", "当前逾期天数"),
    "own.worst_days_past_due": Words("worst days past due", "历史最大逾期天数"),
    "own.late_count": Words("late instalments of this receivable", "本笔逾期期数"),
    "own.paid_period_count": Words("instalments already paid", "已还期数"),
    "own.remaining_period_count": Words("instalments left", "剩余期数"),
    "own.term_number": Words("instalments agreed", "约定期数"),
    "own.extension_count": Words("extensions", "展期次数"),
    "own.restructure_count": Words("restructurings", "重组次数"),
    "own.instalment_amount": Words("instalment amount", "每期应还金额"),
    "own.age_days": Words("age of the contract", "合同存续天数"),
    "own.days_since_paid": Words("time since the latest payment on this receivable", "本笔距最近一次还款的天数"),
    "own.days_to_next_due": Words("days until the next due day", "距下一还款日的天数"),
    "own.days_to_final_due": Words("days until the final due day", "距最后还款日的天数"),
    "own.loan_number": Words("rank among the borrower's loans", "借款序次"),
    "own.days_since_previous_loan": Words("time since the previous loan", "距上一笔借款的天数"),
    "own.previous_principal_amount": Words("mean principal of earlier loans", "以往借款平均本金"),
    "own.previous_largest_amount": Words("largest principal of earlier loans", "以往借款最大本金"),
    "own.previous_term_number": Words("mean instalments of earlier loans", "以往借款平均期数"),
    "own.previous_annual_rate": Words("mean annual rate of earlier loans", "以往借款平均年利率"),
    "own.previous_worst_days": Words("worst days past due of earlier loans", "以往借款最大逾期天数"),
    "own.previous_open_count": Words("earlier loans still open", "以往未结清借款笔数"),
    "obligation.due_next_30d_amount": Words("amount falling due in the next 30 days", "未来30天应还金额"),
    "obligation.left_to_pay_amount": Words("amount left to pay", "剩余应还总额"),
    "profile.age_years": Words("age of the borrower", "借款人年龄"),
    "profile.tenure_days": Words("time as a customer", "注册时长"),
    "profile.annual_income_amount": Words("yearly income", "年收入"),
    "profile.kyc_factor_count": Words("identity factors checked", "身份核验要素数"),
    "merchant.age_days": Words("time since the merchant joined", "商户入驻时长"),
    "device.other_borrower_count": Words("other borrowers on the same devices", "同设备其他借款人数"),
    "device.other_loan_count": Words("loans of others on the same devices", "同设备其他人借款笔数"),
    "device.smoothed_bad_ratio": Words("bad share of loans on the same devices", "同设备他人借款不良率"),
    "device.blacklisted_count": Words("blacklisted devices", "黑名单设备数"),
}
"""By frame and column: a quantity."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is said where a flag is set and where it is not."""

    yes: Words
    no: Words


def _fact(yes: str, yes_zh: str, no: str, no_zh: str) -> Fact:
    return Fact(Words(yes, yes_zh), Words(no, no_zh))


FACTS: Mapping[str, Fact] = {
    "own.is_first_loan": _fact("first loan of the borrower", "借款人首笔借款", "not the first loan", "非首笔借款"),
    "own.is_auto_debit": _fact("a debit mandate is in force", "已签约自动扣款", "no debit mandate", "未签约自动扣款"),
    "own.is_cash_loan": _fact("cash loan without a merchant", "无商户的现金借款", "loan for a purchase", "消费借款"),
    "own.is_disputed": _fact("an open dispute or chargeback", "存在未结争议或拒付", "no open dispute", "无未结争议"),
    "own.is_refund_open": _fact("an open refund or return", "存在未结退款或退货", "no open refund", "无未结退款"),
    "profile.is_income_unknown": _fact("income was not declared", "未申报收入", "income was declared", "已申报收入"),
    "profile.is_enterprise": _fact("the borrower is an enterprise", "借款人为企业", "a private person", "借款人为个人"),
    "profile.is_verified": _fact("identity verified", "身份已核验", "identity not verified", "身份未核验"),
    "profile.is_related_party": _fact(
        "the borrower belongs to the originator", "借款人为关联方", "not a related party", "非关联方"
    ),
    "profile.is_insolvent": _fact("personal insolvency", "个人破产", "no insolvency known", "无破产记录"),
    "profile.is_blacklisted": _fact(
        "the borrower is blacklisted", "借款人在黑名单中", "not blacklisted", "借款人不在黑名单中"
    ),
    "merchant.is_active": _fact("the merchant is active", "商户正常经营", "the merchant is not active", "商户停业"),
    "merchant.is_under_review": _fact(
        "the merchant is under fraud review", "商户处于反欺诈审查", "the merchant is not under review", "商户未被审查"
    ),
    "merchant.is_blacklisted": _fact(
        "the merchant is blacklisted", "商户在黑名单中", "the merchant is not blacklisted", "商户不在黑名单中"
    ),
}
"""By frame and column: a flag."""
