create schema if not exists raw;
-- one row per file that arrived and feeder that it has rows of, whatever became of it
create table if not exists raw.files (
    file_id bigint not null,
    file_name varchar not null,
    feeder varchar,
    sha256 varchar not null,
    size_bytes bigint not null,
    outcome varchar not null,
    reason varchar,
    bad_line bigint,
    bad_record bigint,
    header_line bigint,
    row_count bigint not null,
    first_start_local timestamp,
    last_end_local timestamp,
    stored_as varchar not null,
    letter varchar,
    accepted_seq bigint,
    duplicate_of bigint,
    release_of bigint,
    release_reason varchar,
    processed_at timestamp not null,
    filed_at timestamp,
    precedence varchar,
    closed_by bigint,
    problem_code varchar,
    layout varchar,
    -- the meter as the file names it, where it does: then a file has a row per feeder
    point varchar,
    -- what was normalised, as JSON: how often by code
    notes varchar,
    -- what it holds: interval or register reads
    kind varchar default 'interval'
);
-- for a warehouse made before files that arrive together were compared
alter table raw.files add column if not exists precedence varchar;
-- one row per data row of an accepted file, as delivered
create table if not exists raw.interval_reads (
    file_id bigint not null,
    line_number bigint not null,
    record_no bigint,
    event_type varchar,
    start_local timestamp not null,
    end_local timestamp not null,
    -- what the channels -1- to -4- hold: x multiplier in the meter's channel_unit
    del_raw decimal(18, 6),
    rec_raw decimal(18, 6),
    kva_del_raw decimal(18, 6),
    kva_rec_raw decimal(18, 6),
    -- these four and both of kvar with all their digits, where one has more than six decimals
    long_values decimal(38, 18)[],
    -- where in its line an interval is, from 1; 0 = the line is one interval
    position bigint default 0,
    -- both times are at this offset; NULL = they are what the meter's clock showed
    utc_offset_minutes bigint,
    kvar_del_raw decimal(18, 6),
    kvar_rec_raw decimal(18, 6)
);
-- one row per data row of an accepted file of register reads: digits as the file has them, for
-- their decimals say what one count of the register is
create table if not exists raw.register_reads (
    file_id bigint not null,
    line_number bigint not null,
    meter varchar not null,
    read_at_local timestamp not null,
    kwh_del varchar,
    kwh_rec varchar,
    kvah_del varchar,
    kvah_rec varchar,
    kvarh_del varchar,
    kvarh_rec varchar
);
-- one row per accepted file and calendar month of its rows
create table if not exists raw.file_months (
    file_id bigint not null,
    local_month date not null,
    row_count bigint not null,
    min_start_local timestamp not null,
    max_end_local timestamp not null
);
-- one row per row of meter-data.csv
create table if not exists raw.meter_data (
    meter_data_row bigint not null,
    feeder varchar not null,
    meter varchar not null,
    multiplier decimal(15, 6) not null,
    channel_unit varchar not null,
    interval_minutes bigint not null,
    timezone varchar not null,
    valid_from timestamp,
    valid_to timestamp,
    total_factor decimal(9, 6) not null,
    rating_mva decimal(15, 6),
    channel varchar default '',
    directions varchar default 'both',
    register_multiplier decimal(15, 6),
    register_digits bigint
);
-- one row per line of decisions.csv
create table if not exists raw.decisions (
    decision bigint not null,
    decided_at timestamp not null,
    who varchar not null,
    why varchar not null,
    action varchar not null,
    feeder varchar,
    first_start timestamp,
    until timestamp,
    channel varchar,
    value decimal(15, 6),
    revokes bigint,
    rule varchar,
    expires date
);
alter table raw.decisions add column if not exists rule varchar;
alter table raw.decisions add column if not exists expires date;
-- one row per time zone in use and calendar day
create table if not exists raw.clock_days (
    timezone varchar not null,
    local_date date not null,
    utc_offset_minutes bigint not null,
    change_at_local timestamp,
    new_utc_offset_minutes bigint
);
-- for a warehouse made before there were register reads
alter table raw.files add column if not exists kind varchar default 'interval';
alter table raw.meter_data add column if not exists register_multiplier decimal(15, 6);
alter table raw.meter_data add column if not exists register_digits bigint;
