-- what a cell holds: its text, a number, a time, an offset from UTC
create or replace temp macro cell_text(cell) as
    trim(rtrim(cell, ','), ' "' || chr(9) || chr(160));
create or replace temp macro is_unknown(cell) as lower(cell) in ('', '-', 'nan');
create or replace temp macro number_in(cell) as case
    when regexp_full_match(cell, '[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?')
        then try_cast(cell as decimal(38, 18))
    when regexp_full_match(cell, '[+-]?\d{1,3}(,\d{3})+(\.\d*)?')
        then try_cast(replace(cell, ',', '') as decimal(38, 18))
end;
create or replace temp macro offset_in(cell) as
    regexp_extract(cell, '^\d{4}-.*\d(Z|[+-][01]\d(:?[0-5]\d)?)$', 1);
create or replace temp macro minutes_of(utc_offset) as case
    when utc_offset in ('', 'Z') then 0
    else (case when utc_offset[1] = '-' then -1 else 1 end)
        * (60 * utc_offset[2:3]::integer + ('0' || replace(utc_offset[4:], ':', ''))::integer)
end;
create or replace temp macro clock_time_in(cell) as case
    when regexp_full_match(cell, '\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?')
        then try_cast(cell as timestamp)
    else try_strptime(cell, '%m/%d/%y %H:%M:%S')
end;
