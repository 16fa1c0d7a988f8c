-- cells with quotes around a comma or a quote; cells with quotes around neither; cells without
create or replace temp macro cells_of(line) as case
    when not contains(line, '"')
        or regexp_full_match(
            line, '(\s*"[^",]*"\s*|[^",]*)(,(\s*"[^",]*"\s*|[^",]*))*'
        )
        then string_split(line, ',')
    when regexp_full_match(
        line, '(\s*"(?:[^"]|"")*"\s*|[^",]*)(,(\s*"(?:[^"]|"")*"\s*|[^",]*))*'
    )
        then regexp_extract_all(',' || line, ',(\s*"(?:[^"]|"")*"\s*|[^",]*)', 1)
    else [line]
end;
create or replace temp macro record_in(cell) as
    case when regexp_full_match(plain(cell), '-?\d{1,18}') then plain(cell)::bigint end;
create or replace temp macro text_in(cell) as
    trim(
        replace(regexp_replace(cell, '^\s*"(.*)"\s*$', '\1'), '""', '"'), ' ' || chr(9)
    );
create or replace temp macro time_in(cell) as case
    when regexp_full_match(plain(cell), '\d\d?/\d\d?/\d\d +\d\d?:\d\d:\d\d')
        then try_strptime(plain(cell), '%m/%d/%y %H:%M:%S')
end;
create or replace temp macro number_in(cell) as case
    when regexp_full_match(
        plain(cell),
        '[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d{0,18}|(\.\d{0,9})?e[+-]?0?\d)?'
    )
        then try_cast(replace(plain(cell), ',', '') as decimal(27, 18))
end;
