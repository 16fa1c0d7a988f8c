-- one row: what is known and therefore not listed
select
    (select count(*) from acknowledged_gaps) as gap_count,
    (select coalesce(sum(missing_intervals), 0)::bigint from acknowledged_gaps) as missing_count,
    (select count(*) from findings where acknowledged_by is not null) as finding_count
