-- one row per feeder and day on which the total has an implausible interval: what the feeder had in
-- the interval of the highest plausible total, as system_days has it of the measured one

with

{{ coincident_shares(ref('plausible_days'), 'true', 'true') }}

select * from shares
