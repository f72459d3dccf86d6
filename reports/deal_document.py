"""A deal as a document that people read: its clauses, limits, days and triggers, in English, Chinese or both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pool.clauses import Clause, parsed
from pool.deal import Deal
from pool.vocabulary import GROUPS, in_order
from reports import deal_words as words
from reports.deal_words import Told
from reports.pages import page

Language = Literal["en", "zh"]
HTML_LANGUAGES = {"en": "en", "zh": "zh-CN"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a table: lines in the document's languages, or one line of code."""

    lines: tuple[tuple[str, str], ...]
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A numbered part of the document: a title, a sentence, a table."""

    title: Cell
    lead: Cell
    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


def markdown(deal: Deal, languages: Sequence[Language]) -> str:
    """Give the document as Markdown."""
    teller = _Teller(deal, languages)
    lines = [f"# {_plain(teller.title)}", "", *(f"- {_plain(fact)}" for fact in teller.facts()), ""]
    for number, part in enumerate(teller.parts(), start=1):
        lines += [f"## {number}. {_plain(part.title)}", "", _plain(part.lead), ""]
        lines += [_row(part.heads), _row([_code("---")] * len(part.heads), bare=True), *map(_row, part.rows), ""]
    return "\n".join(lines)


def html(deal: Deal, languages: Sequence[Language]) -> str:
    """Give the document as one HTML text that loads nothing and prints on A4."""
    teller = _Teller(deal, languages)
    return page(
        "deal.html.j2",
        deal=deal,
        language=HTML_LANGUAGES[languages[0]],
        title=teller.title,
        facts=teller.facts(),
        parts=teller.parts(),
    )


def _plain(cell: Cell) -> str:
    return " / ".join(_escaped(text) for _, text in cell.lines)


def _escaped(text: str) -> str:
    marks = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "\\|", "[": "\\[", "*": "\\*", "_": "\\_"}
    inside = False
    told = []
    for sign in " ".join(text.split()):
        inside = inside != (sign == "`")
        told.append(sign if inside and sign != "|" else marks.get(sign, sign))
    return "".join(told)


def _row(cells: Iterable[Cell], *, bare: bool = False) -> str:
    return f"| {' | '.join(_bare(cell) if bare else _in_table(cell) for cell in cells)} |"


def _bare(cell: Cell) -> str:
    return cell.lines[0][1]


def _in_table(cell: Cell) -> str:
    if cell.is_code:
        text = " ".join(_bare(cell).split()).replace("|", "\\|")
        return f"`{text}`" if text else ""
    return "<br>".join(_escaped(text) for _, text in cell.lines)


def _code(text: str) -> Cell:
    return Cell((("", text),), is_code=True)


def _same(text: str) -> Cell:
    return Cell((("", text),))


class _Teller:
    """Says each part of a deal in the languages that are asked for."""

    def __init__(self, deal: Deal, languages: Sequence[Language]) -> None:
        self.deal = deal
        self.languages = languages

    def say(self, told: Told) -> Cell:
        return Cell(tuple((language, getattr(told, language)) for language in self.languages))

    def promise(self, clause: Clause) -> Cell:
        return self.say(Told(clause.text_en, clause.text_zh))

    @property
    def title(self) -> Cell:
        named = f"{self.deal.name}"
        return self.say(Told(f"Deal {named}", f"专项计划 {named}"))

    def facts(self) -> list[Cell]:
        deal = self.deal
        told = [
            Told(
                f"Version {deal.version}, effective on {deal.effective_on}",
                f"第{deal.version}版，{deal.effective_on} 生效",
            ),
            Told(f"Currency {deal.currency}", f"币种 {deal.currency}"),
            Told(f"SHA-256 {deal.hash}", f"SHA-256 {deal.hash}"),
            Told(deal.note, deal.note),
        ]
        if deal.illustrative:
            told.append(
                Told("Thresholds are examples, not those of a signed contract.", "阈值仅为示例，并非已签署合同的约定。")
            )
        return [self.say(each) if each.en != each.zh else _same(each.en) for each in told]

    def parts(self) -> list[Part]:
        found = [
            self.parties(),
            self.accounts(),
            self.days(),
            self.criteria(),
            self.limits(),
            self.conditions(),
            self.triggers(),
            self.purchase(),
            self.columns(),
        ]
        return [part for part in found if part.rows]

    def part(self, title: Told, lead: Told, heads: Sequence[Told], rows: Iterable[Sequence[Cell]]) -> Part:
        return Part(self.say(title), self.say(lead), tuple(map(self.say, heads)), tuple(map(tuple, rows)))

    def parties(self) -> Part:
        named = self.deal.parties.model_dump()
        rows = [(self.say(words.PARTIES[role]), _same(who)) for role, who in named.items()]
        return self.part(
            Told("Parties", "参与机构"), Told("Who does what.", "各参与机构及其职责。"), (_ROLE, _WHO), rows
        )

    def accounts(self) -> Part:
        rows = [
            (self.say(words.ACCOUNTS[each.kind]), _same(each.bank), self.say(Told(each.text_en, each.text_zh)))
            for each in self.deal.accounts
        ]
        lead = Told("Through which the money goes.", "资金划转所经账户。")
        return self.part(Told("Accounts", "账户"), lead, (_ACCOUNT, _BANK, _USE), rows)

    def days(self) -> Part:
        days = self.deal.calendar
        fixed = [
            (Told("First cut-off", "首个基准日"), days.first_cut_off_on),
            (
                Told(
                    "End of the revolving period (nothing is bought from then on)", "循环期届满日（自该日起停止购买）"
                ),
                days.revolving_end_on,
            ),
            (Told("Expected maturity", "预期到期日"), days.expected_maturity_on),
            (Told("Legal final maturity", "法定到期日"), days.legal_final_on),
        ]
        rows = [(self.say(what), _same(str(day))) for what, day in fixed]
        rows += [(self.say(words.DAYS[kind]), self.say(words.day_rule(rule))) for kind, rule in days.rules.items()]
        rows += [
            (
                _same(each.name),
                self.say(Told(f"{each.first_on} to {each.last_on}", f"{each.first_on} 至 {each.last_on}")),
            )
            for each in days.holidays
        ]
        lead = Told("Fixed days, days by rule, and holidays.", "固定日期、按规则生成的日期及节假日。")
        return self.part(Told("Calendar", "日历"), lead, (Told("Day", "日期"), Told("When", "时间")), rows)

    def criteria(self) -> Part:
        rows = [
            (_same(each.clause), _same(each.code), self.promise(each), _code(each.expression))
            for each in self.deal.criteria
        ]
        lead = Told(
            "A receivable may be bought where each of these is true at the cut-off; what is unknown is not true.",
            "基准日同时满足以下各项的债权方可入池；未知视为不满足。",
        )
        return self.part(Told("Eligibility criteria", "合格标准"), lead, (_CLAUSE, _CODE, _PROMISE, _TEST), rows)

    def limits(self) -> Part:
        rows = [
            (_same(each.clause), _same(each.code), self.promise(each), self.say(words.limit_rule(each)))
            for each in self.deal.limits
        ]
        lead = Told(
            "The pool with the batch keeps each of these; shares are by unpaid principal.",
            "购买后的资产池须同时满足以下各项；占比按未偿本金计算。",
        )
        return self.part(Told("Limits of the pool", "资产池限额"), lead, (_CLAUSE, _CODE, _PROMISE, _RULE), rows)

    def conditions(self) -> Part:
        rows = [
            (_same(each.clause), _same(each.code), self.promise(each), _code(each.requires))
            for each in self.deal.revolving
        ]
        lead = Told("Each of these holds on the day of a purchase.", "每次循环购买当日须满足以下条件。")
        return self.part(
            Told("Conditions of a purchase", "循环购买条件"), lead, (_CLAUSE, _CODE, _PROMISE, _TEST), rows
        )

    def triggers(self) -> Part:
        rows = [
            (_same(each.clause), _same(each.code), self.promise(each), self.say(words.trigger_rule(each)))
            for each in self.deal.triggers
        ]
        lead = Told("What stops purchases, and when that ends.", "停止购买的触发事件及其解除。")
        return self.part(Told("Triggers", "触发事件"), lead, (_CLAUSE, _CODE, _PROMISE, _RULE), rows)

    def purchase(self) -> Part:
        deal = self.deal
        rows = [
            (Told("Price: unpaid principal less", "价格：未偿本金减去"), words.percent(deal.price.discount_rate)),
            (Told("Smallest batch, in principal", "单次购买本金下限"), words.number(deal.batch.minimum_amount)),
            (Told("Largest batch, in principal", "单次购买本金上限"), words.number(deal.batch.maximum_amount)),
            (Told("Approved models", "经批准的模型版本"), ", ".join(deal.approved_models)),
            (Told("A score counts for (days)", "评分有效期（天）"), str(deal.score_max_age_days)),
            (Told("Loss given default", "违约损失率"), words.percent(deal.loss_given_default)),
        ]
        if deal.clean_up_share is not None:
            left = Told("The seller may buy what is left once the pool factor is at most", "清仓回购：资产池因子不高于")
            rows.append((left, words.percent(deal.clean_up_share)))
        if deal.calendar.turnover_days is not None:
            late = Told("Collections are turned over within (days)", "回收款转付期限（天）")
            rows.append((late, str(deal.calendar.turnover_days)))
        lead = Told("At which price, how much, by whose word.", "价格、规模与评分依据。")
        told = [(self.say(what), _same(value)) for what, value in rows]
        return self.part(Told("Purchase", "购买"), lead, (Told("What", "事项"), Told("Value", "取值")), told)

    def columns(self) -> Part:
        named = in_order(name for text in self.deal.expressions for name in parsed(text).columns)
        meanings = {f"{group}.{column.name}": column.meaning for group in GROUPS for column in GROUPS[group]}
        rows = [(_code(name), _same(meanings[name])) for name in named if name in meanings]
        lead = Told("The columns that the tests above name.", "以上测试所引用的字段（英文释义）。")
        return self.part(Told("Data", "数据字段"), lead, (Told("Column", "字段"), Told("Meaning", "含义")), rows)


_ROLE, _WHO = Told("Role", "角色"), Told("Name", "名称")
_ACCOUNT, _BANK, _USE = Told("Account", "账户"), Told("Bank", "开户行"), Told("Use", "用途")
_CLAUSE, _CODE, _PROMISE = Told("Clause", "条款"), Told("Code", "编号"), Told("Promise", "约定")
_TEST, _RULE = Told("Test", "判断条件"), Told("Rule", "规则")
