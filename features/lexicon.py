"""The words from which reasons are made: what features count, measure and compare, in English and in Chinese.

Words are of parts of declarations, never of a whole feature: `features.phrases` puts them together.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """A noun phrase in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Thing:
    """Events of a stream that pass some filters.

    Args:
        one: English, one of them.
        many: English, several.
        zh: Chinese.
        tally: Chinese, how many of them there are.
    """

    one: str
    many: str
    zh: str
    tally: str


THINGS: Mapping[str, Thing] = {
    "order": Thing("order", "orders", "订单", "订单笔数"),
    "order|is_kept": Thing("completed order", "completed orders", "有效订单", "有效订单笔数"),
    "order|is_cancelled": Thing("cancelled order", "cancelled orders", "取消订单", "取消订单笔数"),
    "order|is_refunded": Thing("refunded order", "refunded orders", "退款订单", "退款订单笔数"),
    "behaviour": Thing("app event", "app events", "应用行为", "应用行为次数"),
    "behaviour|LOGIN": Thing("login", "logins", "登录", "登录次数"),
    "behaviour|BROWSE": Thing("browsing event", "browsing events", "浏览", "浏览次数"),
    "behaviour|BILL_VIEW": Thing("bill view", "bill views", "账单查看", "账单查看次数"),
    "behaviour|CARD_BINDING": Thing("card binding", "card bindings", "绑卡", "绑卡次数"),
    "behaviour|CREDIT_PAGE": Thing(
        "view of credit offers", "views of credit offers", "信贷页面浏览", "信贷页面浏览次数"
    ),
    "behaviour|PAYMENT_FAILURE": Thing("failed payment", "failed payments", "支付失败", "支付失败次数"),
    "behaviour|PROFILE_CHANGE": Thing("profile change", "profile changes", "资料变更", "资料变更次数"),
    "case|DISPUTE or CHARGEBACK": Thing("dispute", "disputes and chargebacks", "争议或拒付", "争议和拒付笔数"),
    "case|REFUND or RETURN": Thing("refund request", "refund and return requests", "退款退货申请", "退款退货申请笔数"),
    "instalment": Thing("instalment due", "instalments due", "到期分期", "到期分期期数"),
    "instalment|is_cured": Thing("cured instalment", "late instalments later paid", "逾期后结清分期", "逾期后结清期数"),
    "instalment|is_first": Thing("first instalment", "first instalments", "首期分期", "首期分期期数"),
    "instalment|is_first+is_late_30": Thing(
        "first instalment over 30 days late",
        "first instalments over 30 days late",
        "首期逾期超30天的分期",
        "首期逾期超30天的笔数",
    ),
    "instalment|is_late": Thing("late instalment", "late instalments", "逾期分期", "逾期期数"),
    "instalment|is_late_7": Thing(
        "instalment over 7 days late", "instalments over 7 days late", "逾期超7天的分期", "逾期超7天的期数"
    ),
    "instalment|is_late_30": Thing(
        "instalment over 30 days late", "instalments over 30 days late", "逾期超30天的分期", "逾期超30天的期数"
    ),
    "instalment|is_open": Thing("unpaid instalment", "unpaid instalments due", "到期未还分期", "到期未还期数"),
    "instalment|is_partial": Thing("partly paid instalment", "partly paid instalments", "部分还款分期", "部分还款期数"),
    "instalment|is_worst": Thing("worst late instalment", "worst late instalments", "最严重逾期", "最严重逾期期数"),
    "loan": Thing("loan", "loans taken", "借款", "借款笔数"),
    "loan|is_bad": Thing("loan gone bad", "loans gone bad", "不良借款", "不良借款笔数"),
    "loan|is_cash": Thing("cash loan", "cash loans taken", "现金借款", "现金借款笔数"),
    "loan|is_late": Thing("loan past due", "loans past due now", "当前逾期借款", "当前逾期借款笔数"),
    "loan|is_open": Thing("open loan", "open loans", "未结清借款", "未结清借款笔数"),
    "loan|is_prepaid": Thing("loan repaid early", "loans repaid early", "提前结清借款", "提前结清借款笔数"),
    "loan|is_seasoned": Thing("seasoned loan", "seasoned loans", "满60天借款", "满60天借款笔数"),
    "loan|is_seasoned+is_bad": Thing("bad seasoned loan", "bad loans", "不良借款", "不良借款笔数"),
    "repayment|PAYMENT": Thing("payment", "payments", "还款", "还款笔数"),
    "repayment|VOIDING": Thing("voided payment", "voided payments", "还款撤销", "还款撤销笔数"),
    "repayment|AUTO_DEBIT": Thing("automatic debit", "automatic debits", "自动扣款", "自动扣款笔数"),
    "repayment|PREPAYMENT": Thing("prepayment", "prepayments", "提前还款", "提前还款笔数"),
    "report": Thing("credit report", "credit reports fetched", "征信查询", "征信查询次数"),
    "statement": Thing("statement", "statements", "额度账单", "额度账单期数"),
    "statement|is_cut": Thing("limit cut", "limit cuts", "额度下调", "额度下调次数"),
    "statement|is_raised": Thing("limit increase", "limit increases", "额度上调", "额度上调次数"),
    "statement|is_frozen+is_latest": Thing("frozen line", "frozen credit lines", "冻结额度", "冻结额度条数"),
}
"""By stream and filters."""

TOTALS: Mapping[str, Words] = {
    "order.amount": Words("spending", "消费金额"),
    "order.amount|is_kept+is_virtual": Words("spending on virtual goods", "虚拟商品消费金额"),
    "order.credit_amount": Words("spending on credit", "信用支付金额"),
    "behaviour.amount|ACCOUNT_CREDIT": Words("account inflows", "账户流入金额"),
    "behaviour.amount|ACCOUNT_DEBIT": Words("account outflows", "账户流出金额"),
    "instalment.covered_amount": Words("amount repaid of what fell due", "到期已还金额"),
    "instalment.due_amount": Words("amount fallen due", "到期应还金额"),
    "repayment.paid_amount": Words("repayments", "还款金额"),
    "repayment.penalty_amount": Words("penalties paid", "罚息金额"),
    "loan.principal": Words("principal borrowed", "借款本金"),
    "loan.owed_principal": Words("principal owed", "待还本金"),
    "loan.arrears": Words("arrears", "逾期金额"),
    "loan.late_number": Words("late instalments of all loans", "各笔借款逾期期数"),
    "statement.limit_amount": Words("total credit limit", "总授信额度"),
    "statement.used_amount": Words("credit in use", "已用额度"),
}
"""By stream and measure, and by filters where they change the words: what is added up."""

EACH: Mapping[str, Words] = {
    "order.amount": Words("order size", "单笔消费金额"),
    "behaviour.balance": Words("account balance", "账户余额"),
    "instalment.days_late": Words("days late", "逾期天数"),
    "instalment.days_late|is_first": Words("days late on the first instalment", "首期逾期天数"),
    "instalment.days_early": Words("days paid early", "提前还款天数"),
    "loan.principal": Words("loan size", "单笔借款本金"),
    "loan.annual_rate": Words("annual rate of loans", "借款年利率"),
    "loan.days_past_due": Words("days past due of a loan", "借款当前逾期天数"),
    "loan.worst_days": Words("days past due ever of a loan", "借款历史逾期天数"),
    "report.bureau_score": Words("bureau score", "征信评分"),
    "report.inquiry_3m": Words("lender inquiries within 3 months", "近3个月征信查询次数"),
    "report.inquiry_12m": Words("lender inquiries within 12 months", "近12个月征信查询次数"),
    "report.active_lender": Words("lenders with a balance", "在贷机构数"),
    "report.active_balance": Words("balance with all lenders", "全部机构贷款余额"),
    "report.overdue_amount": Words("amount overdue with any lender", "全部机构逾期金额"),
    "report.worst_bucket": Words("bureau delinquency bucket", "征信逾期档位"),
    "statement.utilisation": Words("limit utilisation", "额度使用率"),
}
"""The same: what each event has of it."""

MARKS: Mapping[str, Words] = {
    "order.is_away": Words("sent outside the home region", "收货地在常住地以外的"),
    "order.is_cancelled": Words("cancelled or refused", "取消或拒收的"),
    "order.is_night": Words("made at night", "夜间"),
    "order.is_refunded": Words("refunded or returned", "退款或退货的"),
    "order.is_virtual": Words("for virtual goods", "虚拟商品"),
    "order.is_weekend": Words("made on weekends", "周末"),
    "behaviour.is_night": Words("at night", "夜间"),
    "behaviour.is_weekend": Words("on weekends", "周末"),
    "behaviour.is_working_time": Words("in working hours", "工作时间"),
    "instalment.is_in_time": Words("paid in time", "按时还款的"),
    "instalment.is_late": Words("paid late", "逾期的"),
    "instalment.is_late_7": Words("over 7 days late", "逾期超7天的"),
    "statement.is_nearly_full": Words("with the limit nearly used up", "额度接近用满的"),
}
"""By stream and flag: what is said of the events that have it."""

GROUPS: Mapping[str, Words] = {
    "order.merchant_id": Words("merchants bought from", "消费商户"),
    "order.category_code": Words("categories bought", "消费品类"),
    "order.device_id": Words("devices used for orders", "下单设备"),
    "order.borrower_id": Words("buyers", "购买人"),
    "behaviour.device_id": Words("devices used", "使用设备"),
    "behaviour.session_id": Words("visits", "访问会话"),
    "behaviour.active_day": Words("active days", "活跃天"),
    "behaviour.event_type": Words("kinds of events", "行为类型"),
}
"""By stream and code: the groups."""

OF_ENTITY: Mapping[str, Words] = {
    "borrower_id": Words("", ""),
    "receivable_id": Words(" on this receivable", "本笔借款"),
    "merchant_id": Words(" at the merchant", "所购商户"),
    "region_code": Words(" in the region", "所在地区"),
    "category_code": Words(" in the category", "所购品类"),
}
"""Whose events they are."""
