"""The rows of the sample report, written as tables: one line a row, columns parted by bars."""

# ruff: noqa: E501 - a table row is one line

from decimal import Decimal

from reports.contents import CriterionResult, LimitLine, TriggerLine, Unit
from reports.evidence import Agreement, CodeCount, Invariant, Measure, Reason, TableQuality


def _rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


def _number(text: str) -> float | None:
    return float(text) if text else None


SHARES = [
    (trait, label, (int(eligible), int(batch), int(pool)))
    for trait, label, eligible, batch, pool in _rows("""
grade | A | 241 | 291 | 262
grade | B | 352 | 378 | 371
grade | C | 263 | 231 | 248
grade | D | 144 | 100 | 119
term | 3 months | 121 | 133 | 128
term | 6 months | 388 | 402 | 391
term | 12 months | 402 | 391 | 396
term | 24 months | 89 | 74 | 85
region | Guangdong | 171 | 168 | 166
region | Jiangsu | 132 | 128 | 130
region | Zhejiang | 126 | 131 | 127
region | Shandong | 101 | 103 | 102
region | Sichuan | 92 | 90 | 91
region | All others | 378 | 380 | 384
category | Phones and electronics | 339 | 348 | 344
category | Home appliances | 214 | 209 | 211
category | Clothing | 188 | 186 | 187
category | Beauty | 126 | 124 | 125
category | All others | 133 | 133 | 133
rate band | up to 8 % | 154 | 139 | 148
rate band | 8 to 12 % | 411 | 423 | 418
rate band | 12 to 18 % | 332 | 341 | 336
rate band | 18 to 24 % | 103 | 97 | 98
ticket size | up to 1,000 | 88 | 84 | 86
ticket size | 1,000 to 3,000 | 377 | 371 | 374
ticket size | 3,000 to 10,000 | 431 | 442 | 436
ticket size | over 10,000 | 104 | 103 | 104
""")
]
"""Trait, part, and its thousandths of eligible, batch and pool."""

CRITERIA = tuple(
    CriterionResult(code, clause, english, chinese, int(failed), int(unknown), int(only), Decimal(principal))
    for code, clause, failed, unknown, only, principal, english, chinese in _rows("""
NO_ARREARS | 3.2(a) | 5204 | 0 | 3011 | 18966412.70 | No amount is overdue on the cut-off day | 截至基准日无逾期
SEASONING | 3.2(f) | 3118 | 0 | 1402 | 9320771.15 | At least one instalment has been paid | 已至少偿还一期
GRADE_FLOOR | 3.2(m) | 2871 | 0 | 844 | 8217050.44 | The grade is D or better | 风险等级不低于D级
BUREAU_FRESH | 3.2(p) | 912 | 1204 | 611 | 6104338.90 | The bureau report is at most 90 days old and clean | 征信报告不超过90天且无当前逾期
CATEGORY_ALLOWED | 3.2(k) | 1033 | 0 | 402 | 2418905.63 | The goods are of an allowed kind; no top-ups, vouchers or game credit | 商品类别符合规定、不含充值、卡券及虚拟商品
NO_REFUND | 3.2(h) | 388 | 0 | 171 | 1188204.02 | No refund or return is open on the order | 无进行中的退款或退货
NOT_PLEDGED | 3.2(b) | 207 | 0 | 88 | 611902.88 | The receivable is free of any pledge and in no other pool | 未设定任何质押且未入其他资产池
TERM_LEFT | 3.2(g) | 96 | 0 | 31 | 488120.51 | The final due day lies before the end of the plan less 30 days | 最后到期日早于计划到期日前30日
NATURAL_PERSON | 3.1(a) | 0 | 0 | 0 | 0 | The borrower is a natural person | 借款人为自然人
AGE | 3.1(b) | 0 | 0 | 0 | 0 | The borrower was 18 to 60 years old when the loan was made | 借款人申请时年满18周岁且不超过60周岁
IDENTITY | 3.1(c) | 0 | 0 | 0 | 0 | The identity is verified by at least three factors | 身份已通过三要素及以上核验
CURRENCY | 3.2(c) | 0 | 0 | 0 | 0 | The receivable is in renminbi | 以人民币计价
FIXED_RATE | 3.2(d) | 0 | 0 | 0 | 0 | The rate is fixed and at most 24 % a year, all in | 固定利率且综合年化不超过24%
WHOLE_CLAIM | 3.2(r) | 0 | 0 | 0 | 0 | All open instalments of the contract enter together | 合同项下全部未偿分期整体入池
""")
)

LIMITS = tuple(
    LimitLine(
        code,
        english,
        chinese,
        Unit(unit),
        "at most" if direction == "at most" else "at least",
        float(threshold),
        _number(before),
        _number(after),
        _number(headroom),
        is_kept=True,
        is_binding=bool(binds),
        worst_member=member,
    )
    for code, unit, direction, threshold, before, after, headroom, binds, member, english, chinese in _rows("""
MERCHANT_SHARE | share | at most | 0.05 | 0.0461 | 0.0499 | 0.0001 | binds | merchant-0192 | Largest merchant | 单一商户余额占比
REGION_SHARE | share | at most | 0.2 | 0.166 | 0.1662 | 0.0338 |  | Guangdong | Largest region | 单一地区余额占比
BORROWER_SHARE | share | at most | 0.001 | 0.00041 | 0.00038 | 0.00062 |  | b-88104 | Largest borrower | 单一借款人余额占比
CATEGORY_SHARE | share | at most | 0.4 | 0.3435 | 0.344 | 0.056 |  | Phones and electronics | Largest goods category | 单一商品类别占比
LONG_TERM_SHARE | share | at most | 0.3 | 0.0865 | 0.085 | 0.215 |  |  | Terms over 12 months | 期限超过12期占比
MEAN_DEFAULT_PROBABILITY | share | at most | 0.02 | 0.0193 | 0.0192 | 0.0008 |  |  | Weighted default probability | 加权平均违约概率
MEAN_RATE | rate | at least | 0.09 | 0.1182 | 0.1185 | 0.0285 |  |  | Weighted annual rate | 加权平均年化利率
BORROWER_COUNT | count | at least | 5000 | 21330 | 23818 | 18818 |  |  | Borrowers in the pool | 借款人数量
""")
)

TRIGGERS = tuple(
    TriggerLine(code, english, chinese, Unit(unit), float(threshold), _number(value), is_fired=False, effect=effect)
    for code, unit, threshold, value, effect, english, chinese in _rows("""
CUMULATIVE_DEFAULT | share | 0.05 | 0.0121 | Buying stops; early amortisation begins. | Cumulative default rate | 累计违约率
SEVERE_DELINQUENCY | share | 0.06 | 0.0184 | Buying stops until cured. | Over 60 days past due, mean of three periods | 严重拖欠率三期平均
IDLE_CASH | days | 60 | 4.0 | Buying stops. | Days with more than a fifth of the cash idle | 循环购买不足天数
""")
)


def _agreements(text: str) -> tuple[Agreement, ...]:
    return tuple(
        Agreement(label, int(count), float(predicted), Measure(float(observed), float(low), float(high)))
        for label, count, predicted, observed, low, high in _rows(text)
    )


TENTHS = _agreements("""
1 | 4121 | 0.0031 | 0.0027 | 0.0015 | 0.0048
2 | 4121 | 0.0062 | 0.0068 | 0.0047 | 0.0098
3 | 4120 | 0.0095 | 0.0085 | 0.0061 | 0.0118
4 | 4121 | 0.0132 | 0.0141 | 0.0109 | 0.0181
5 | 4120 | 0.0178 | 0.0162 | 0.0128 | 0.0205
6 | 4121 | 0.0237 | 0.026 | 0.0215 | 0.0313
7 | 4120 | 0.0319 | 0.0301 | 0.0253 | 0.0358
8 | 4121 | 0.0447 | 0.0473 | 0.0412 | 0.0542
9 | 4120 | 0.0681 | 0.0648 | 0.0577 | 0.0727
10 | 4121 | 0.1297 | 0.1235 | 0.1138 | 0.1339
""")

GRADES = _agreements("""
A | 9310 | 0.0049 | 0.0047 | 0.0035 | 0.0063
B | 12870 | 0.0141 | 0.0139 | 0.012 | 0.0161
C | 9204 | 0.0298 | 0.0306 | 0.0273 | 0.0343
D | 6011 | 0.0551 | 0.0583 | 0.0527 | 0.0645
E | 3811 | 0.1302 | 0.1181 | 0.1082 | 0.1288
""")

REASONS = tuple(
    Reason(code, text, int(count))
    for code, count, text in _rows("""
repayment__late_share_90d | 6120 | Instalments paid late in the last 90 days
borrowing__utilisation_now | 5204 | Much of the credit line is used
behaviour__payment_failure_count_30d | 4416 | Payments failed in the last 30 days
consumption__night_share_90d | 2907 | Much is bought at night
credit_report__inquiry_count_90d | 2511 | Many lenders asked the bureau
repayment__days_early_trend | 2208 | Payments come later than they used to
""")
)

TABLES = tuple(
    TableQuality(
        name,
        *(int(number) for number in numbers[:5]),
        codes=tuple(CodeCount(code, int(count)) for code, count in (pair.split("=") for pair in codes.split())),
        checks_passed=int(numbers[5]),
        checks_failed=int(numbers[6]),
    )
    for name, *numbers, codes in _rows("""
borrowers | 12408 | 0 | 3 | 12401 | 4 | 14 | 0 | DUPLICATE_KEY=1 OUT_OF_BOUNDS=3
orders | 214882 | 1204 | 118 | 213498 | 62 | 17 | 0 | UNKNOWN_VALUE=41 REQUIRED_MISSING=21
receivables | 96310 | 0 | 12 | 96271 | 27 | 22 | 0 | SCHEDULE_DOES_NOT_SUM=19 NOT_CONVERTIBLE=8
instalments | 611405 | 0 | 40 | 611365 | 0 | 15 | 0 |
repayments | 402118 | 0 | 211 | 401880 | 27 | 16 | 0 | UNKNOWN_REFERENCE=27
""")
)

INVARIANTS = tuple(
    Invariant(name, meaning, int(breaches), int(checked))
    for name, breaches, checked, meaning in _rows("""
schedule_sums_to_principal | 0 | 96271 | The instalments of a receivable add up to its principal.
balance_closes | 0 | 18940 | Balance = original less paid, written off, refunded and corrected.
one_pool_per_receivable | 0 | 31077 | No receivable is pledged twice.
roll_forward_closes | 0 | 1 | Opening + bought - collected - defaulted - repurchased = closing.
within_order | 3 | 18940 | A receivable never exceeds its order less refunds.
""")
)
