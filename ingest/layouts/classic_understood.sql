-- a table of their own: DuckDB may close the holes that deleted rows leave, at any later statement,
-- and would change the places of the rows behind them
create or replace temp table classic_lines as
select * from classic_lines
where file_no not in (select unnest(?))
order by rowid;
