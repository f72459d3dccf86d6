"""The catalogue of what deals promise (E01-E46, P01-P18, R01-R12, T01-T16), and how each of it is expressed here."""

from dataclasses import dataclass
from typing import Literal

How = Literal["clause", "elsewhere", "always", "cannot"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the documents of the market promise.

    Args:
        code: As results and templates carry it.
        meaning: The promise in a few words.
        how: `clause` (a clause of that code in the templates), `elsewhere` (a clause of another code, or a command),
            `always` (kept by the house itself, whatever a deal says), `cannot` (the tables do not hold what it needs).
        note: Where it is kept, why it cannot be, or what of it the clause leaves out.
    """

    code: str
    meaning: str
    how: How = "clause"
    note: str = ""


CRITERIA = (
    Item("E01", "The borrower is a natural person"),
    Item("E02", "Mainland resident, eligible nationality"),
    Item("E03", "Age when the contract was made"),
    Item("E04", "Age at maturity"),
    Item("E05", "Identity verified by three or four factors"),
    Item("E06", "Full civil capacity, alive, not bankrupt", note="Capacity is taken from age (E03)."),
    Item("E07", "Borrower on no blacklist", note="E07D asks the same of the device of the order."),
    Item("E08", "No employee or affiliate of the originator"),
    Item(
        "E09", "No current overdue on any exposure to the originator", note="Through `others_exist`; E20 for its own."
    ),
    Item(
        "E10",
        "Contract lawful, valid, signed",
        note="A signed contract on file; contract templates are not in the data.",
    ),
    Item("E11", "Fully disbursed"),
    Item("E12", "Order real and completed"),
    Item(
        "E13",
        "Amount and timing definite",
        note="That the schedule sums to the principal is checked on all data by reconcile.",
    ),
    Item("E14", "No refund or return in progress"),
    Item(
        "E15",
        "No dispute, litigation, set-off, counterclaim",
        note="Litigation is known as far as it stands as a dispute.",
    ),
    Item("E16", "Merchant active and not under fraud review"),
    Item("E17", "Goods category allowed"),
    Item("E18", "Not for property or investment"),
    Item("E19", "Currency"),
    Item("E20", "Current at cut-off"),
    Item("E21", "Never seriously overdue on this asset"),
    Item(
        "E22", "Limited historic lateness", note="Over its whole life; the tables have no count of the last 12 months."
    ),
    Item(
        "E23",
        "Five-tier class normal",
        note="From what makes a class normal; the servicer's own class is not in the tables.",
    ),
    Item("E24", "Not defaulted or written off"),
    Item("E25", "Not restructured, extended, deferred"),
    Item("E26", "Origination window, seasoning"),
    Item("E27", "Original term within bounds"),
    Item("E28", "Ends after the cut-off, before legal final less a buffer"),
    Item("E29", "Ends by the expected maturity"),
    Item("E30", "Balance cap and floor of a receivable"),
    Item("E31", "Total of a borrower within the regulatory cap", note="Through `others_sum`."),
    Item("E32", "Rate within a band"),
    Item("E33", "Fixed rate"),
    Item("E34", "Repayment method allowed"),
    Item("E35", "Repayment frequency"),
    Item("E36", "Debit mandate in force"),
    Item(
        "E37",
        "Credit decision passed under the policy then in force",
        "cannot",
        "No table holds credit decisions and policy versions.",
    ),
    Item("E38", "Probability of default or grade at least the floor, not stale", note="E38G asks for the grade."),
    Item("E39", "Score from an approved model version"),
    Item("E40", "Credit report fresh and clean"),
    Item("E41", "Number of lenders"),
    Item(
        "E42",
        "Debt to income",
        note="Of the originator's own receivables; what other lenders are owed in a month is not in the data.",
    ),
    Item(
        "E43",
        "Originator owns it alone, free of pledge, lien, freeze",
        "cannot",
        "No table holds an outside registry's liens and freezes; pledges of our own pools are E44.",
    ),
    Item("E44", "In no other pool, not sold, not bought"),
    Item(
        "E45",
        "The whole claim, no part of it",
        "always",
        "A receivable is bought whole: the ledger knows no part of one.",
    ),
    Item("E46", "Transferable without consent", note="How the borrower is told of the transfer is not in the data."),
)
LIMITS = (
    Item("P01", "Largest borrower"),
    Item("P02", "Largest merchant"),
    Item("P03", "Largest province"),
    Item("P04", "Largest category of goods"),
    Item("P05", "Long terms"),
    Item("P06", "Worst grade"),
    Item("P07", "Average probability of default"),
    Item("P08", "Average rate"),
    Item("P09", "Average remaining term"),
    Item("P10", "Average bureau score"),
    Item("P11", "Unsecured or product share"),
    Item("P12", "Zero-rate share"),
    Item("P13", "New borrowers", note="Through `others_exist`: borrowers of whom nothing else is known."),
    Item("P14", "Number of borrowers", note="The Herfindahl index is not a measure of a limit."),
    Item("P15", "Overdue share at purchase"),
    Item(
        "P16",
        "Coverage of the notes by assets",
        "elsewhere",
        "Trigger T04 `asset_coverage`: cash belongs to the deal, not the pool.",
    ),
    Item(
        "P17",
        "Loss of the worst pool that the limits allow",
        "elsewhere",
        "Not a limit but a measure of how loose the others are: `poolwright worst-pool`.",
    ),
    Item(
        "P18",
        "Homogeneity",
        note="As a share that must be all; similar underwriting and servicing are for people to judge.",
    ),
)
CONDITIONS = (
    Item("R01", "Revolving period not ended"),
    Item("R02", "No trigger in force"),
    Item(
        "R03",
        "Every asset passes all criteria",
        "always",
        "Only eligible receivables are offered to the selection, and checked again.",
    ),
    Item(
        "R04",
        "Limits kept after the purchase",
        "always",
        "Selection, and an independent check of the batch; `maintain_or_improve` on a limit.",
    ),
    Item("R05", "Price within the cash", "always", "Selection and its check; the cash is an argument of the proposal."),
    Item("R06", "Price by the discount rule", "always", "`price` of the deal, receivable by receivable."),
    Item("R07", "Smallest and largest batch", "always", "`batch` of the deal."),
    Item("R08", "No premium over principal", "always", "A discount rate is never below zero."),
    Item("R09", "Confirmed by another person", "always", "The ledger refuses an approval by the proposer."),
    Item(
        "R10",
        "Unique and unencumbered",
        "always",
        "One open pledge for each receivable key, by the database; an outside registry is not asked.",
    ),
    Item(
        "R11",
        "Warranties, repurchase of ineligible assets",
        "always",
        "`poolwright pool warranties` finds them, `poolwright repurchase` enters what was bought back.",
    ),
    Item(
        "R12",
        "Cash only against the entry",
        "always",
        "Settlement is an entry of the ledger; the payment itself is the bank's.",
    ),
)
TRIGGERS = (
    Item(
        "T01", "Cumulative default rate", note="Stepped by month; `cumulative_loss_rate` where the deal counts losses."
    ),
    Item("T02", "Severe delinquency rate, average of three months"),
    Item(
        "T03",
        "Excess spread below zero, average of three months",
        note="Costs are a rate that the deal names: there is no waterfall.",
    ),
    Item(
        "T04",
        "Assets and cash over the notes",
        note="The notes' principal is the deal's: it does not fall while the pool revolves.",
    ),
    Item("T05", "Cash not reinvested", note="As a share for months in a row."),
    Item("T06", "Pool balance below a floor"),
    Item("T07", "Rating downgrade", "cannot", "No table holds ratings."),
    Item(
        "T08", "Servicer late in paying over", note="Where the statement of the deal's account is read as `turnovers`."
    ),
    Item("T09", "Originator's insolvency, loss of licence", "cannot", "A fact about a company, in no table."),
    Item("T10", "Shortfall payments called", "cannot", "There is no waterfall of the notes."),
    Item("T11", "Senior interest missed", "cannot", "There is no waterfall of the notes."),
    Item("T12", "Expected maturity passed unpaid", note="Unpaid as far as the pool still is owed something."),
    Item(
        "T13",
        "Breach of warranty not repurchased in time",
        "cannot",
        "Breaches are found, but no table holds when the seller was told.",
    ),
    Item(
        "T14",
        "Purchases of ineligible assets",
        note="By all that is known now: `poolwright pool warranties` lists them.",
    ),
    Item("T15", "Originator's leverage", "cannot", "No table holds the originator's balance sheet."),
    Item("T16", "Payment rate below a floor"),
)
FAMILIES = {"Criteria": CRITERIA, "Limits": LIMITS, "Conditions of a purchase": CONDITIONS, "Triggers": TRIGGERS}
