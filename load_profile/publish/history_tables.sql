-- one row per published version
create or replace table published.versions (
    version varchar not null,
    published_at timestamp not null,
    content varchar not null,
    reading_count bigint not null,
    changed_intervals bigint not null,
    replaced_months bigint
);
-- one row per version, feeder or `total`, and UTC month in which it changed something
create or replace table published.version_months (
    version varchar not null,
    feeder varchar not null,
    month_start_at timestamp not null,
    cause varchar not null,
    intervals_added bigint not null,
    intervals_changed bigint not null,
    intervals_removed bigint not null,
    intervals_lost bigint not null,
    first_start_at timestamp not null,
    last_start_at timestamp not null,
    net_mwh_before double,
    net_mwh_after double,
    peak_mw_before double,
    peak_mw_after double
);
-- one row per version, feeder or `total`, and interval whose published values it changed
create or replace table published.version_intervals (
    version varchar not null,
    feeder varchar not null,
    interval_start_at timestamp not null,
    cause varchar not null,
    mw_net_before double,
    mw_net_after double,
    mva_net_before double,
    mva_net_after double,
    file_id_before bigint,
    file_id_after bigint,
    mvar_net_before double,
    mvar_net_after double
);
-- one row per version, feeder or `total`, and UTC month of whose rows it replaced, removed or added
-- any: the month as it was before
create or replace table published.earlier_months (
    version varchar not null,
    feeder varchar not null,
    month_start_at timestamp not null,
    sha256 varchar
);
-- one row per version, feeder or `total`, and run of rows that it added
create or replace table published.added_spans (
    version varchar not null,
    feeder varchar not null,
    month_start_at timestamp not null,
    first_start_at timestamp not null,
    last_start_at timestamp not null
);
comment on column published.main.versions.version is
    'Time of publishing (UTC), which names the version.';
comment on column published.main.versions.published_at is
    'The same as a timestamp, to the microsecond.';
comment on column published.main.versions.content is
    'sha256 over the list of all Parquet files and their sha256.';
comment on column published.main.versions.reading_count is 'Readings (count) in feeder_profiles.';
comment on column published.main.versions.changed_intervals is
    'Intervals (count) whose published values this version changed.';
comment on column published.main.versions.replaced_months is
    'Months (count) of feeders and of the total of which this version replaced, removed or added rows; NULL = the tables had other columns before, and earlier versions cannot be given back.';

comment on column published.main.version_months.version is
    'Time of publishing (UTC), which names the version.';
comment on column published.main.version_months.feeder is
    'Feeder name as in meter-data.csv, or `total`.';
comment on column published.main.version_months.month_start_at is 'First moment of the month, UTC.';
comment on column published.main.version_months.cause is
    'Why the values differ from those before, see docs/analysts.md.';
comment on column published.main.version_months.intervals_added is
    'Intervals (count) that were not published before.';
comment on column published.main.version_months.intervals_changed is
    'Intervals (count) with other values than before.';
comment on column published.main.version_months.intervals_removed is
    'Intervals (count) that are no longer there.';
comment on column published.main.version_months.intervals_lost is
    'Intervals (count) whose net power was known before and is not any more.';
comment on column published.main.version_months.first_start_at is
    'Start of the first of these intervals, UTC.';
comment on column published.main.version_months.last_start_at is
    'Start of the last of these intervals, UTC.';
comment on column published.main.version_months.net_mwh_before is
    'Net energy of the month (MWh) in the version before; NULL = none.';
comment on column published.main.version_months.net_mwh_after is
    'Net energy of the month (MWh) in this version; NULL = none.';
comment on column published.main.version_months.peak_mw_before is
    'Highest net power (MW) in the version before; NULL = none.';
comment on column published.main.version_months.peak_mw_after is
    'Highest net power (MW) in this version; NULL = none.';

comment on column published.main.version_intervals.version is
    'Time of publishing (UTC), which names the version.';
comment on column published.main.version_intervals.feeder is
    'Feeder name as in meter-data.csv, or `total`.';
comment on column published.main.version_intervals.interval_start_at is
    'Start of the interval, UTC.';
comment on column published.main.version_intervals.cause is
    'Why the values differ from those before, see docs/analysts.md.';
comment on column published.main.version_intervals.mw_net_before is
    'Net power (MW) in the version before; NULL = unknown or not there.';
comment on column published.main.version_intervals.mw_net_after is
    'Net power (MW) in this version; NULL = unknown or not there.';
comment on column published.main.version_intervals.mva_net_before is
    'Net apparent power (MVA) in the version before; NULL = unknown.';
comment on column published.main.version_intervals.mva_net_after is
    'Net apparent power (MVA) in this version; NULL = unknown.';
comment on column published.main.version_intervals.file_id_before is
    'File of the reading in the version before, see files.';
comment on column published.main.version_intervals.file_id_after is
    'File of the reading in this version, see files.';
comment on column published.main.version_intervals.mvar_net_before is
    'Net reactive power (Mvar) in the version before; NULL = unknown, or no kvar.';
comment on column published.main.version_intervals.mvar_net_after is
    'Net reactive power (Mvar) in this version; NULL = unknown, or no kvar.';

comment on column published.main.earlier_months.version is
    'Version that changed the month.';
comment on column published.main.earlier_months.feeder is
    'Feeder name as in meter-data.csv, or `total`.';
comment on column published.main.earlier_months.month_start_at is
    'First moment of the month, UTC.';
comment on column published.main.earlier_months.sha256 is
    'sha256 over the rows of the month as they were before; empty = there were none, NULL = they are not kept.';
comment on column published.main.added_spans.version is
    'Version that added the rows.';
comment on column published.main.added_spans.feeder is
    'Feeder name as in meter-data.csv, or `total`.';
comment on column published.main.added_spans.month_start_at is
    'First moment of the month, UTC.';
comment on column published.main.added_spans.first_start_at is
    'Start of the first added row, UTC.';
comment on column published.main.added_spans.last_start_at is
    'Start of the last added row, UTC; every row between both was added.';
