-- the name of the version that was published last at a moment (UTC): a version's name, a timestamp,
-- or a date, which is its whole day
create or replace {macro}version_as_of(moment) as coalesce(
    (
        select max(version)
        from versions
        where version <= strftime(
            try_strptime(
                replace(rtrim(moment::varchar, 'Z'), 'T', ' '),
                ['%Y%m%d-%H%M%S', '%Y-%m-%d %H:%M:%S.%f', '%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M',
                    '%Y-%m-%d']
            ) + case when length(moment::varchar) = 10 then interval 86399 second
                else interval 0 second end,
            '%Y%m%d-%H%M%S'
        )
    ),
    error(
        'No version was published by ' || coalesce(moment::varchar, 'NULL') || '. Allowed are the '
        || 'name of a version, YYYY-MM-DD for the end of that day and YYYY-MM-DD HH:MM:SS, all in '
        || 'UTC; the first version is ' || coalesce((select min(version) from versions), 'missing')
    )
);
