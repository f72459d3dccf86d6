-- A pool on Ally's tape in plain SQL, independent of the house's code. Tables given: `raw`, the wide tape as it came, and
-- `held` (asset, purchase_id, bought_on). Month n ends on the last day of the n-th month after May 2017.

-- name: month
-- a row a loan and month; filled by one SELECT a month
create table month as
select *, opening - principal - closing as gone,
    case when closing = 0 then opening - principal - closing else 0 end as written_off,
    case when closing > 0 then opening - principal - closing else 0 end as corrected
from long join held using (asset);

-- name: loan
-- what the loans' schedules ask for: equal parts of the first reported balance, the rest of the payment is interest
create table loan as
select asset, purchase_id, bought_on, originalLoanAmount::decimal(18,2) as lent, balance, terms, part,
    greatest(reportingPeriodScheduledPaymentAmount::decimal(18,2) - part, 0) as interest
from (
    select assetNumber::varchar as asset, *, remainingTermtoMaturityNumber::int as terms,
        reportingPeriodActualEndBalanceAmount::decimal(18,2) as balance,
        round(reportingPeriodActualEndBalanceAmount::double / remainingTermtoMaturityNumber::int, 2)::decimal(18,2) as part
    from raw
) join held using (asset);

-- name: line
-- the scheduled payments, and how much cash must have come for each to be met
create table line as
select *, sum(principal_due + interest) over (partition by asset order by n) as level
from (
    select asset, bought_on, n, interest, last_day(date '2017-05-01' + to_months(n::int)) as due_on,
        case when n < terms then part else balance - part * (terms - 1) end as principal_due
    from loan, range(1, 85) as r(n)
    where n <= terms
)
where principal_due + interest > 0;

-- name: cash
create table cash as
select asset, ends_on, closing, sum(paid) over (partition by asset order by n) as level,
    sum(written_off) over (partition by asset order by n) as lost
from month;

-- name: payoff
create table payoff as
select asset, min(ends_on) as paid_off_on from cash where closing = 0 and lost = 0 group by asset;

-- name: met
-- when each scheduled payment was met: by the cash that came, or because the loan was paid off
create table met as
select l.asset, l.bought_on, l.n, l.due_on, least(min(c.ends_on), any_value(p.paid_off_on)) as settled_on
from line l left join cash c on c.asset = l.asset and c.level >= l.level left join payoff p on p.asset = l.asset
group by all;

-- name: loss
create table loss as
select asset, min(ends_on) as lost_on from month where written_off <> 0 group by asset;

-- name: bought
create table bought as
select asset, opening as principal from month where ends_on = last_day(bought_on);

-- name: states
-- every loan of the pool at the start of $day
select h.asset, h.purchase_id, coalesce(any_value(m.closing), 0) as owed,
    coalesce(any_value(lost_on) < $day, false) as is_lost,
    coalesce(max(case when coalesce(settled_on, $day) >= $day and due_on < $day then $day - due_on end), 0) as late,
    coalesce(max(case when due_on < $day then least(coalesce(settled_on, $day), $day) - due_on end), 0) as worst
from held h left join met using (asset) left join loss using (asset)
    left join month m on m.asset = h.asset and m.ends_on = $day - 1
where h.bought_on <= $day
group by all;

-- name: delinquency
select case when is_lost then 'written off' when late = 0 then '0' when late <= 30 then '1-30' when late <= 60 then '31-60'
    when late <= 90 then '61-90' else '91+' end as bucket, count(*), sum(owed)
from states where owed > 0 or is_lost group by bucket order by bucket;

-- name: triggers
-- principal when bought of what was ever 90 days late or written off, over all; what is 60 days late now, over all unpaid
select sum(case when is_lost or worst >= 90 then principal else 0 end)::double / sum(principal)::double,
    sum(case when late >= 60 then owed else 0 end)::double / sum(owed)::double
from states join bought using (asset);

-- name: static
with asked as (
    select m.*, datesub('month', m.bought_on, m.ends_on) + 1 as number,
        lent - balance + coalesce((select sum(principal_due) from line i where i.asset = m.asset and i.n <= m.n), 0) as due,
        lent - opening - coalesce((select sum(written_off) from month e where e.asset = m.asset and e.n < m.n), 0) as reduced
    from month m join loan using (asset) where m.ends_on >= m.bought_on
)
select purchase_id, number, count(*) filter (opening > 0), sum(opening),
    sum(least(greatest(due - reduced, 0), opening)), sum(principal), sum(greatest(principal - greatest(due - reduced, 0), 0)),
    sum(case when paid > 0 then paid - principal else 0 end), sum(written_off), sum(corrected), sum(recovered), sum(closing)
from asked group by purchase_id, number order by purchase_id, number;

-- name: defaulted
-- the first day on which each loan was 90 days late while the pool held it, or was written off
with day as (
    select asset, greatest(due_on + 90, bought_on) as bad_on from met
    where greatest(due_on + 90, bought_on) <= least(coalesce(settled_on, $day), $day::date - 1)
    union all
    select asset, lost_on from loss join held using (asset) where lost_on >= bought_on and lost_on < $day
), first as (select asset, min(bad_on) as bad_on from day group by asset)
select purchase_id, datesub('month', bought_on, bad_on) + 1, count(*), sum(principal)
from first join held using (asset) join bought using (asset) group by 1, 2 order by 1, 2;

-- name: roll
select coalesce(sum(opening) filter (bought_on <= $first and ends_on = last_day($first::date)), 0),
    coalesce(sum(opening) filter (bought_on > $first and ends_on = last_day(bought_on)), 0),
    sum(principal), sum(written_off), sum(corrected), sum(closing) filter (ends_on = $last::date - 1), 0::decimal(18,2)
from month where ends_on >= greatest(bought_on, $first::date);

-- name: cash_by_month
select ends_on, sum(paid + recovered), sum(case when paid > 0 then principal else 0 end), sum(recovered)
from month where ends_on >= bought_on group by ends_on having sum(paid + recovered) <> 0 order by ends_on;

-- name: open
select count(*), sum(asked - coalesce(came, 0)) from (
    select l.asset, max(l.level) as asked, any_value(c.level) as came
    from line l left join cash c on c.asset = l.asset and c.ends_on = $day::date - 1
    where l.due_on < $day group by l.asset
) where asked > coalesce(came, 0) and asset not in (select asset from payoff);
