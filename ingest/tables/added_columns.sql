-- for a warehouse made before files of several meters
alter table raw.files add column if not exists problem_code varchar;
alter table raw.files add column if not exists layout varchar;
alter table raw.files add column if not exists point varchar;
alter table raw.files add column if not exists notes varchar;
alter table raw.interval_reads add column if not exists position bigint default 0;
alter table raw.interval_reads add column if not exists utc_offset_minutes bigint;
alter table raw.interval_reads add column if not exists kvar_del_raw decimal(18, 6);
alter table raw.interval_reads add column if not exists kvar_rec_raw decimal(18, 6);
alter table raw.meter_data add column if not exists channel varchar default '';
alter table raw.meter_data add column if not exists directions varchar default 'both';
