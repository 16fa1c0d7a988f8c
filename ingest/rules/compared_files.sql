-- the files that an arriving one was compared with, that with most intervals first
select compared_values.other_no, files.file_name
from compared_values
left join raw.files as files using (file_id)
where compared_values.file_no = ?
group by all
order by count(*) desc, files.file_name, compared_values.other_no
