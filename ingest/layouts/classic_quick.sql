-- what nearly all meters write, and nothing that a cast would guess at or round
create or replace temp macro record_in(cell) as
    case when not contains(cell, '.') and strlen(cell) <= 18 then try_cast(cell as bigint) end;
create or replace temp macro text_in(cell) as trim(cell);
create or replace temp macro time_in(cell) as
    case
        when cell like '%__/__/__ __:__:00%' then try_strptime(cell, '%m/%d/%y %H:%M:%S')
    end;
create or replace temp macro number_in(cell) as
    case
        -- at most six characters behind a point, or spaces behind its decimals: the second is slow
        when strlen(cell) <= 18
            and (cell not like '%._______%' or strlen(rtrim(cell)) - instr(cell, '.') <= 6)
            then try_cast(cell as decimal(15, 6))
    end;
