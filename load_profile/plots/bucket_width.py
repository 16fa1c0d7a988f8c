"""Choose how wide the buckets of a long series are. Imports no library."""

from math import ceil

# A plot is about 1,200 pixels wide: a finer series would only take longer to draw.
MOST_BUCKETS = 1200
# Minutes; above them whole days, since a bucket of most of a day makes a comb of its course.
BUCKET_MINUTES = (5, 10, 15, 20, 30, 60, 120, 180, 240, 1440)


def bucket_minutes(span_minutes: int, interval_minutes: int, most: int = MOST_BUCKETS) -> int:
    """Return the shortest round step of whole intervals that makes at most `most` of the span."""
    least = max(span_minutes / most, interval_minutes)
    fitting = (m for m in BUCKET_MINUTES if m >= least and m % interval_minutes == 0)
    return next(fitting, 1440 * ceil(least / 1440))
