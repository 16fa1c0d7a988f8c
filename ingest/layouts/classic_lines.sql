-- one row per line below the header, blank and unreadable ones too; the lines of a file are in
-- their order and without a hole, so that the place of a row gives its line
create or replace temp table classic_lines (
    file_no integer,
    record_no bigint,
    event_type varchar,
    start_local timestamp,
    end_local timestamp,
    del_raw decimal(18, 6),
    rec_raw decimal(18, 6),
    kva_del_raw decimal(18, 6),
    kva_rec_raw decimal(18, 6),
    kvar_del_raw decimal(18, 6),
    kvar_rec_raw decimal(18, 6),
    long_values decimal(38, 18)[],
    is_blank boolean,
    -- the cells of a line that is no data row
    bad_cells varchar[],
    serial_no varchar
);

create or replace temp table classic_files (
    file_no integer primary key,
    feeder varchar,
    header_line bigint,
    line_count bigint
);

create or replace temp macro plain(cell) as lower(trim(cell, ' "' || chr(9) || chr(13)));
create or replace temp macro is_blank_line(line) as
    line is null or plain(replace(replace(line, ',', ''), '"', '')) = '';
