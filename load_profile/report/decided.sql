-- one row per decision in force that edits or accepts values
with
effects as (
    select decision, count(*) as effect_count, 'value{s} edited' as effect
    from edited_values
    group by decision
    union all
    select accepted_by, count(*), 'interval{s} accepted'
    from interval_validations
    where accepted_by is not null
    group by accepted_by
)
select
    decision as "number",
    feeder,
    action || case action
        when 'set' then ' ' || rtrim(rtrim(value::varchar, '0'), '.') || case
            when channel like 'mw_%' then ' MW' when channel like 'mvar_%' then ' Mvar'
            else ' MVA'
        end
        when 'scale' then ' by ' || rtrim(rtrim(value::varchar, '0'), '.')
        when 'shift' then ' by ' || rtrim(rtrim(value::varchar, '0'), '.') || ' min'
        else ''
    end as "decided",
    coalesce(channel, 'all channels') as "channel",
    on_clock(first_start_at) as "from",
    on_clock(until_at) as "until",
    coalesce(
        format('{:,} ', effect_count)
        || replace(effect, '{s}', case when effect_count = 1 then '' else 's' end), 'none'
    ) as "effect",
    who,
    decided_at as "when (UTC)",
    why
from decisions
left join effects using (decision)
where is_in_force and action <> 'acknowledge'
order by decision
