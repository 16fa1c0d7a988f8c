-- moments of the tables, which are in UTC, on the clock of the system
create or replace temp macro on_clock(moment) as
timezone((select timezone from stg_system), timezone('UTC', moment))
