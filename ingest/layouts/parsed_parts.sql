-- what the parts of one file use of it, and what the clocks of their meters show
create or replace temp table own_parts (
    file_no integer,
    feeder varchar,
    -- NULL = the file has the times of the meter's own clock
    timezone varchar,
    -- what the file does not measure and meter-data.csv declares absent
    zeros varchar[]
);

create or replace temp table own_channels (
    file_no integer,
    point_no integer,
    channel integer,
    quantity varchar,
    quantity_no integer
);

-- of channels of power where energy is declared, or the other way round
create or replace temp table own_factors (
    file_no integer,
    channel integer,
    seconds bigint,
    -- NULL = not a decimal number in full
    factor decimal(8, 4)
);

create or replace temp table own_periods (
    file_no integer,
    point_no integer,
    valid_from timestamp,
    valid_to timestamp
);

create or replace temp table zone_offsets (
    timezone varchar,
    from_at timestamp,
    utc_offset_minutes smallint
);
